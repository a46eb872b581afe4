import { readReserveRisk } from "@otedama/db/web";
import { ReserveRiskDto, RiskQuery } from "@otedama/shared";
import { TRPCError } from "@trpc/server";
import { readProcedure } from "../procedure.ts";

/** What PPS and FPPS would risk at the pool's present size, with the reserve that it has. */
export const risk = readProcedure
  .input(RiskQuery)
  .output(ReserveRiskDto)
  .query(({ ctx, input }) => {
    const pool = ctx.services.live().pool;
    if (pool === null || pool.job === null) {
      throw new TRPCError({ code: "PRECONDITION_FAILED", message: "No pool is connected: its size is not known." });
    }
    const { network_difficulty, reward_sats, fees_sats } = pool.job;
    const live = { pool_hashrate_hps: pool.hashrate_hps.h1, network_difficulty, reward_sats, fees_sats };
    return readReserveRisk(ctx.services.database.sql, live, input);
  });
