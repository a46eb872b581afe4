import type { BlockState } from "@otedama/shared";
import type { Sql } from "./database.ts";
import { recentLuck } from "./statistics.ts";

export interface PoolSummary {
  blocks: Record<BlockState, number>;
  last_block: {
    hash: string;
    height: number;
    state: BlockState;
    found_at_ms: number;
    effort: number;
    reward_sats: number;
  } | null;
  luck: { blocks: number; value: number } | null;
  workers_total: number;
  accounts_total: number;
}

/** The pool's public totals: nothing in it names a miner. */
export async function poolSummary(sql: Sql): Promise<PoolSummary> {
  const [states, last, luck, totals] = await Promise.all([
    sql.query<{ state: BlockState; blocks: number }>("SELECT state, count(*) AS blocks FROM block GROUP BY state"),
    sql.query<NonNullable<PoolSummary["last_block"]>>(
      `SELECT hash, height, state, found_at AS found_at_ms, effort, reward_sats FROM block
        WHERE state <> 'rejected' ORDER BY found_at DESC LIMIT 1`,
    ),
    recentLuck(sql),
    sql.query<{ workers_total: number; accounts_total: number }>(
      "SELECT (SELECT count(*) FROM worker) AS workers_total, (SELECT count(*) FROM account) AS accounts_total",
    ),
  ]);
  const blocks = { found: 0, pending: 0, confirmed: 0, orphaned: 0, rejected: 0 };
  for (const row of states.rows) blocks[row.state] = row.blocks;
  const { workers_total, accounts_total } = totals.rows[0] ?? { workers_total: 0, accounts_total: 0 };
  return { blocks, last_block: last.rows[0] ?? null, luck, workers_total, accounts_total };
}
