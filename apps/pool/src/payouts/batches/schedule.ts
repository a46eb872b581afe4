import type { PayoutPolicy } from "@otedama/shared";

/** Name of the plan that is due now; null when nothing is planned by itself. The same all through a period, so that it is made once. */
export function scheduledPlanKey(now_ms: number, policy: PayoutPolicy): string | null {
  if (!policy.scheduled) return null;
  const period_ms = policy.every_hours * 3_600_000;
  const begin_ms = Math.floor(now_ms / period_ms) * period_ms;
  return `schedule ${policy.every_hours} h from ${new Date(begin_ms).toISOString().slice(0, 16)}`;
}
