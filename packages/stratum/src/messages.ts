/** What a pool sends, one schema a message. Stratum V1 is line-delimited JSON-RPC, read here as leniently as pools write it and no more. */
import { z } from "zod";

const hexBytes = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-fA-F]{${2 * bytes}}$`), `must be ${2 * bytes} hex digits`);
const Hex = z.string().regex(/^(?:[0-9a-fA-F]{2})*$/, "must be an even number of hex digits");
const Extranonce1 = Hex.max(64);
const Extranonce2Size = z.int().min(0).max(32);
const Mask = z.string().regex(/^[0-9a-fA-F]{1,8}$/, "must be up to eight hex digits");
const Port = z.coerce.number().pipe(z.int().min(1).max(65535));
/** Pools may append parameters of their own. */
const more = z.unknown();

/** `mining.notify [job, prevhash, coinb1, coinb2, branches, version, nbits, ntime, clean]` */
export const NotifyParams = z.tuple(
  [
    z.string().min(1).max(128),
    hexBytes(32),
    Hex,
    Hex,
    z.array(hexBytes(32)).max(32),
    hexBytes(4),
    hexBytes(4),
    hexBytes(4),
    z.boolean(),
  ],
  more,
);
export type NotifyParams = z.infer<typeof NotifyParams>;

export const SetDifficultyParams = z.tuple([z.number().positive()], more);
export const SetExtranonceParams = z.tuple([Extranonce1, Extranonce2Size], more);
export const SetVersionMaskParams = z.tuple([Mask], more);
/** All optional: no host means here, again. */
export const ReconnectParams = z
  .union([
    z.tuple([]),
    z.tuple([z.string().max(255).nullable(), Port], more),
    z.tuple([z.string().max(255).nullable(), Port, z.coerce.number().min(0).max(86_400)], more),
  ])
  .or(z.null().transform(() => [] as []));
export const ShowMessageParams = z.tuple([z.string().max(4096)], more);

/** `[[["mining.notify", id], …], extranonce1, extranonce2_size]`; the subscriptions have as many shapes as there are pools. */
export const SubscribeResult = z.tuple([z.unknown(), Extranonce1, Extranonce2Size], more);

export const ConfigureResult = z.looseObject({
  "version-rolling": z.union([z.boolean(), z.string().max(200)]).optional(),
  "version-rolling.mask": Mask.optional(),
  "minimum-difficulty": z.union([z.boolean(), z.string().max(200)]).optional(),
  "subscribe-extranonce": z.union([z.boolean(), z.string().max(200)]).optional(),
});

/** `[code, text, data]`, or the object form that JSON-RPC 2.0 servers send. */
const WireError = z.union([
  z.tuple([z.number(), z.string().max(1000).nullable()], more).transform(([code, message]) => ({ code, message: message ?? "" })),
  z.looseObject({ code: z.number(), message: z.string().max(1000) }).transform(({ code, message }) => ({ code, message })),
  z
    .string()
    .max(1000)
    .transform((message) => ({ code: 20, message })),
]);
export type WireError = z.infer<typeof WireError>;

const Id = z.union([z.number(), z.string().max(128), z.null()]);
const Request = z.looseObject({ method: z.string().max(128), params: z.unknown().optional(), id: Id.optional() });
const Response = z.looseObject({ id: Id, result: z.unknown().optional(), error: WireError.nullish() });

export type PoolMessage =
  | { kind: "request"; id: number | string | null; method: string; params: unknown }
  | { kind: "response"; id: number | string | null; result: unknown; error: WireError | null };

export class BadMessageError extends Error {}

/** Reads one line of a pool; throws BadMessageError with a sentence for anything that is neither a request nor a response. */
export function parsePoolLine(line: string): PoolMessage {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new BadMessageError("not JSON");
  }
  const request = Request.safeParse(value);
  if (request.success)
    return { kind: "request", id: request.data.id ?? null, method: request.data.method, params: request.data.params ?? null };
  const response = Response.safeParse(value);
  if (!response.success) throw new BadMessageError("neither a request nor a response");
  return { kind: "response", id: response.data.id, result: response.data.result ?? null, error: response.data.error ?? null };
}

/** The parameters of a known message, or BadMessageError naming what is wrong with them. */
export function parseParams<T>(schema: z.ZodType<T>, method: string, params: unknown): T {
  const result = schema.safeParse(params);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new BadMessageError(
    `${method}: ${issue ? `${issue.path.join(".") || "parameters"} ${issue.message}` : "wrong parameters"}`,
  );
}
