/** The PPLNS window of a block: the newest work up to the block's own record, until there is enough of it. */
import type { Queryable } from "./connect.ts";

export interface AccountWork {
  account_id: number;
  work_hashes: bigint;
}

export interface WorkWindow {
  /** Work that lies wholly inside the window, by account. */
  whole: AccountWork[];
  /** The ten seconds in which the window begins, by account: all of them together count `cut_hashes`. Empty when history is shorter. */
  cut: AccountWork[];
  cut_hashes: bigint;
}

const SLICES_PER_PAGE = 2_000;

export async function readWorkWindow(db: Queryable, round_id: bigint, window_hashes: bigint): Promise<WorkWindow> {
  let missing = window_hashes;
  // Slices are (round, ten seconds), newest first; every row of the found block's round is before its record.
  let after: { round_id: string; bucket_at: string } | null = null;
  let begin: { round_id: string; bucket_at: string } | null = null;
  for (;;) {
    const page: { rows: { round_id: string; bucket_at: string; work: string }[] } = await db.query(
      `SELECT round_id, bucket_at::text AS bucket_at, sum(work_hashes) AS work FROM share_bucket
       WHERE round_id <= $1 AND work_hashes > 0 AND ($2::bigint IS NULL OR (round_id, bucket_at) < ($2::bigint, $3::timestamptz))
       GROUP BY round_id, share_bucket.bucket_at ORDER BY round_id DESC, share_bucket.bucket_at DESC LIMIT ${SLICES_PER_PAGE}`,
      [round_id, after?.round_id ?? null, after?.bucket_at ?? null],
    );
    for (const slice of page.rows) {
      const work = BigInt(slice.work);
      if (work >= missing) {
        begin = slice;
        break;
      }
      missing -= work;
    }
    if (begin || page.rows.length < SLICES_PER_PAGE) break;
    after = page.rows.at(-1) ?? null;
  }
  const from = begin ?? { round_id: "-1", bucket_at: "-infinity" };
  const whole = await sumByAccount(db, "(b.round_id, b.bucket_at) > ($2::bigint, $3::timestamptz)", round_id, from);
  const cut = begin ? await sumByAccount(db, "(b.round_id, b.bucket_at) = ($2::bigint, $3::timestamptz)", round_id, begin) : [];
  return { whole, cut, cut_hashes: begin ? missing : 0n };
}

async function sumByAccount(
  db: Queryable,
  where: string,
  round_id: bigint,
  from: { round_id: string; bucket_at: string },
): Promise<AccountWork[]> {
  const { rows } = await db.query<{ account_id: number; work: string }>(
    `SELECT w.account_id, sum(b.work_hashes) AS work FROM share_bucket b JOIN worker w ON w.id = b.worker_id
     WHERE b.round_id <= $1 AND b.work_hashes > 0 AND ${where} GROUP BY w.account_id ORDER BY w.account_id`,
    [round_id, from.round_id, from.bucket_at],
  );
  return rows.map((row) => ({ account_id: row.account_id, work_hashes: BigInt(row.work) }));
}
