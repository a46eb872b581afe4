/** All that must hold after a run, as sentences of what does not. Pure: the same evidence, the same verdict. */
import { checkMoney } from "./check_money.ts";
import { checkShares, workerBook } from "./check_shares.ts";
import type { Evidence } from "./evidence.ts";

export function check(evidence: Evidence): string[] {
  const workerOf = workerBook(evidence);
  return [...checkShares(evidence, workerOf), ...checkMoney(evidence, workerOf)];
}
