/**
 * Which of an agent's reports have come. Numbers grow by one, so what is missing below the highest is known, and a backlog that comes
 * later fills it. Kept in the agent's row: the highest number and the ranges that are missing, oldest first.
 */
export type Range = readonly [first: number, last: number];

export interface ReportNumbers {
  highest: number;
  missing: readonly Range[];
}

/** More gaps than that are no longer waited for: the oldest stay lost. */
export const MISSING_RANGES_MAX = 64;

/** What is left, and whether the number is new; one that has come already changes nothing. */
export function takeNumber({ highest, missing }: ReportNumbers, number: number): { numbers: ReportNumbers; fresh: boolean } {
  if (number > highest) {
    const gap: Range[] = number > highest + 1 ? [[highest + 1, number - 1]] : [];
    return { numbers: { highest: number, missing: [...missing, ...gap].slice(-MISSING_RANGES_MAX) }, fresh: true };
  }
  const at = missing.findIndex(([first, last]) => first <= number && number <= last);
  const range = missing[at];
  if (range === undefined) return { numbers: { highest, missing }, fresh: false };
  const [first, last] = range;
  const rest: Range[] = [];
  if (first < number) rest.push([first, number - 1]);
  if (number < last) rest.push([number + 1, last]);
  const left = [...missing.slice(0, at), ...rest, ...missing.slice(at + 1)].slice(-MISSING_RANGES_MAX);
  return { numbers: { highest, missing: left }, fresh: true };
}

/** Up to here nothing is missing that could still come. */
export function completeUpTo({ highest, missing }: ReportNumbers): number {
  const first = missing[0];
  return first === undefined ? highest : first[0] - 1;
}
