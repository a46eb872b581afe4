import { readPolicy } from "@otedama/db/pool";
import { listLedgerSums } from "@otedama/db/web";
import { RiskDto, RiskQuery, workHashes } from "@otedama/shared";
import { poolRisk } from "@otedama/shared/payouts";
import { TRPCError } from "@trpc/server";
import { found } from "../found.ts";
import { readProcedure } from "../procedure.ts";

/** What PPS or FPPS would risk at the pool's present size, with the reserve that it has. */
export const risk = readProcedure
  .input(RiskQuery)
  .output(RiskDto)
  .query(async ({ ctx, input }) => {
    const { sql } = ctx.services.database;
    const [policy, sums] = await Promise.all([readPolicy(sql), listLedgerSums(sql)]);
    const { policy: now } = found(policy, "policy yet: start the pool once");
    const pool = ctx.services.live().pool;
    if (pool === null || pool.job === null) {
      throw new TRPCError({ code: "PRECONDITION_FAILED", message: "No pool is connected: its size is not known." });
    }
    const balance = (kind: string) => sums.find((sum) => sum.kind === kind)?.balance_sats ?? 0;
    const { scheme, orphan_percent } = input;
    const fee_percent = input.fee_percent ?? now.fee_percent[scheme];
    const subsidy_sats = pool.job.reward_sats - pool.job.fees_sats;
    const size = {
      scheme,
      orphan_percent,
      fee_percent,
      block_sats: pool.job.reward_sats,
      paid_sats: scheme === "pps" ? subsidy_sats : pool.job.reward_sats,
      reserve_sats: balance("reserve_available") + balance("reserve_pending"),
      pool_hashrate_hps: pool.hashrate_hps.h1,
    };
    const { network_difficulty } = pool.job;
    return {
      ...size,
      network_difficulty,
      exempt_accounts: now.fee_exempt_addresses.length,
      ...poolRisk({ ...size, network_hashes: Number(workHashes(network_difficulty)) }),
    };
  });
