import { type PoolPolicy, type ReserveRiskDto, workHashes } from "@otedama/shared";
import { poolRisk } from "@otedama/shared/payouts";
import type { Sql } from "./database.ts";

/** Settled blocks that orphans and fees are averaged over. */
const BLOCKS = 200;

/** What the pool itself says: its job and its hashrate. */
export interface LiveRates {
  pool_hashrate_hps: number;
  network_difficulty: number;
  reward_sats: number;
  fees_sats: number;
}

interface Row {
  scheme: PoolPolicy["scheme"] | null;
  version: number | null;
  fees: PoolPolicy["fee_percent"] | null;
  available: number;
  pending: number;
  due: number;
  blocks: number;
  orphans: number;
  fees_sats: number | null;
}

/** In place of what the policy says and the blocks showed; null keeps that. */
export interface WhatIf {
  fee_percent: number | null;
  orphan_percent: number | null;
}

/** The reserve, and what PPS and FPPS would risk at the pool's size and fees. */
export async function readReserveRisk(sql: Sql, live: LiveRates, what_if: WhatIf): Promise<ReserveRiskDto> {
  const { rows } = await sql.query<Row>(
    `WITH policy AS (SELECT version, policy FROM pool_policy ORDER BY version DESC LIMIT 1),
       settled AS (SELECT state, fees_sats FROM block WHERE state IN ('confirmed', 'orphaned') ORDER BY found_at DESC LIMIT ${BLOCKS})
     SELECT (SELECT policy ->> 'scheme' FROM policy) AS scheme, (SELECT version FROM policy) AS version,
       (SELECT policy -> 'fee_percent' FROM policy) AS fees,
       (SELECT coalesce(sum(balance_sats), 0)::bigint FROM ledger_kind_balance WHERE kind = 'reserve_available') AS available,
       (SELECT coalesce(sum(balance_sats), 0)::bigint FROM ledger_kind_balance WHERE kind = 'reserve_pending') AS pending,
       (SELECT div(coalesce(sum(d.due_units), 0), 4294967296)::bigint FROM share_log_cursor c JOIN share_window_due d
          ON d.instance_id = c.instance_id AND d.window_number = c.window_number) AS due,
       (SELECT count(*) FROM settled) AS blocks, (SELECT count(*) FROM settled WHERE state = 'orphaned') AS orphans,
       (SELECT round(avg(fees_sats))::bigint FROM settled) AS fees_sats`,
  );
  const row = rows[0] as Row;
  const subsidy_sats = Math.max(0, live.reward_sats - live.fees_sats);
  const fees_sats = row.fees_sats ?? live.fees_sats;
  const orphan_percent = what_if.orphan_percent ?? (row.blocks > 0 ? (100 * row.orphans) / row.blocks : 0);
  const fee_percent = { pps: what_if.fee_percent ?? row.fees?.pps ?? 0, fpps: what_if.fee_percent ?? row.fees?.fpps ?? 0 };
  const risk = (scheme: "pps" | "fpps") =>
    poolRisk({
      scheme,
      block_sats: subsidy_sats + fees_sats,
      paid_sats: subsidy_sats + (scheme === "fpps" ? fees_sats : 0),
      fee_percent: fee_percent[scheme],
      // What shares are owed already is spent, whether it is booked yet or not.
      reserve_sats: row.available + row.pending - row.due,
      orphan_percent,
      pool_hashrate_hps: live.pool_hashrate_hps,
      network_hashes: live.network_difficulty > 0 ? Number(workHashes(live.network_difficulty)) : 0,
    });
  return {
    scheme: row.scheme,
    policy_version: row.version,
    reserve_available_sats: row.available,
    reserve_pending_sats: row.pending,
    due_sats: row.due,
    subsidy_sats,
    fees_sats,
    orphan_percent,
    settled_blocks: row.blocks,
    pool_hashrate_hps: live.pool_hashrate_hps,
    network_difficulty: live.network_difficulty,
    pps: { fee_percent: fee_percent.pps, ...risk("pps") },
    fpps: { fee_percent: fee_percent.fpps, ...risk("fpps") },
  };
}
