/**
 * Namespace `/browsers` of the hub, authorised by the session cookie. Hub → browser only, at most two of a kind a second:
 * `live` (LiveDto), `changed` ({topics}) tells which lists to fetch again, `event` (PoolEvent) for toasts and chart marks; to the screens of one person
 * `provision` (ProvisionNews) while a run of theirs changes.
 */
import { z } from "zod";

export const TOPICS = ["workers", "blocks", "rigs", "balances", "nodes", "overview", "commands", "sheets"] as const;
export const Changed = z.strictObject({ topics: z.array(z.enum(TOPICS)).max(TOPICS.length) });
export type Changed = z.infer<typeof Changed>;
