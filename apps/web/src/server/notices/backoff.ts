/** Tries of one delivery before it is a dead letter: together they reach over some seven hours, a night with the receiver away. */
export const ATTEMPTS_MAX = 15;
const FIRST_S = 10;
const LONGEST_S = 3_600;

/**
 * Seconds to wait after the `attempts`-th try failed: doubling from ten seconds to an hour, or as long as the other side asked, also up to
 * an hour. Null when that was the last one.
 */
export function retryAfter(attempts: number, wait_s = 0): number | null {
  if (attempts >= ATTEMPTS_MAX) return null;
  return Math.min(LONGEST_S, Math.max(wait_s, FIRST_S * 2 ** (attempts - 1)));
}
