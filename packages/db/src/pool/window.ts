/**
 * The work that a block is shared out by.
 *
 * What lies before a block: of the instance that found it, the shares up to the block's own record in its log; of every other
 * instance, the buckets of ten seconds that ended when the block was found. A PPLNS window is the newest of that until there is enough; a
 * round is that less what lies before the block that the round began with, by the same rule, so that each share is in one round.
 */
import type { AccountWork, WorkWindow } from "@otedama/shared/payouts";
import type { Queryable } from "./connect.ts";

/** Where a block stands among the shares of all instances. */
export interface BlockPlace {
  instance_id: string;
  round_id: bigint;
  found_at_ms: number;
}

const BUCKET_MS = 10_000;
const SLICES_PER_PAGE = 2_000;

/** Of buckets `b`: those before the place whose parameters begin at `$first`. */
const before = (first: number) =>
  `(b.instance_id = $${first} AND b.round_id <= $${first + 1}::bigint OR b.instance_id <> $${first} AND b.bucket_at < to_timestamp($${first + 2}::float8 / 1000))`;

function parameters(place: BlockPlace): [string, string, number] {
  return [place.instance_id, place.round_id.toString(), Math.floor(place.found_at_ms / BUCKET_MS) * BUCKET_MS];
}

/** The newest work before a block that takes part in windows, `window_hashes` of it. Ten seconds of all instances together are one slice. */
export async function readWorkWindow(db: Queryable, place: BlockPlace, window_hashes: bigint): Promise<WorkWindow> {
  let missing = window_hashes;
  let after: string | null = null;
  let begin: string | null = null;
  while (begin === null) {
    const page: { rows: { bucket_at: string; work: string }[] } = await db.query(
      `SELECT b.bucket_at::text AS bucket_at, sum(b.window_hashes) AS work FROM share_bucket b
       WHERE ${before(1)} AND b.window_hashes > 0 AND b.bucket_at < coalesce($4::timestamptz, 'infinity')
       GROUP BY b.bucket_at ORDER BY b.bucket_at DESC LIMIT ${SLICES_PER_PAGE}`,
      [...parameters(place), after],
    );
    for (const slice of page.rows) {
      const work = BigInt(slice.work);
      if (work >= missing) {
        begin = slice.bucket_at;
        break;
      }
      missing -= work;
    }
    if (page.rows.length < SLICES_PER_PAGE) break;
    after = page.rows.at(-1)?.bucket_at ?? null;
  }
  const sum = async (operator: ">" | "=", from: string): Promise<AccountWork[]> => {
    const { rows } = await db.query<SumRow>(
      `SELECT w.account_id, sum(b.window_hashes) AS work FROM share_bucket b JOIN worker w ON w.id = b.worker_id
       WHERE ${before(1)} AND b.window_hashes > 0 AND b.bucket_at ${operator} $4::timestamptz GROUP BY w.account_id ORDER BY w.account_id`,
      [...parameters(place), from],
    );
    return rows.map(toWork);
  };
  if (begin === null) return { whole: await sum(">", "-infinity"), cut: [], cut_hashes: 0n };
  return { whole: await sum(">", begin), cut: await sum("=", begin), cut_hashes: missing };
}

/** The work between two blocks, by account; `since` null is the beginning. `window` counts only what takes part in windows. */
export async function readRoundWork(
  db: Queryable,
  place: BlockPlace,
  since: BlockPlace | null,
  counted: "window" | "all" | { solo_account_id: number },
): Promise<AccountWork[]> {
  const solo = typeof counted === "object" ? counted.solo_account_id : null;
  const { rows } = await db.query<SumRow>(
    `SELECT w.account_id, sum(b.${counted === "window" ? "window_hashes" : "work_hashes"}) AS work
     FROM share_bucket b JOIN worker w ON w.id = b.worker_id
     WHERE ${before(1)} ${since ? `AND NOT ${before(4)} AND ${bound(4)}` : ""} AND b.work_hashes > 0
       ${solo === null ? "AND NOT w.solo" : `AND w.solo AND w.account_id = ${Math.trunc(solo)}`}
     GROUP BY w.account_id HAVING sum(b.${counted === "window" ? "window_hashes" : "work_hashes"}) > 0 ORDER BY w.account_id`,
    [...parameters(place), ...(since ? parameters(since) : [])],
  );
  return rows.map(toWork);
}

/** Follows from what is asked: says it in a way that an index can be used for. */
const bound = (first: number) =>
  `(b.instance_id = $${first} AND b.round_id > $${first + 1}::bigint OR b.bucket_at >= to_timestamp($${first + 2}::float8 / 1000))`;

interface SumRow {
  account_id: number;
  work: string;
}

function toWork(row: SumRow): AccountWork {
  return { account_id: row.account_id, work_hashes: BigInt(row.work) };
}
