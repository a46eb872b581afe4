import { MISSING, NBSP, threeDigits } from "./si.ts";

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;
const YEAR_S = 365.25 * DAY_S;

const part = (value: number, unit: string): string => `${value}${NBSP}${unit}`;

function twoParts(total: number, big_s: number, big: string, small_s: number, small: string): string {
  const smalls = Math.round(total / small_s);
  const perBig = Math.round(big_s / small_s);
  const bigs = Math.floor(smalls / perBig);
  const rest = smalls % perBig;
  return rest === 0 ? part(bigs, big) : `${part(bigs, big)} ${part(rest, small)}`;
}

/** How long something takes, in at most two units: "820 ms", "42 s", "3 min 12 s", "5 h 20 min", "2 d 4 h", "3.1 years". */
export function formatDuration(duration_s: number): string {
  if (!Number.isFinite(duration_s) || duration_s < 0) return MISSING;
  if (duration_s === 0) return part(0, "s");
  if (duration_s < 1) {
    const ms = duration_s * 1_000;
    return ms < 1 ? `< 1${NBSP}ms` : ms >= 999.5 ? part(1, "s") : part(Math.round(ms), "ms");
  }
  if (duration_s < MINUTE_S - 0.5) return part(Math.round(duration_s), "s");
  if (duration_s < HOUR_S - 0.5) return twoParts(duration_s, MINUTE_S, "min", 1, "s");
  if (duration_s < DAY_S - 30) return twoParts(duration_s, HOUR_S, "h", MINUTE_S, "min");
  if (duration_s < 100 * DAY_S) return twoParts(duration_s, DAY_S, "d", HOUR_S, "h");
  if (duration_s < YEAR_S) return part(Math.round(duration_s / DAY_S), "d");
  const years = duration_s / YEAR_S;
  return years < 1_000 ? `${threeDigits(years)}${NBSP}years` : `> 1,000${NBSP}years`;
}

/** One unit only, for narrow places: "42 s", "3 min", "5 h", "2 d". Rounds down: an age is not over before it is over. */
export function formatAge(duration_s: number): string {
  if (!Number.isFinite(duration_s)) return MISSING;
  const s = Math.max(0, Math.floor(duration_s));
  if (s < MINUTE_S) return part(s, "s");
  if (s < HOUR_S) return part(Math.floor(s / MINUTE_S), "min");
  if (s < DAY_S) return part(Math.floor(s / HOUR_S), "h");
  return part(Math.floor(s / DAY_S), "d");
}

/** "12 s ago", "in 3 min", "now" for anything within a second, or ahead by no more than clocks may differ. */
export function formatRelative(at_ms: number, now_ms: number): string {
  const ago_s = (now_ms - at_ms) / 1_000;
  if (Math.abs(ago_s) < 1 || (ago_s < 0 && ago_s > -5)) return "now";
  return ago_s > 0 ? `${formatAge(ago_s)} ago` : `in ${formatAge(-ago_s)}`;
}

const UNIT_S: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  sec: 1,
  m: MINUTE_S,
  min: MINUTE_S,
  h: HOUR_S,
  d: DAY_S,
  w: 7 * DAY_S,
};

/** Reads "90", "90 s", "1h30m", "2 d 4 h" into seconds; null when it is not a duration. */
export function parseDuration(text: string): number | null {
  const compact = text.trim().toLowerCase();
  if (/^\d+(\.\d+)?$/.test(compact)) return Number(compact);
  if (!/^(\d+(\.\d+)?\s*[a-z]+\s*)+$/.test(compact)) return null;
  let total = 0;
  for (const match of compact.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g)) {
    const unit = UNIT_S[match[2] ?? ""];
    if (unit === undefined) return null;
    total += Number(match[1]) * unit;
  }
  return total;
}
