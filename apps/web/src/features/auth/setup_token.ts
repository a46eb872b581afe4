/** The one-time token travels in the URL's fragment: browsers never send that to a server, so no log can hold it. */
export function tokenFromHash(hash: string): string | null {
  const text = decode(hash.replace(/^#/, ""));
  const token = text.startsWith("token=") ? text.slice("token=".length) : text;
  return /^[\w.~+/=-]{1,256}$/.test(token) ? token : null;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

export type SetupValues = { readonly name: string; readonly email: string; readonly password: string; readonly again: string };
export type SetupProblems = Partial<Record<keyof SetupValues, string>>;

/** As the server's schema has it; checked here too, so that the answer does not cost a round trip. */
export const PASSWORD_LENGTH_MIN = 12;

export function checkSetup(values: SetupValues): SetupProblems {
  return {
    ...(values.name.trim() === "" ? { name: "Enter a name; it is shown to the people you work with." } : {}),
    ...(/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(values.email.trim())
      ? {}
      : { email: "Enter an e-mail address, such as you@example.org." }),
    ...(values.password.length < PASSWORD_LENGTH_MIN ? { password: `Use at least ${PASSWORD_LENGTH_MIN} characters.` } : {}),
    ...(values.password === values.again ? {} : { again: "The two passwords differ." }),
  };
}
