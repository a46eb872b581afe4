import { z } from "zod";

/** Versions of the hub's protocol that this build speaks, newest first. */
export const HUB_PROTOCOL_VERSIONS = [1] as const;

/** Of its namespace `/agents`, where one older version is understood. */
export const AGENT_PROTOCOL_VERSIONS = [2, 1] as const;

export const UnixMs = z.int().min(0);
export const Hashrate = z.number().min(0).finite();
export const Count = z.int().min(0);

/** Why a share was refused. The order is that of the engine's counters and of the share log's result codes. */
export const SHARE_RESULTS = ["accepted", "stale", "duplicate", "low_difficulty", "unauthorized", "invalid"] as const;
export const ShareResult = z.enum(SHARE_RESULTS);
export type ShareResult = z.infer<typeof ShareResult>;

export const ShareCounts = z.strictObject({
  accepted: Count,
  stale: Count,
  duplicate: Count,
  low_difficulty: Count,
  unauthorized: Count,
  invalid: Count,
});
export type ShareCounts = z.infer<typeof ShareCounts>;

/** Every acknowledged hub message is answered with this. */
export const Ack = z.discriminatedUnion("ok", [
  z.strictObject({ ok: z.literal(true) }),
  z.strictObject({ ok: z.literal(false), code: z.string().max(64), message: z.string().max(500) }),
]);
export type Ack = z.infer<typeof Ack>;
