/** Better Auth's routes, spoken to directly: two requests do not need its client library in every page. */

export type SignInProblem =
  | "credentials"
  | "code_needed"
  | "code_wrong"
  | "code_locked"
  | "disabled"
  | "busy"
  | "unreachable"
  | "failed";
const REFUSALS: ReadonlySet<string> = new Set(["code_needed", "code_wrong", "code_locked", "disabled"]);

async function post(path: string, body: unknown): Promise<Response | null> {
  try {
    return await fetch(`/api/auth${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    return null;
  }
}

/** Opens a session; null when it worked. `code` is the second factor's, for those who have one. */
export async function signIn(email: string, password: string, code?: string): Promise<SignInProblem | null> {
  const answer = await post("/sign-in/email", { email, password, rememberMe: true, ...(code === undefined ? {} : { code }) });
  if (answer === null) return "unreachable";
  if (answer.ok) return null;
  if (answer.status === 429 || answer.status === 503) return "busy";
  const body: unknown = await answer.json().catch(() => null);
  if (typeof body === "object" && body !== null && "code" in body && REFUSALS.has(String(body.code))) {
    return body.code as SignInProblem;
  }
  return answer.status === 401 || answer.status === 400 || answer.status === 403 ? "credentials" : "failed";
}

/** Ends the session; true when the server says so. */
export async function signOut(): Promise<boolean> {
  const answer = await post("/sign-out", {});
  return answer?.ok === true;
}
