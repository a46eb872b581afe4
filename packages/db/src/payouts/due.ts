/**
 * What a plan made now would do, in sums and with its first rows: the judgement of `planPayouts`, made in the database, so that a screen
 * need not fetch a hundred thousand accounts to say how many are due. Tests hold it against `planPayouts`.
 *
 * Most accounts differ in their balance alone, and a range of an index counts those. The few that something else is known of are judged
 * one by one: they have a hold, a threshold of their own, a batch that is not signed, are left out by hand, or their address is of
 * another network. Every address was read by the parser when its account was made, so the network is all that can be wrong with it.
 */
import type { Network, PayoutPolicy } from "@otedama/shared";
import type { Queryable } from "../pool/connect.ts";

export interface DueOptions {
  network: Network;
  excluded_account_ids?: readonly number[];
}

export interface Due {
  paid: { accounts: number; sats: bigint };
  skipped: { accounts: number; sats: bigint };
  /** Paid ones by amount, then those that are not. */
  account_ids: number[];
}

/** What addresses begin with (`address_family`): bech32 and the version bytes of base58. */
const FAMILIES: Record<Network, string[]> = {
  main: ["b", "1", "3"],
  test: ["t", "m", "n", "2"],
  signet: ["t", "m", "n", "2"],
  regtest: ["bcrt", "m", "n", "2"],
};

/** $1 left out, $2 families of the network, $3 the policy's threshold, $4 the lowest that an account may set. */
const SPECIAL = `
  RECURSIVE family AS (
    (SELECT address_family(address) AS name FROM account ORDER BY 1 LIMIT 1)
    UNION ALL
    SELECT (SELECT address_family(a.address) FROM account a WHERE address_family(a.address) > f.name ORDER BY 1 LIMIT 1)
      FROM family f WHERE f.name IS NOT NULL
  ), known AS (
    SELECT account_id, 'held' AS what FROM payout_hold WHERE released_at IS NULL
    UNION ALL SELECT unnest($1::int[]), 'excluded'
    UNION ALL SELECT i.account_id, 'in_open_batch' FROM payout_batch t JOIN payout_item i ON i.batch_id = t.id
      WHERE t.pays = 'miners' AND t.state IN ('planned', 'approved', 'unsigned') AND i.excluded_by IS NULL
    UNION ALL SELECT a.id, 'bad_address' FROM family f JOIN account a ON address_family(a.address) = f.name WHERE f.name <> ALL($2::text[])
    UNION ALL SELECT account_id, 'threshold' FROM account_setting WHERE threshold_sats IS NOT NULL
  ), special AS MATERIALIZED (
    SELECT b.account_id, b.available_sats,
           bool_or(k.what <> 'threshold') OR b.available_sats < greatest(coalesce(max(s.threshold_sats), $3::bigint), $4::bigint) AS skipped
      FROM known k JOIN account_balance b ON b.account_id = k.account_id LEFT JOIN account_setting s ON s.account_id = k.account_id
     WHERE b.available_sats > 0 GROUP BY b.account_id, b.available_sats
  )`;

/** The first $5 accounts of a plan: those that are paid by amount, then those that are not. */
const FIRST = `
  SELECT account_id FROM (${[false, true]
    .map(
      (skipped) => `
    SELECT account_id, available_sats, ${skipped} AS skipped FROM (
      (SELECT b.account_id, b.available_sats FROM account_balance b
        WHERE b.available_sats ${skipped ? "> 0 AND b.available_sats < $3" : ">= $3"}
          AND NOT EXISTS (SELECT 1 FROM special x WHERE x.account_id = b.account_id)
        ORDER BY b.available_sats DESC, b.account_id LIMIT $5)
      UNION ALL
      (SELECT account_id, available_sats FROM special WHERE ${skipped ? "skipped" : "NOT skipped"} ORDER BY available_sats DESC, account_id LIMIT $5)
    ) both_kinds`,
    )
    .join(" UNION ALL ")}) found ORDER BY skipped, available_sats DESC, account_id LIMIT $5`;

/** How many accounts a plan would pay and how much, what it would leave, and its first `rows` accounts. */
export async function readDue(db: Queryable, options: DueOptions, policy: PayoutPolicy, rows: number): Promise<Due> {
  const found = await db.query<{ due: number; due_sats: string; rest: number; rest_sats: string; account_ids: number[] }>(
    `WITH ${SPECIAL}, ordinary AS (
       SELECT count(*) FILTER (WHERE available_sats >= $3) AS due, coalesce(sum(available_sats) FILTER (WHERE available_sats >= $3), 0) AS due_sats,
              count(*) AS n, coalesce(sum(available_sats), 0) AS sats FROM account_balance WHERE available_sats > 0
     ), counted AS (
       SELECT count(*) FILTER (WHERE NOT skipped) AS due, coalesce(sum(available_sats) FILTER (WHERE NOT skipped), 0) AS due_sats,
              count(*) FILTER (WHERE available_sats >= $3) AS high, coalesce(sum(available_sats) FILTER (WHERE available_sats >= $3), 0) AS high_sats
         FROM special
     ), paid AS (
       SELECT o.due - c.high + c.due AS due, o.due_sats - c.high_sats + c.due_sats AS due_sats, o.n, o.sats FROM ordinary o, counted c
     )
     SELECT due::int, due_sats::text, (n - due)::int AS rest, (sats - due_sats)::text AS rest_sats,
            ${rows === 0 ? "'{}'::int[]" : `ARRAY(${FIRST})`} AS account_ids FROM paid`,
    [
      options.excluded_account_ids ?? [],
      FAMILIES[options.network],
      Math.max(policy.threshold_sats, policy.threshold_min_sats),
      policy.threshold_min_sats,
      ...(rows === 0 ? [] : [rows]),
    ],
  );
  const [row] = found.rows;
  if (row === undefined) throw new Error("sums were asked for, and no row came");
  return {
    paid: { accounts: row.due, sats: BigInt(row.due_sats) },
    skipped: { accounts: row.rest, sats: BigInt(row.rest_sats) },
    account_ids: row.account_ids,
  };
}
