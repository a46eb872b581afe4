/**
 * What two pool processes say to each other when a newer one takes over: one JSON object a line, over a Unix socket in the data folder.
 * The engines hand connections over by themselves, at a socket beside it; here goes what they do not know, the templates behind
 * their jobs, and who goes when.
 *
 * ```
 * newer → {"kind":"hello","protocol":1,"version":"0.2.0","instance_id":"pool-a","network":"main"}
 * older ← {"kind":"welcome","version":"0.1.0","pid":4711}    or {"kind":"refused","message":"…"}
 * older ← {"kind":"transactions",…} {"kind":"job",…} …  {"kind":"jobs_sent"}
 * newer → {"kind":"go"}
 * older ← the jobs that came meanwhile, {"kind":"held"}: from now on it makes no new ones
 *         the engines hand over; the line ends with the older process
 * ```
 */
import { join } from "node:path";
import { Network } from "@otedama/shared";
import { z } from "zod";

/** Rises when one of these messages changes its meaning. What a job looks like is checked job by job. */
export const TAKEOVER_PROTOCOL = 1;

/** Of a Unix socket's address, less the zero at its end. */
const SOCKET_PATH_BYTES_MAX = 107;

/** As many jobs as the engine takes shares for. */
export const JOBS_HANDED_MAX = 64;
/** A template can carry the transactions of a whole block, twice as long in hex. */
export const LINE_BYTES_MAX = 16 * 1024 * 1024;
export const TOTAL_BYTES_MAX = 1024 * 1024 * 1024;

/** Any version's greeting: enough to tell it from ours. */
export const AnyHello = z.looseObject({ kind: z.literal("hello"), protocol: z.int(), version: z.string().max(64) });
export const Hello = z.strictObject({
  kind: z.literal("hello"),
  protocol: z.literal(TAKEOVER_PROTOCOL),
  version: z.string().max(64),
  instance_id: z.string().max(64),
  network: Network,
});
export type Hello = z.infer<typeof Hello>;

export const Go = z.strictObject({ kind: z.literal("go") });

export const FromOlder = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("welcome"), version: z.string().max(64), pid: z.int().positive() }),
  z.strictObject({ kind: z.literal("refused"), message: z.string().max(1000) }),
  /** Data (hex), txid and hash of each, numbered on from the ones before. */
  z.strictObject({ kind: z.literal("transactions"), list: z.array(z.tuple([z.string(), z.string(), z.string()])) }),
  /** `transactions` are numbers of the ones above. */
  z.strictObject({ kind: z.literal("job"), job: z.unknown(), transactions: z.array(z.int().nonnegative()).max(100_000) }),
  z.strictObject({ kind: z.literal("jobs_sent") }),
  z.strictObject({ kind: z.literal("held") }),
]);
export type FromOlder = z.infer<typeof FromOlder>;

/** Where an older process of a data folder listens for a newer one, and where its engine does. Throws a sentence where a path is too long for a socket. */
export function takeoverPaths(data_dir: string): { door: string; engine: string } {
  const paths = { door: join(data_dir, "takeover.sock"), engine: join(data_dir, "engine.sock") };
  const bytes = Buffer.byteLength(paths.door);
  if (bytes > SOCKET_PATH_BYTES_MAX) {
    throw new Error(
      `Takeovers are not possible: the path ${paths.door} has ${bytes} bytes and a socket takes ${SOCKET_PATH_BYTES_MAX}. Set a shorter data_dir.`,
    );
  }
  return paths;
}
