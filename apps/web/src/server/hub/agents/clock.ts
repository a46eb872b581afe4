/**
 * What to think of the time that an agent writes on a message. Its clock is compared with ours once, when it connects; one that is off is
 * told to the operator and corrected for, so that its history stands in the right place.
 */
export const CLOCK_SKEW_MS_MAX = 60_000;
/** Messages travel and wait; a difference below this is nothing. */
const AHEAD_MS_MAX = 60_000;
/** What is older than the history is kept is not taken. */
const BEHIND_MS_MAX = 32 * 86_400_000;

/** The time by our clock; null for one that has not come yet, or is too long ago. */
export function believedTime(at_ms: number, clock_skew_ms: number, now_ms: number): number | null {
  const corrected = Math.abs(clock_skew_ms) > CLOCK_SKEW_MS_MAX ? at_ms - clock_skew_ms : at_ms;
  if (corrected > now_ms + AHEAD_MS_MAX || corrected < now_ms - BEHIND_MS_MAX) return null;
  return Math.min(corrected, now_ms);
}

/** For the operator; null when there is nothing to say. */
export function skewSentence(before_ms: number | null, skew_ms: number): { severity: "info" | "warning"; text: string } | null {
  const off = Math.abs(skew_ms) > CLOCK_SKEW_MS_MAX;
  const was_off = before_ms !== null && Math.abs(before_ms) > CLOCK_SKEW_MS_MAX;
  if (off === was_off) return null;
  if (!off) return { severity: "info", text: "The rig's clock is right again." };
  const minutes = Math.round(Math.abs(skew_ms) / 60_000);
  const words = minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
  return {
    severity: "warning",
    text: `The rig's clock is ${words} ${skew_ms > 0 ? "ahead" : "behind"}. Its reports are put right; mend the clock (NTP), or TLS and commands' deadlines will fail.`,
  };
}
