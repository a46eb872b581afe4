/**
 * The work that a block is shared out by.
 *
 * What lies before a block: of the instance that found it, the shares up to the block's own record in its log; of every other
 * instance, the buckets of ten seconds that ended when the block was found. A PPLNS window is the newest of that until there is enough; a
 * round is that less what lies before the block that the round began with, by the same rule, so that each share is in one round.
 *
 * A window may hold millions of buckets. So it is walked over and summed in the longest stretches that lie wholly inside it (days, hours
 * and ten minutes, from the roll-ups, whose rows name instance and round as buckets do), and only what is near its two ends is read in
 * buckets: no more than some ten minutes of them at each. The result is that of reading every bucket.
 */
import type { AccountWork, WorkWindow } from "@otedama/shared/payouts";
import type { Queryable } from "./connect.ts";
import { BUCKET_S, before, cover, DAY_S, finer, floorTo, SPANS_S, type Stretch, stretchSql, TEN_MINUTES_S } from "./stretches.ts";

/** Where a block stands among the shares of all instances. */
export interface BlockPlace {
  instance_id: string;
  round_id: bigint;
  found_at_ms: number;
}

const SLICES_PER_PAGE = 2_000;

function parameters(place: BlockPlace): [string, string, number] {
  return [place.instance_id, place.round_id.toString(), floorTo(BUCKET_S, Math.floor(place.found_at_ms / 1000))];
}

/** How finely work is kept, in seconds since 1970. */
interface Kept {
  /** From here on buckets are read for a block: its own ten minutes, and what accounts' roll-ups do not hold yet. −∞ where there are none. */
  edge_s: number;
  /** Buckets before it know of the work in windows alone (retention.ts). */
  packed_s: number;
  /** Before it accounts' work is known by whole days. */
  fine_s: number;
}

async function readKept(db: Queryable, place: BlockPlace): Promise<Kept> {
  type Time = string | number | null;
  const { rows } = await db.query<{ until_s: Time; packed_s: Time; fine_s: Time }>(
    `SELECT extract(epoch FROM until)::float8 AS until_s, extract(epoch FROM packed_until)::float8 AS packed_s,
            extract(epoch FROM fine_from)::float8 AS fine_s FROM share_rollup`,
  );
  const seconds = (time: Time | undefined): number => (time == null ? Number.NEGATIVE_INFINITY : Number(time));
  const row = rows[0];
  const edge_s = floorTo(TEN_MINUTES_S, Math.min(seconds(row?.until_s), place.found_at_ms / 1000));
  return { edge_s, packed_s: seconds(row?.packed_s), fine_s: seconds(row?.fine_s) };
}

/**
 * The newest work before a block that takes part in windows, `window_hashes` of it. Ten seconds of all instances together are one slice. A
 * window that reaches further back than retention reckons with, because it was made much larger, begins with a whole day.
 */
export async function readWorkWindow(db: Queryable, place: BlockPlace, window_hashes: bigint): Promise<WorkWindow> {
  const { edge_s, fine_s } = await readKept(db, place);
  if (floorTo(DAY_S, edge_s) < fine_s) throw new Error(tooOld(place, fine_s));
  let missing = window_hashes;
  /** Walks back over a stretch; the slice in which what is missing is reached, or null when it is not. */
  const walk = async ({ span_s, from_s, to_s }: Stretch): Promise<number | null> => {
    let below_s = to_s;
    for (;;) {
      const { rows } = await db.query<{ at_s: string | number; work: string }>(
        `SELECT extract(epoch FROM at)::float8 AS at_s, work::text FROM (
           SELECT at, sum(window_hashes) AS work FROM (${stretchSql("slices", { span_s, from_s, to_s: below_s }, before(1))}) s
            WHERE window_hashes > 0 GROUP BY at ORDER BY at DESC LIMIT ${SLICES_PER_PAGE}) page ORDER BY at DESC`,
        parameters(place),
      );
      for (const row of rows) {
        const work = BigInt(row.work);
        if (work >= missing) return Number(row.at_s);
        missing -= work;
      }
      if (rows.length < SLICES_PER_PAGE) return null;
      below_s = Number(rows.at(-1)?.at_s);
    }
  };

  const whole: Stretch[] = [];
  let begin_s: number | null = null;
  let cut_s = BUCKET_S;
  let to_s = Number.POSITIVE_INFINITY;
  for (const span_s of SPANS_S) {
    const coarser_s = SPANS_S[SPANS_S.indexOf(span_s) + 1];
    const from_s = span_s === BUCKET_S ? edge_s : coarser_s === undefined ? Number.NEGATIVE_INFINITY : floorTo(coarser_s, to_s);
    const found = await walk({ span_s, from_s, to_s });
    if (found !== null) {
      whole.push({ span_s, from_s: found + span_s, to_s });
      begin_s = found;
      if (found < fine_s) {
        cut_s = span_s;
        break;
      }
      for (let inner_s: number | null = finer(span_s); inner_s !== null; inner_s = finer(inner_s)) {
        const end_s: number = begin_s + (SPANS_S[SPANS_S.indexOf(inner_s) + 1] ?? 0);
        const at_s = await walk({ span_s: inner_s, from_s: begin_s, to_s: end_s });
        // Roll-ups are sums of buckets: what is in them is in those, unless somebody deleted buckets that a window still needs.
        if (at_s === null)
          throw new Error(
            `share buckets from ${new Date(begin_s * 1000).toISOString()} on are gone, and the window begins there`,
          );
        whole.push({ span_s: inner_s, from_s: at_s + inner_s, to_s: end_s });
        begin_s = at_s;
      }
      break;
    }
    whole.push({ span_s, from_s, to_s });
    if (from_s === Number.NEGATIVE_INFINITY) break;
    to_s = from_s;
  }

  const sum = async (stretches: readonly Stretch[]): Promise<AccountWork[]> => {
    const rows_sql = stretches
      .filter(({ from_s, to_s }) => from_s < to_s)
      .map((stretch) => stretchSql("accounts", stretch, before(1)));
    if (rows_sql.length === 0) return [];
    const { rows } = await db.query<SumRow>(
      `SELECT account_id, sum(window_hashes)::text AS work FROM (${rows_sql.join(" UNION ALL ")}) s
        WHERE window_hashes > 0 GROUP BY account_id ORDER BY account_id`,
      parameters(place),
    );
    return rows.map(toWork);
  };
  if (begin_s === null) return { whole: await sum(whole), cut: [], cut_hashes: 0n };
  const cut = await sum([{ span_s: cut_s, from_s: begin_s, to_s: begin_s + cut_s }]);
  return { whole: await sum(whole), cut, cut_hashes: missing };
}

/** The work between two blocks, by account; `since` null is the beginning. `window` counts only what takes part in windows. */
export async function readRoundWork(
  db: Queryable,
  place: BlockPlace,
  since: BlockPlace | null,
  counted: "window" | "all" | { solo_account_id: number },
): Promise<AccountWork[]> {
  const solo = typeof counted === "object" ? counted.solo_account_id : null;
  const column = counted === "window" ? "window_hashes" : "work_hashes";
  const stretches = await roundStretches(db, place, since, counted === "window" ? "window" : "all");
  const between = (at: string) => `${before(1)(at)} ${since ? `AND NOT ${before(4)(at)}` : ""}`;
  const { rows } = await db.query<SumRow>(
    `SELECT account_id, sum(${column})::text AS work
       FROM (${stretches.map((stretch) => stretchSql("accounts", stretch, between)).join(" UNION ALL ")}) s
      WHERE ${column} > 0 AND ${solo === null ? "NOT solo" : `solo AND account_id = ${Math.trunc(solo)}`}
      GROUP BY account_id ORDER BY account_id`,
    [...parameters(place), ...(since ? parameters(since) : [])],
  );
  return rows.map(toWork);
}

/** What covers a round: buckets at its two ends, and roll-ups between them and, where a clock went back, before. */
async function roundStretches(
  db: Queryable,
  place: BlockPlace,
  since: BlockPlace | null,
  counted: "window" | "all",
): Promise<Stretch[]> {
  const kept = await readKept(db, place);
  const { fine_s } = kept;
  // Packed buckets do not hold all work; roll-ups do. Of the block's own instance they are as exact, since their rows name the round.
  const buckets_s = counted === "window" ? Number.NEGATIVE_INFINITY : kept.packed_s;
  const edge_s = Math.max(kept.edge_s, buckets_s);
  const { rows } = await db.query<{ first_s: string | number | null }>(
    since
      ? `SELECT extract(epoch FROM min(at))::float8 AS first_s FROM round_work
          WHERE span_s = 600 AND instance_id = $1 AND round_id > $2::bigint`
      : "SELECT extract(epoch FROM min(at))::float8 AS first_s FROM round_work WHERE span_s = 86400",
    since ? parameters(since).slice(0, 2) : [],
  );
  const first_s = rows[0]?.first_s == null ? Number.POSITIVE_INFINITY : Number(rows[0].first_s);
  const begin_s = since ? floorTo(TEN_MINUTES_S, since.found_at_ms / 1000) : first_s;
  const low_s = Math.min(first_s, begin_s);
  const buckets = (from_s: number, to_s: number): Stretch => ({ span_s: BUCKET_S, from_s, to_s });
  const last = buckets(edge_s, Number.POSITIVE_INFINITY);
  if (low_s >= edge_s) return edge_s === Number.NEGATIVE_INFINITY ? [buckets(low_s, Number.POSITIVE_INFINITY)] : [last];
  if (!since) return [...cover(low_s, edge_s), last];
  if (low_s < fine_s) {
    if (counted === "window") throw new Error(tooOld(since, fine_s));
    return [...cover(floorTo(DAY_S, low_s), edge_s), last];
  }
  if (begin_s + TEN_MINUTES_S > edge_s) {
    const from_s = Math.min(begin_s, edge_s);
    return [...cover(low_s, from_s), buckets(from_s, Number.POSITIVE_INFINITY)];
  }
  return [
    ...cover(low_s, begin_s),
    ...(begin_s < buckets_s ? cover(begin_s, begin_s + TEN_MINUTES_S) : [buckets(begin_s, begin_s + TEN_MINUTES_S)]),
    ...cover(begin_s + TEN_MINUTES_S, edge_s),
    last,
  ];
}

const tooOld = (place: BlockPlace, fine_s: number): string =>
  `the work before ${new Date(place.found_at_ms).toISOString()} is known by whole days alone: shares before ${new Date(fine_s * 1000).toISOString()} were dropped`;

interface SumRow {
  account_id: number;
  work: string;
}

function toWork(row: SumRow): AccountWork {
  return { account_id: row.account_id, work_hashes: BigInt(row.work) };
}
