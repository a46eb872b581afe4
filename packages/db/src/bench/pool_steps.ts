/** What the pool itself asks again and again: nobody waits for it on a screen, and miners and payouts do. */
import { workHashes } from "@otedama/shared";
import {
  listFreeOutputs,
  listOpenBatches,
  listUnknownCoinbases,
  listUnmined,
  readPlanAccounts,
  readWatched,
} from "../payouts/index.ts";
import {
  type BlockPlace,
  listInstancesBehind,
  listSoloWorkers,
  listTrackedBlocks,
  readRound,
  readRoundWork,
  readWorkWindow,
} from "../pool/index.ts";
import type { Sql } from "../web/index.ts";
import { of, type Page, type PageSubjects } from "./page.ts";

const INSTANCE = "pool-1";

async function placeOf(sql: Sql, hash: string): Promise<BlockPlace & { difficulty: number }> {
  const { rows } = await sql.query<{ instance_id: string; round_id: number; found_at: number; difficulty: number }>(
    "SELECT instance_id, round_id, found_at, network_difficulty AS difficulty FROM block WHERE hash = $1",
    [hash],
  );
  const row = rows[0];
  if (row === undefined) throw new Error(`block ${hash} is not there`);
  return {
    instance_id: row.instance_id,
    round_id: BigInt(row.round_id),
    found_at_ms: row.found_at,
    difficulty: row.difficulty,
  };
}

export function poolStepsOf({ now_ms, blocks }: PageSubjects): Page[] {
  return [
    {
      name: "pool: PPLNS window of a block",
      run: async (sql, round) => {
        const place = await placeOf(sql, of(blocks, round));
        return readWorkWindow(sql, place, workHashes(2 * place.difficulty));
      },
    },
    {
      name: "pool: work of a round",
      run: async (sql, round) => {
        const place = await placeOf(sql, of(blocks.slice(0, -1), round));
        const before = await placeOf(sql, of(blocks.slice(1), round));
        return readRoundWork(sql, place, before, "all");
      },
    },
    { name: "pool: open round (start)", run: (sql) => readRound(sql, INSTANCE) },
    { name: "pool: solo workers (start)", run: (sql) => listSoloWorkers(sql, now_ms - 30 * 86_400_000, 200_000) },
    { name: "pool: blocks that are followed", run: (sql) => listTrackedBlocks(sql, 804_800, 500) },
    {
      name: "pool: instances behind",
      run: (sql, round) => listInstancesBehind(sql, of(blocks, round), { live_ms: 60_000, wait_ms_max: 600_000 }),
    },
    { name: "pool: plan of payouts", run: (sql) => readPlanAccounts(sql, { network: "main" }) },
    {
      name: "pool: wallet and open batches",
      run: (sql) =>
        Promise.all([
          listUnknownCoinbases(sql, 50),
          readWatched(sql),
          listFreeOutputs(sql),
          listOpenBatches(sql),
          listUnmined(sql),
        ]),
    },
  ];
}
