/**
 * Sign-in by e-mail and password, sign-out and sessions, by Better Auth over Prisma. Nobody signs up by himself: the owner comes
 * from the one-time link, everybody else from an invite. The session is a signed cookie (httpOnly, SameSite=Lax, Secure under https)
 * and a row in `session`. A person with a second factor sends its code along with the password: without it no session is made.
 */
import { isDatabaseAway, personStanding, touchSession, type WebDatabase } from "@otedama/db/web";
import { type MeDto, PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, type WebSettings } from "@otedama/shared";
import { betterAuth } from "better-auth";
import { prismaAdapter } from "better-auth/adapters/prisma";
import { APIError } from "better-auth/api";
import type { Logger } from "pino";
import { sameOrigin } from "../http/origin.ts";
import { meOf } from "./me.ts";
import type { PasswordHasher } from "./password.ts";
import type { SecondFactors } from "./second_factor.ts";

/** Set by the HTTP layer from the socket, over whatever a client sent: the address that sign-in limits count by. */
export const REMOTE_ADDRESS_HEADER = "x-otedama-remote-address";
/** Set by the HTTP layer from the body of a sign-in: the code of the second factor. */
export const CODE_HEADER = "x-otedama-code";
/** Why a sign-in with the right password makes no session. */
export const SIGN_IN_REFUSALS = {
  code_needed: "This person signs in with a second factor: send its code too.",
  code_wrong: "The code is wrong, too old or was used already. Wait for the next one.",
  code_locked: "Too many wrong codes: codes are refused for 15 minutes.",
  disabled: "This person may not sign in any more. Ask an owner.",
} as const;

/** Attempts to sign in from one address. */
export const SIGN_IN_LIMIT = { window_s: 60, max: 8 } as const;

const SESSION_S = 7 * 86_400;
/** Sessions whose last use was written lately; the oldest makes room. */
const TOUCHED_MAX = 10_000;
const TOUCH_MS = 60_000;

export interface SignedIn {
  session_id: string;
  me: MeDto;
}

export interface Auth {
  /** Answers a request under /api/auth. */
  handle(request: Request): Promise<Response>;
  /** Throws what the database said when it is away. */
  signedIn(headers: Headers): Promise<SignedIn | null>;
}

export function createAuth(
  settings: WebSettings,
  dependencies: {
    database: WebDatabase;
    passwords: PasswordHasher;
    second_factors: SecondFactors;
    log: Logger;
    now: () => number;
  },
): Auth {
  const { database, passwords, second_factors, log, now } = dependencies;
  const public_url = new URL(settings.public_url);
  const refuse = (code: keyof typeof SIGN_IN_REFUSALS): never => {
    throw new APIError("UNAUTHORIZED", { code, message: SIGN_IN_REFUSALS[code] });
  };

  /** Runs after the password was right and before there is a session. */
  async function judge(user_id: string, headers: Headers | undefined): Promise<void> {
    const standing = await personStanding(database.sql, user_id);
    if (standing === null || standing.disabled) return refuse("disabled");
    if (!standing.second_factor) return;
    const code = headers?.get(CODE_HEADER);
    if (!code) return refuse("code_needed");
    const verdict = await second_factors.spend({ id: user_id, address: headers?.get(REMOTE_ADDRESS_HEADER) ?? null }, code);
    if (verdict !== "good") return refuse(verdict === "locked" ? "code_locked" : "code_wrong");
  }

  const touched = new Map<string, number>();
  /** Notes that a session is in use, at most once a minute; nobody waits for it. */
  function touch(session_id: string): void {
    const at_ms = now();
    if (at_ms - (touched.get(session_id) ?? 0) < TOUCH_MS) return;
    touched.delete(session_id);
    touched.set(session_id, at_ms);
    const oldest = touched.keys().next().value;
    if (touched.size > TOUCHED_MAX && oldest !== undefined) touched.delete(oldest);
    touchSession(database.sql, session_id).catch((error: unknown) => {
      if (!isDatabaseAway(error)) log.warn({ err: error }, "the last use of a session was not noted");
    });
  }

  const auth = betterAuth({
    appName: "Otedama",
    baseURL: public_url.origin,
    basePath: "/api/auth",
    secret: settings.session_secret,
    telemetry: { enabled: false },
    logger: { level: "error", log: (level, message) => log.debug({ level }, `auth: ${message}`) },
    // Faults reach the HTTP layer, which knows what to say of them.
    onAPIError: { throw: true },
    database: prismaAdapter(database.prisma, { provider: "postgresql" }),
    trustedOrigins: (request) => {
      const origin = request?.headers.get("origin");
      const own = origin && sameOrigin(origin, request?.headers.get("host"), public_url) ? [origin] : [];
      return [public_url.origin, ...own];
    },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: PASSWORD_LENGTH_MIN,
      maxPasswordLength: PASSWORD_LENGTH_MAX,
      password: {
        hash: (password) => passwords.hash(password.slice(0, PASSWORD_LENGTH_MAX)),
        verify: async ({ hash, password }) => password.length <= PASSWORD_LENGTH_MAX && (await passwords.verify(hash, password)),
      },
    },
    user: { additionalFields: { role: { type: "string", required: true, defaultValue: "viewer", input: false } } },
    account: { modelName: "loginCredential" },
    session: { expiresIn: SESSION_S, updateAge: 86_400 },
    rateLimit: {
      enabled: true,
      storage: "memory",
      window: 60,
      max: 300,
      customRules: { "/sign-in/email": { window: SIGN_IN_LIMIT.window_s, max: SIGN_IN_LIMIT.max } },
    },
    advanced: {
      cookiePrefix: "otedama",
      useSecureCookies: public_url.protocol === "https:",
      defaultCookieAttributes: { httpOnly: true, sameSite: "lax", path: "/" },
      ipAddress: { ipAddressHeaders: [REMOTE_ADDRESS_HEADER] },
    },
    databaseHooks: {
      session: {
        create: { before: (session, context) => judge(session.userId, context?.headers ?? context?.request?.headers) },
      },
    },
  });

  return {
    handle: (request) => auth.handler(request),
    async signedIn(headers) {
      if (!headers.get("cookie")?.includes("otedama.session_token")) return null;
      try {
        const found = await auth.api.getSession({ headers });
        if (found === null) return null;
        const standing = await personStanding(database.sql, found.user.id);
        if (standing === null || standing.disabled) return null;
        touch(found.session.id);
        return { session_id: found.session.id, me: meOf(standing) };
      } catch (error) {
        // Better Auth hides what went wrong; when it was the database, asking it once more says so.
        await database.sql.query("SELECT 1");
        throw error;
      }
    },
  };
}
