/** Each thing that was asked beside what was read back. Pure. */
import type { DesiredReport } from "@otedama/shared/agent";
import type { RigPlan } from "./plan.ts";

export type Check = DesiredReport["checks"][number];

/** What the rig is found to do. */
export interface Found {
  kernel: string;
  pool_state: "mining" | "connecting" | "waiting" | "stopped";
  pool_message: string | null;
  pool_url: string | null;
  user: string | null;
  /** Of the mining threads, as the system shows them; null where it does not. */
  thread_nices: readonly number[] | null;
  /** How many one for each core would be. */
  cores: number;
  /** As set, with the watchdog's throttle in it. */
  intensity_percent: number;
  /** Of the time since the last reading, how much the threads spent searching; null before a second reading. */
  searched_percent: number | null;
  power_limit_watts: number | null;
  /** Why it could not be set. */
  power_trouble: string | null;
  /** Hashes since the last reading; null before a second one. */
  hashes: number | null;
  /** By somebody other than the desired state. */
  held: { by_watchdog: boolean; reason: string } | null;
  /** How long ago a proved state was last seen to mine; null for one that is not proved, which gets no patience. */
  quiet_ms: number | null;
}

/** Where all was well before, a pool that is away for less than this is no difference yet. */
export const QUIET_MS_MAX = 30_000;
/** What the threads' own clock may be above the intensity: windows are cut at new jobs. */
const INTENSITY_MARGIN = 10;

export function checksOf(plan: RigPlan, found: Found): Check[] {
  const { mining, hold, power_limit_watts } = plan;
  const checks: Check[] = [check("algorithm", "sha256d", found.kernel.split("/")[0] ?? found.kernel)];
  const threads = mining.threads > 0 ? mining.threads : found.cores;
  if (found.thread_nices !== null) {
    checks.push(check("threads", String(threads), String(found.thread_nices.length)));
    const nices = [...new Set(found.thread_nices)].sort((a, b) => a - b);
    checks.push(check("nice", String(mining.nice), nices.join(", ") || "no thread"));
  }
  checks.push(intensity(mining.intensity_percent, found));
  if (power_limit_watts !== null || found.power_trouble !== null) checks.push(powerLimit(power_limit_watts, found));
  if (hold !== null) checks.push(stands(hold, found));
  else checks.push(...mines(plan, found));
  return checks;
}

function mines({ mining }: RigPlan, found: Found): Check[] {
  const urls = mining.pools.map(({ url }) => url);
  const patient = found.quiet_ms !== null && found.quiet_ms < QUIET_MS_MAX;
  // A person's command stands beside the desired state; a watchdog is in its way.
  if (found.held !== null) return [{ ...check("mining", "mining", found.held.reason), ok: !found.held.by_watchdog }];
  const connected = found.pool_state === "mining";
  const where = connected ? (found.pool_url ?? "") : [found.pool_state, found.pool_message].filter(Boolean).join(": ");
  const pool = { ...check("pool", urls.join(", then "), where), ok: connected ? urls.includes(found.pool_url ?? "") : patient };
  const user = check("user", mining.pools[0]?.user ?? "", connected ? (found.user ?? "") : "not logged in");
  const hashes = found.hashes === null ? "not measured yet" : `${found.hashes} hashes since the last look`;
  return [
    pool,
    { ...user, ok: connected ? user.ok : patient },
    { ...check("mining", "mining", connected ? hashes : found.pool_state), ok: (found.hashes ?? 0) > 0 || patient },
  ];
}

function stands(hold: string, found: Found): Check {
  const still = found.pool_state === "stopped" && (found.hashes ?? 0) === 0;
  return {
    ...check("mining", hold, still ? "no hash since the last look" : `${found.hashes ?? 0} hashes since the last look`),
    ok: still,
  };
}

function intensity(wanted: number, found: Found): Check {
  const set = found.intensity_percent;
  const searched = found.searched_percent;
  const measured = searched === null ? "" : `, ${Math.round(searched)} % of the time measured`;
  const throttled = set < wanted ? " by the temperature watchdog" : "";
  return {
    ...check("intensity", `${wanted} %`, `${set} %${throttled}${measured}`),
    ok: set <= wanted && (searched === null || searched <= wanted + INTENSITY_MARGIN),
  };
}

function powerLimit(wanted: number | null, found: Found): Check {
  const has = found.power_limit_watts;
  const reads = has === null ? "no limit can be read" : `${round(has)} W`;
  return {
    ...check("power_limit", wanted === null ? "as it was" : `${round(wanted)} W`, found.power_trouble ?? reads),
    // The hardware keeps it in steps of an eighth of a watt, for each package.
    ok: found.power_trouble === null && (wanted === null || (has !== null && Math.abs(has - wanted) <= 1)),
  };
}

function check(name: Check["name"], wanted: string, found: string): Check {
  return { name, wanted: wanted.slice(0, 300), found: found.slice(0, 300), ok: wanted === found };
}

const round = (watts: number): number => Math.round(watts * 10) / 10;
