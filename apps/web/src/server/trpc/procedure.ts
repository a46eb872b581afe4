import { type Actor, isDatabaseAway } from "@otedama/db/web";
import { type MeDto, ROLES, type Role } from "@otedama/shared";
import { initTRPC, TRPCError } from "@trpc/server";
import { ZodError } from "zod";
import { PasswordsBusyError } from "../auth/password.ts";
import type { Services } from "../services.ts";

export interface Context {
  services: Services;
  me: MeDto | null;
  /** Null for nobody, and for a program with an API key. */
  session_id: string | null;
  api_key_id: number | null;
  /** Where the request came from; null for pages, which only read. */
  address: string | null;
}

/** Who the audit log names. */
export function actorOf(ctx: { me: MeDto; address: string | null; api_key_id: number | null }): Actor {
  return { id: ctx.me.id, address: ctx.address, api_key_id: ctx.api_key_id };
}

export interface ProcedureMeta {
  /** Roles that may call it; "public" needs no sign-in. */
  roles: readonly Role[] | "public";
  /** A change that a program may make by an API key. Every other change takes a person who is signed in. */
  keyed?: boolean;
}

/**
 * What a client learns of an error: a code and a sentence, the field for bad input; never a stack, a statement or a path.
 * `data.field` is the dotted path of the first wrong field.
 */
const t = initTRPC
  .context<Context>()
  .meta<ProcedureMeta>()
  .create({
    errorFormatter({ shape, error }) {
      const { stack: _stack, ...data } = shape.data;
      const issue = error.code === "BAD_REQUEST" && error.cause instanceof ZodError ? error.cause.issues[0] : undefined;
      const field = issue?.path.join(".") ?? null;
      const message =
        issue !== undefined
          ? `${field === "" ? "the request" : field}: ${issue.message}`
          : error.code === "INTERNAL_SERVER_ERROR"
            ? "Something went wrong on the server. It is in the server's log."
            : shape.message;
      return { ...shape, message, data: { ...data, field } };
    },
  });

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

/** The sentence people see while the database is away. */
export const DATABASE_AWAY = "The database does not answer. Miners keep working; lists come back when it does.";

const guarded = t.procedure.use(async ({ ctx, path, next }) => {
  const result = await next();
  if (result.ok || !(result.error.code === "INTERNAL_SERVER_ERROR")) return result;
  const cause = result.error.cause ?? result.error;
  if (isDatabaseAway(cause)) throw new TRPCError({ code: "SERVICE_UNAVAILABLE", message: DATABASE_AWAY });
  if (cause instanceof PasswordsBusyError)
    throw new TRPCError({ code: "SERVICE_UNAVAILABLE", message: `Sorry, ${cause.message}.` });
  ctx.services.log.error({ err: cause, procedure: path }, "procedure failed");
  return result;
});

/** For those who are not signed in too. */
export const openProcedure = guarded.meta({ roles: "public" });

/** What people are told who have yet to set up the second factor that the owner asks of their role. */
export const SECOND_FACTOR_DUE = "Your role needs a second factor: set it up under Settings, Security.";

/** For people who are signed in and have one of these roles. */
export function procedureFor(...roles: readonly Role[]) {
  return guarded.meta({ roles }).use(({ ctx, next, type, meta }) => {
    if (ctx.me === null) throw new TRPCError({ code: "UNAUTHORIZED", message: "Sign in first." });
    if (ctx.me.second_factor_due) throw new TRPCError({ code: "FORBIDDEN", message: SECOND_FACTOR_DUE });
    if (!roles.includes(ctx.me.role)) {
      throw new TRPCError({
        code: "FORBIDDEN",
        message: `This needs one of these roles: ${roles.join(", ")}. Yours is ${ctx.me.role}.`,
      });
    }
    if (type === "mutation" && ctx.api_key_id !== null && meta?.keyed !== true) {
      throw new TRPCError({ code: "FORBIDDEN", message: "An API key does not do this: it takes a person who is signed in." });
    }
    return next({ ctx: { ...ctx, me: ctx.me } });
  });
}

/** Reading is for everyone who is signed in. */
export const readProcedure = procedureFor(...ROLES);

/**
 * What everybody does with their own sign-in, also while a second factor is due; never by an API key, which could then outlive
 * its own revocation.
 */
export const ownProcedure = guarded.meta({ roles: ROLES }).use(({ ctx, next }) => {
  if (ctx.me === null || ctx.session_id === null) throw new TRPCError({ code: "UNAUTHORIZED", message: "Sign in first." });
  return next({ ctx: { ...ctx, me: ctx.me, session_id: ctx.session_id } });
});
