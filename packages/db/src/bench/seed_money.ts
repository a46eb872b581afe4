/** The made-up pool's policy, payouts, receipts and what people were told of: everything that its money screens read. */
import { PoolPolicy } from "@otedama/shared";
import type pg from "pg";

/** Accounts are paid out in this many turns; the turns below the first of these numbers are settled, the next two are under way. */
const TURNS = 200;
const SETTLED_TURNS = 150;
const PLANNED_TURN = 150;
const BROADCAST_TURN = 151;
/** Blocks whose coinbase is not spent yet. */
const UNSPENT_BLOCKS = 300;
/** Receipts whose shares are still kept. */
const SHARES_KEPT = 20;

const POLICY = PoolPolicy.parse({
  scheme: "pplns",
  solo_allowed: true,
  fee_percent: { solo: 1, pplns: 1, prop: 1, pps: 2, fpps: 3 },
  fee_exempt_addresses: [],
  donation: null,
  finder_bonus_percent: 0,
  pplns_window: 2,
  coinbase_text: "/Otedama/",
  difficulty: { initial: 1024, min: 1, max: 1e12, target_time_s: 10 },
  payouts: {
    scheduled: true,
    every_hours: 24,
    threshold_sats: 5_000_000,
    threshold_min_sats: 10_000,
    fee_payer: "pool",
    fee_rate_min: 1,
    fee_rate_max: 100,
    fee_target_blocks: 12,
    outputs_max: 500,
    unattended_max_sats: 0,
    four_eyes_above_sats: 1_000_000_000,
    confirmations: 6,
    bump_after_minutes: 360,
  },
  correction_four_eyes_above_sats: 10_000_000,
});

export async function seedPolicy(db: pg.ClientBase): Promise<void> {
  await db.query(
    "INSERT INTO pool_policy (policy, created_by, reason) VALUES ($1, 'config.yaml', 'Made up for a measurement.')",
    [JSON.stringify(POLICY)],
  );
}

/** Three of four accounts were paid out once, in settled batches; one batch waits for approval and one is on its way. */
export async function seedPayouts(db: pg.ClientBase): Promise<void> {
  await db.query("BEGIN");
  await db.query(
    `INSERT INTO account_setting (account_id, threshold_sats)
     SELECT id, 1000000 + 10000 * (id % 1000) FROM account WHERE id % 10 = 3`,
  );
  await db.query(
    `INSERT INTO payout_hold (account_id, reason, placed_by, released_by, released_at)
     SELECT id, 'Made up.', 'owner@example.com', CASE WHEN id % 2 = 0 THEN 'owner@example.com' END, CASE WHEN id % 2 = 0 THEN now() END
       FROM account WHERE id % 400 IN (170, 171)`,
  );
  await db.query(
    `CREATE TEMP TABLE paid AS SELECT b.account_id, a.address, b.available_sats AS sats, b.account_id % ${TURNS} AS turn
       FROM account_balance b JOIN account a ON a.id = b.account_id
      WHERE b.available_sats > 0 AND b.account_id % ${TURNS} <= ${BROADCAST_TURN}`,
  );
  await db.query(
    `INSERT INTO payout_batch (state, plan_key, created_by, created_at, policy_version, fee_payer, approvals_required, amount_sats)
     SELECT (CASE WHEN turn < ${SETTLED_TURNS} THEN 'settled' WHEN turn = ${PLANNED_TURN} THEN 'planned' ELSE 'broadcast' END)::payout_batch_state,
            'turn-' || turn, 'schedule', now() - interval '1 day' * (${TURNS} - turn), (SELECT max(version) FROM pool_policy), 'pool', 1, sum(sats)
       FROM paid GROUP BY turn ORDER BY turn`,
  );
  await db.query(
    `CREATE TEMP TABLE turn_batch AS SELECT id, substr(plan_key, 6)::int AS turn, state FROM payout_batch WHERE plan_key LIKE 'turn-%'`,
  );
  // The check that an account is in one open batch reads all items for each: here it is known.
  await db.query("SET LOCAL session_replication_role = replica");
  await db.query(
    `INSERT INTO payout_item (batch_id, account_id, address, amount_sats)
     SELECT b.id, p.account_id, p.address, p.sats FROM paid p JOIN turn_batch b USING (turn) ORDER BY b.id, p.account_id`,
  );
  await db.query("SET LOCAL session_replication_role = origin");
  await db.query(
    `INSERT INTO payout_approval (batch_id, person) SELECT id, 'owner@example.com' FROM turn_batch WHERE state <> 'planned'`,
  );
  await db.query(
    `INSERT INTO payout_transaction (batch_id, attempt, state, psbt, unsigned_txid, txid, raw_hex, fee_sats, vsize, fee_rate, signer, broadcast_at,
       confirmed_at, confirmations, block_hash, block_height)
     SELECT id, 1, (CASE state WHEN 'settled' THEN 'confirmed' ELSE 'broadcast' END)::payout_transaction_state, repeat(md5(id::text), 1000),
            md5('t' || id) || md5('u' || id), md5('t' || id) || md5('u' || id), repeat(md5(id::text), 1000), 15000, 15000, 1, 'wallet', now(),
            CASE state WHEN 'settled' THEN now() END, CASE state WHEN 'settled' THEN 6 ELSE 0 END,
            CASE state WHEN 'settled' THEN md5('h' || id) || md5('i' || id) END, CASE state WHEN 'settled' THEN 800000 + id END
       FROM turn_batch WHERE state <> 'planned'`,
  );
  await moveMoney(db);
  await db.query(
    `INSERT INTO wallet_output (txid, vout, value_sats, script_hex, source, height, coinbase, spent_txid, spent_height)
     SELECT coinbase_txid, 0, reward_sats, '0014' || substr(md5('pool'), 1, 40), 'block', height, true,
            CASE WHEN age > ${UNSPENT_BLOCKS} THEN md5('s' || hash) || md5('v' || hash) END, CASE WHEN age > ${UNSPENT_BLOCKS} THEN height + 200 END
       FROM (SELECT *, row_number() OVER (ORDER BY height DESC) AS age FROM block WHERE state IN ('pending', 'confirmed')) b`,
  );
  await db.query("INSERT INTO wallet_block (height, hash) SELECT height, hash FROM block ORDER BY height DESC LIMIT 1");
  await db.query("COMMIT");
}

async function moveMoney(db: pg.ClientBase): Promise<void> {
  await db.query(
    `INSERT INTO ledger_account (kind, account_id)
     SELECT k.kind, p.account_id FROM paid p, unnest(ARRAY['miner_paying', 'miner_paid']::ledger_account_kind[]) AS k (kind)`,
  );
  const move = async (cause: string, states: string, from: string, to: string) => {
    await db.query(
      `INSERT INTO ledger_entry (cause, cause_key) SELECT '${cause}', id::text FROM turn_batch WHERE state IN (${states}) ORDER BY id`,
    );
    await db.query(
      `INSERT INTO ledger_posting (entry_id, ledger_account_id, amount_sats)
       SELECT e.id, l.id, CASE WHEN l.kind = '${from}' THEN -p.sats ELSE p.sats END FROM paid p JOIN turn_batch b USING (turn)
         JOIN ledger_entry e ON e.cause = '${cause}' AND e.cause_key = b.id::text
         JOIN ledger_account l ON l.account_id = p.account_id AND l.kind IN ('${from}', '${to}') ORDER BY e.id, l.id`,
    );
  };
  await move("payout", "'planned', 'broadcast', 'settled'", "miner_available", "miner_paying");
  await move("payout_settle", "'settled'", "miner_paying", "miner_paid");
}

/** A receipt for each block, a leaf for each account that it credited. Their digests are made up: they prove nothing. */
export async function seedReceipts(db: pg.ClientBase): Promise<void> {
  await db.query(
    `INSERT INTO receipt (block_hash, instance_id, number, digest, previous_digest, first_sequence, last_sequence, started_at, ended_at, complete,
       leaf_count, shares, pooled_hashes, solo_hashes, root, subtrees)
     SELECT b.hash, b.instance_id, row_number() OVER (ORDER BY b.found_at, b.hash), sha256(b.hash::bytea), sha256(b.prev_hash::bytea),
            1000 * b.round_id, 1000 * b.round_id + 999, coalesce(lag(b.found_at) OVER (ORDER BY b.found_at, b.hash), b.found_at), b.found_at, true,
            c.leaves, 5 * c.leaves, b.round_work_hashes, 0, sha256(b.hash::bytea), decode(repeat('00', 104), 'hex')
       FROM block b JOIN (SELECT hash, count(*) AS leaves FROM credit GROUP BY hash) c USING (hash)`,
  );
  await db.query(
    `INSERT INTO receipt_leaf (block_hash, position, account_id, solo, shares, work_hashes, chain)
     SELECT hash, row_number() OVER (PARTITION BY hash ORDER BY account_id) - 1, account_id, false, 5, 1000000, sha256(hash::bytea) FROM credit`,
  );
  await db.query(
    `INSERT INTO receipt_shares (instance_id, number, account_id, solo, position, count, packed)
     SELECT r.instance_id, r.number, f.account_id, false, 0, 5, decode(repeat('00', 200), 'hex')
       FROM (SELECT * FROM receipt ORDER BY ended_at DESC LIMIT ${SHARES_KEPT}) r JOIN receipt_leaf f USING (block_hash)`,
  );
}

/** As many audit lines as there are accounts. */
export async function seedNotices(db: pg.ClientBase, accounts: number): Promise<void> {
  await db.query(
    `INSERT INTO notice_channel (kind, name, events, target, config_sealed, created_by)
     SELECT 'webhook', 'channel ' || i, ARRAY['block_found', 'payout_sent'], 'hooks.example.com', '', 'owner' FROM generate_series(1, 3) i`,
  );
  await db.query("UPDATE notice_event SET routed_at = now()");
  await db.query(
    `INSERT INTO notice_delivery (event_id, channel_id, state, attempts, answer, answered_at)
     SELECT e.id, c.id, (CASE WHEN e.id % 50 = 0 THEN 'dead' ELSE 'delivered' END)::notice_delivery_state, 1, '204', now()
       FROM notice_event e, notice_channel c`,
  );
  await db.query(
    `INSERT INTO audit_log (at, actor, action, subject, details)
     SELECT now() - interval '1 minute' * ($1::int - i), 'person-' || i % 7, 'payout.' || (ARRAY['approve', 'hold', 'release', 'exclude'])[1 + i % 4],
            'payout_batch:' || i % 500, '{}' FROM generate_series(1, $1::int) i`,
    [accounts],
  );
}

/** A report a minute, at most a month of them, of a few rigs: a page reads those of one. */
export async function seedSamples(db: pg.ClientBase, options: { accounts: number; now_ms: number }): Promise<void> {
  await db.query(
    `INSERT INTO agent_sample (agent_id, at, hashrate_hps, temperature_c_max, load_1m, accepted, rejected)
     SELECT g.id, to_timestamp($1::float8 / 1000) - interval '1 minute' * i, 1e8, 60, 16, i, 0
       FROM (SELECT id FROM agent ORDER BY name LIMIT 5) g, generate_series(0, least(43199, $2::int)) i`,
    [options.now_ms, options.accounts],
  );
}
