/**
 * What a miner signs to change its settings. Nothing is stored until a signature was good: the challenge carries the server's seal, so it
 * comes back as it was given out, and it names the pool, the account, the change and its own end. Its nonce is written down
 * with the change, and so works once.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { MinerChallengeDto, MinerSettingsChange } from "@otedama/shared";
import { formatSats } from "@otedama/shared/units";

export const CHALLENGE_MS = 15 * 60_000;

export interface ChallengeOptions {
  /** The pool's address, as people know it. */
  pool: string;
  secret: string;
}

export function makeChallenge(
  options: ChallengeOptions,
  account: string,
  change: MinerSettingsChange,
  now_ms: number,
): MinerChallengeDto {
  const nonce = randomBytes(16).toString("hex");
  // In whole seconds, as the message says it.
  const expires_at_ms = Math.floor((now_ms + CHALLENGE_MS) / 1000) * 1000;
  const message = challengeMessage(options.pool, account, change, nonce, expires_at_ms);
  return { change, nonce, expires_at_ms, message, seal: seal(options.secret, message).toString("hex") };
}

/** One line of printable ASCII, so that every wallet shows it whole and copying does not change it. */
export function challengeMessage(
  pool: string,
  account: string,
  change: MinerSettingsChange,
  nonce: string,
  expires_at_ms: number,
): string {
  const wishes = [
    change.threshold_sats === undefined
      ? ""
      : change.threshold_sats === null
        ? "payout threshold: the pool's"
        : `payout threshold: ${formatSats(change.threshold_sats)} BTC`,
    change.email === undefined ? "" : `e-mail: ${change.email ?? "none"}`,
    change.webhook_url === undefined ? "" : `webhook: ${change.webhook_url ?? "none"}`,
    change.notices === undefined ? "" : `notices: ${change.notices.length === 0 ? "none" : change.notices.join(" and ")}`,
  ].filter((wish) => wish !== "");
  const until = `${new Date(expires_at_ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return `Otedama pool ${pool}, account ${account}, set ${wishes.join(", ")}. Valid once until ${until}, challenge ${nonce}.`;
}

export type ChallengeRefusal = "not_ours" | "expired";

/** Null when the challenge is the one that was given out for this account, and still holds. */
export function refuseChallenge(
  options: ChallengeOptions,
  account: string,
  challenge: MinerChallengeDto,
  now_ms: number,
): ChallengeRefusal | null {
  const message = challengeMessage(options.pool, account, challenge.change, challenge.nonce, challenge.expires_at_ms);
  const ours = seal(options.secret, message);
  if (message !== challenge.message || !timingSafeEqual(ours, Buffer.from(challenge.seal, "hex"))) return "not_ours";
  return Math.floor(challenge.expires_at_ms / 1000) * 1000 <= now_ms ? "expired" : null;
}

function seal(secret: string, message: string): Buffer {
  return createHmac("sha256", secret).update(`otedama miner settings\n${message}`).digest();
}
