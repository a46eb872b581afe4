import { listBlocks, recentLuck } from "@otedama/db/web";
import { OverviewDto, WindowQuery } from "@otedama/shared";
import { nextBlock } from "@otedama/shared/statistics";
import { readProcedure } from "../procedure.ts";

const RECENT_BLOCKS = 12;

/** The first screen in one answer. */
export const get = readProcedure
  .input(WindowQuery)
  .output(OverviewDto)
  .query(async ({ ctx: { services }, input }) => {
    const { sql } = services.database;
    const live = services.live();
    const [series, blocks, luck] = await Promise.all([
      services.poolSeries(input.window),
      listBlocks(sql, { state: null, sort: "found", dir: "desc", page: 1, page_size: RECENT_BLOCKS }),
      recentLuck(sql),
    ]);
    const rates = live.pool?.hashrate_hps;
    return {
      live,
      window: input.window,
      series,
      blocks: blocks.rows,
      blocks_total: blocks.total,
      luck,
      next_block_s: rates ? nextBlock(rates.m15 || rates.m1, live.pool?.job?.network_difficulty ?? 0) : null,
    };
  });
