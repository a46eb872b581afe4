/** Stretches of time in which work is summed: in buckets, or in the longest roll-ups that fit. All times are seconds since 1970. */

/** Buckets first, then what accounts and rounds are rolled up in. Each is a whole multiple of the one before. */
export const SPANS_S: readonly number[] = [10, 600, 3_600, 86_400];
export const BUCKET_S = 10;
export const TEN_MINUTES_S = 600;
export const DAY_S = 86_400;

export interface Stretch {
  /** One of SPANS_S. */
  span_s: number;
  /** Multiples of the span, or without end. */
  from_s: number;
  to_s: number;
}

export const floorTo = (span_s: number, at_s: number): number =>
  Number.isFinite(at_s) ? Math.floor(at_s / span_s) * span_s : at_s;

/** The span that a span is made of; null for buckets. */
export const finer = (span_s: number): number | null => SPANS_S[SPANS_S.indexOf(span_s) - 1] ?? null;

/** Roll-ups that cover a time exactly, whose ends are multiples of ten minutes. */
export function cover(from_s: number, to_s: number): Stretch[] {
  const stretches: Stretch[] = [];
  let at_s = from_s;
  while (at_s < to_s) {
    const fits = SPANS_S.slice(1).filter((span_s) => at_s % span_s === 0 && at_s + span_s <= to_s);
    const span_s = fits.at(-1);
    if (span_s === undefined) throw new RangeError(`${from_s} to ${to_s} is not whole ten minutes`);
    // Up to where a longer one begins or this one no longer fits.
    const longer = SPANS_S.find((other) => other > span_s);
    const limit_s = longer === undefined ? to_s : Math.min(to_s, Math.ceil((at_s + 1) / longer) * longer);
    const end_s = at_s + Math.floor((limit_s - at_s) / span_s) * span_s;
    stretches.push({ span_s, from_s: at_s, to_s: end_s });
    at_s = end_s;
  }
  return stretches;
}

/**
 * What lies before the place whose parameters begin at `$first` (instance, round, ten seconds in which it was found), as a condition on
 * rows that have `instance_id`, `round_id` and the time `at`.
 */
export const before = (first: number) => (at: string) =>
  `(instance_id = $${first} AND round_id <= $${first + 1}::bigint OR instance_id <> $${first} AND ${at} < to_timestamp($${first + 2}::float8))`;

/** Rows of a stretch: `at` of slices or `account_id` and `solo` of accounts, with `work_hashes` and `window_hashes`. */
export function stretchSql(
  of: "slices" | "accounts",
  { span_s, from_s, to_s }: Stretch,
  condition: (at: string) => string,
): string {
  const within = (at: string) =>
    [
      condition(at),
      ...(Number.isFinite(from_s) ? [`${at} >= to_timestamp(${from_s})`] : []),
      ...(Number.isFinite(to_s) ? [`${at} < to_timestamp(${to_s})`] : []),
    ].join(" AND ");
  const work = "work_hashes, window_hashes";
  if (span_s === BUCKET_S) {
    return of === "slices"
      ? `SELECT bucket_at AS at, ${work} FROM share_bucket WHERE ${within("bucket_at")}
         UNION ALL SELECT k.at, 0, k.window_hashes FROM ${packed(from_s, to_s)} WHERE ${within("k.at")}`
      : `SELECT w.account_id, w.solo, ${work} FROM share_bucket b JOIN worker w ON w.id = b.worker_id WHERE ${within("bucket_at")}
         UNION ALL SELECT s.account_id, false, 0, k.window_hashes FROM ${packed(from_s, to_s)} WHERE ${within("k.at")}`;
  }
  return of === "slices"
    ? `SELECT at, ${work} FROM round_work WHERE span_s = ${span_s} AND ${within("at")}`
    : `SELECT account_id, solo, ${work} FROM account_work WHERE span_s = ${span_s} AND ${within("at")}`;
}

/** Packed buckets `k` of the rows `s` that reach into a stretch. They know of the work in windows alone. */
function packed(from_s: number, to_s: number): string {
  const within = [
    ...(Number.isFinite(from_s) ? [`at >= to_timestamp(${floorTo(TEN_MINUTES_S, from_s)})`] : []),
    ...(Number.isFinite(to_s) ? [`at < to_timestamp(${to_s})`] : []),
  ];
  return `(SELECT * FROM account_slice ${within.length === 0 ? "" : `WHERE ${within.join(" AND ")}`}) s
    CROSS JOIN LATERAL (SELECT s.at + make_interval(secs => 10 * u.slot) AS at, u.window_hashes FROM unnest(s.slots, s.window_hashes)
      AS u (slot, window_hashes)) k`;
}
