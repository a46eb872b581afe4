/** Configure, subscribe, authorise: what a miner says first, and how the pool's answers are read. */
import { bytesOf, hex32 } from "./job.ts";
import { BadMessageError, ConfigureResult, parseParams, SubscribeResult } from "./messages.ts";
import type { Answer } from "./pending.ts";

/** Version bits that BIP 320 leaves to miners. */
export const VERSION_MASK_BIP320 = 0x1fffe000;

export interface Wishes {
  user_agent: string;
  /** Version bits we would roll; 0 for none. */
  version_mask: number;
  /** Asked for as a lower bound; null leaves it to the pool. */
  minimum_difficulty: number | null;
  /** Session of an earlier connection, to be taken up again. */
  session: string | null;
}

export function configureParams(wishes: Wishes): [string[], Record<string, unknown>] {
  const extensions = ["subscribe-extranonce"];
  const options: Record<string, unknown> = {};
  if (wishes.version_mask !== 0) {
    extensions.unshift("version-rolling");
    options["version-rolling.mask"] = hex32(wishes.version_mask);
    options["version-rolling.min-bit-count"] = 2;
  }
  if (wishes.minimum_difficulty !== null) {
    extensions.push("minimum-difficulty");
    options["minimum-difficulty.value"] = wishes.minimum_difficulty;
  }
  return [extensions, options];
}

export interface Granted {
  version_mask: number;
  subscribe_extranonce: boolean;
}

/** A pool that does not know `mining.configure`, or says no, grants nothing. Bits that we did not ask for are not taken. */
export function readConfigure(answer: Answer, wishes: Wishes): Granted {
  const nothing = { version_mask: 0, subscribe_extranonce: false };
  if (answer.kind === "unanswered" || answer.error !== null) return nothing;
  const result = ConfigureResult.safeParse(answer.result);
  if (!result.success) return nothing;
  const mask = Number.parseInt(result.data["version-rolling.mask"] ?? "0", 16);
  return {
    version_mask: result.data["version-rolling"] === true ? (mask & wishes.version_mask) >>> 0 : 0,
    subscribe_extranonce: result.data["subscribe-extranonce"] === true,
  };
}

export interface Subscription {
  extranonce1: Uint8Array;
  extranonce2_size: number;
  session: string | null;
}

export function readSubscribe(result: unknown): Subscription {
  const [subscriptions, extranonce1, extranonce2_size] = parseParams(SubscribeResult, "mining.subscribe", result);
  return { extranonce1: bytesOf(extranonce1), extranonce2_size, session: sessionOf(subscriptions) };
}

/** The id of the notify subscription is what a later `mining.subscribe` names to get its extranonce back. */
function sessionOf(subscriptions: unknown): string | null {
  const list = Array.isArray(subscriptions) ? subscriptions : [];
  const pairs = typeof list[0] === "string" ? [list] : list;
  for (const pair of pairs.slice(0, 16)) {
    if (Array.isArray(pair) && pair[0] === "mining.notify" && typeof pair[1] === "string" && pair[1].length <= 128)
      return pair[1];
  }
  return null;
}

/** The result of a request that the connection cannot do without; throws BadMessageError with the pool's reason. */
export function needed(method: string, answer: Answer): unknown {
  if (answer.kind === "unanswered") throw new BadMessageError(`${method}: ${answer.reason}`);
  if (answer.error !== null)
    throw new BadMessageError(`${method} was refused: ${answer.error.message || `code ${answer.error.code}`}`);
  return answer.result;
}
