/**
 * Sign-in by e-mail and password, sign-out and sessions, by Better Auth over Prisma. Nobody signs up by himself: the owner comes
 * from the one-time link. The session is a signed cookie (httpOnly, SameSite=Lax, Secure under https) and a row in `session`.
 */
import { type WebDatabase, writeAudit } from "@otedama/db/web";
import { type MeDto, PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, Role, type WebSettings } from "@otedama/shared";
import { betterAuth } from "better-auth";
import { prismaAdapter } from "better-auth/adapters/prisma";
import type { Logger } from "pino";
import { sameOrigin } from "../http/origin.ts";
import type { PasswordHasher } from "./password.ts";

/** Set by the HTTP layer from the socket, over whatever a client sent: the address that sign-in limits count by. */
export const REMOTE_ADDRESS_HEADER = "x-otedama-remote-address";

/** Attempts to sign in from one address. */
export const SIGN_IN_LIMIT = { window_s: 60, max: 8 } as const;

const SESSION_S = 7 * 86_400;

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
  dependencies: { database: WebDatabase; passwords: PasswordHasher; log: Logger },
): Auth {
  const { database, passwords, log } = dependencies;
  const public_url = new URL(settings.public_url);
  const audit = (actor: string, action: string, subject: string) =>
    writeAudit(database.sql, { actor, action, subject }).catch((error: unknown) =>
      log.error({ err: error, action }, "audit line lost"),
    );

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
        create: { after: async (session) => audit(session.userId, "session.begin", `session:${session.id}`) },
        delete: { after: async (session) => audit(session.userId, "session.end", `session:${session.id}`) },
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
        const { id, name, email, role } = found.user;
        return { session_id: found.session.id, me: { id, name, email, role: Role.parse(role) } };
      } catch (error) {
        // Better Auth hides what went wrong; when it was the database, asking it once more says so.
        await database.sql.query("SELECT 1");
        throw error;
      }
    },
  };
}
