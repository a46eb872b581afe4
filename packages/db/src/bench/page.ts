/** What a measured page is, and what there is to look at. */
import type { Sql } from "../web/index.ts";

export interface Page {
  name: string;
  /** `round` counts up from 0: another thing is asked for each time. */
  run(sql: Sql, round: number): Promise<unknown>;
}

export interface PageSubjects {
  now_ms: number;
  accounts: readonly { id: number; address: string }[];
  workers: readonly number[];
  blocks: readonly string[];
  rigs: readonly string[];
  batches: readonly number[];
  entries: readonly string[];
  accounts_total: number;
}

export const WINDOWS = ["1h", "6h", "24h", "7d", "30d", "1y"] as const;
export const PAGE_SIZE = 100;

/** Some of each, with the largest among them. */
export async function readSubjects(sql: Sql, now_ms: number): Promise<PageSubjects> {
  const ids = async (query: string) => (await sql.query<{ id: number }>(query)).rows.map((row) => row.id);
  const [accounts, workers, blocks, rigs, batches, entries, total] = [
    (
      await sql.query<{ id: number; address: string }>(
        "SELECT id, address FROM account WHERE id <= 3 OR id % 9973 = 0 ORDER BY id LIMIT 12",
      )
    ).rows,
    await ids("SELECT id FROM worker WHERE id <= 4 OR id % 9973 = 0 ORDER BY id LIMIT 12"),
    (await sql.query<{ hash: string }>("SELECT hash FROM block ORDER BY found_at DESC LIMIT 12")).rows.map((row) => row.hash),
    (await sql.query<{ id: string }>("SELECT id FROM agent ORDER BY name LIMIT 5")).rows.map((row) => row.id),
    await ids("(SELECT id FROM payout_batch ORDER BY id LIMIT 3) UNION (SELECT id FROM payout_batch ORDER BY id DESC LIMIT 3)"),
    (
      await sql.query<{ id: string }>(
        "SELECT entry_id::text AS id FROM ledger_entry_total ORDER BY moved_sats DESC, entry_id LIMIT 3",
      )
    ).rows.map((row) => row.id),
    await ids("SELECT count(*)::int AS id FROM account"),
  ];
  return { now_ms, accounts, workers, blocks, rigs, batches, entries, accounts_total: total[0] ?? 0 };
}

/** Another one each round. */
export const of = <T>(things: readonly T[], round: number): T => {
  const thing = things[round % things.length];
  if (thing === undefined) throw new Error("the database holds nothing to look at: seed it first");
  return thing;
};
