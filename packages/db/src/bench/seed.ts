/**
 * A large pool's database, made up: a year of shares that grow dense towards now, accounts of very different size, blocks with efforts
 * as luck makes them and their ledger entries, and rigs. The same call makes the same database but for the clock.
 */
import { createHash } from "node:crypto";
import { scriptAddress } from "@otedama/shared";
import type pg from "pg";
import { seedNotices, seedPayouts, seedPolicy, seedReceipts, seedSamples } from "./seed_money.ts";

export interface SeedOptions {
  accounts: number;
  buckets: number;
  blocks: number;
  rigs: number;
  /** 365 unless said otherwise. */
  history_days?: number;
  now_ms: number;
}

/** Buckets and addresses written in one statement. */
const CHUNK = 500_000;
const ADDRESSES = 10_000;
/** The largest farm: every 25th worker is its. */
const FARM_PART = 25;
const ACCOUNTS_PER_BLOCK = 200;
const HISTORY_DAYS = 365;
const REWARD_SATS = 312_500_000;

const historyOf = (options: SeedOptions): number => (options.history_days ?? HISTORY_DAYS) * 86_400;

export class NotEmptyError extends Error {}

/** Refuses (NotEmptyError) a database in which anybody has mined, signed in or been paid. */
export async function refuseUsed(db: pg.ClientBase): Promise<void> {
  const { rows } = await db.query<{ name: string }>(
    ["account", "worker", "share_bucket", "block", "ledger_entry", "agent", '"user"', "share_log_cursor", "pool_policy"]
      .map((table) => `SELECT '${table.replaceAll('"', "")}' AS name WHERE EXISTS (SELECT 1 FROM ${table})`)
      .join(" UNION ALL "),
  );
  if (rows.length > 0) {
    throw new NotEmptyError(
      `the database holds data already (${rows.map((row) => row.name).join(", ")}): name an empty one, made for this`,
    );
  }
}

export async function seedDatabase(db: pg.ClientBase, options: SeedOptions, progress: (line: string) => void): Promise<void> {
  await refuseUsed(db);
  await db.query("SET statement_timeout = 0");
  await db.query("SET synchronous_commit = off");
  await db.query("SELECT setseed(0.42)");
  await seedPolicy(db);
  await seedWorkers(db, options);
  progress(`${options.accounts} accounts with their workers`);
  await seedBuckets(db, options, progress);
  progress("roll-ups, as their triggers make them");
  await rollUp(db);
  await seedBlocks(db, options);
  progress(`${options.blocks} blocks`);
  await seedLedger(db, options);
  progress("ledger entries and balances");
  await seedPayouts(db);
  await seedReceipts(db);
  await seedNotices(db, options.accounts);
  progress("payouts, receipts, notices and audit lines");
  await seedWorkerStates(db, options);
  await seedRigs(db, options);
  await seedSamples(db, options);
  progress(`${options.rigs} rigs`);
  await db.query("VACUUM (ANALYZE)");
}

/** Of the main network: what a plan of payouts looks at has to be payable. */
function addressOf(account: number): string {
  const key_hash = createHash("sha256").update(`account ${account}`).digest().subarray(0, 20);
  const address = scriptAddress(Uint8Array.of(0x00, key_hash.length, ...key_hash), "main");
  if (address === null) throw new Error("a witness program has an address");
  return address;
}

async function seedWorkers(db: pg.ClientBase, options: SeedOptions): Promise<void> {
  const { accounts, now_ms } = options;
  for (let first = 1; first <= accounts; first += ADDRESSES) {
    const addresses = Array.from({ length: Math.min(ADDRESSES, accounts - first + 1) }, (_, index) => addressOf(first + index));
    await db.query(
      `INSERT INTO account (address, created_at)
       SELECT address, to_timestamp($2::float8 / 1000 - ${historyOf(options)} * (1 - ($3 + i)::float8 / $1))
         FROM unnest($4::text[]) WITH ORDINALITY AS v (address, i) ORDER BY i`,
      [accounts, now_ms, first - 1, addresses],
    );
  }
  await db.query(
    `INSERT INTO worker (account_id, name, first_seen_at)
     SELECT CASE WHEN i % ${FARM_PART} = 0 THEN 1 ELSE a.id END, 'rig' || i, a.created_at
       FROM (SELECT id, created_at, row_number() OVER (ORDER BY id) AS i FROM account) a ORDER BY i`,
  );
}

/**
 * Bucket i of n lies at now − a year × (1 − i/n)³, so they come in the order of time, ever denser. Workers take turns in as many places
 * as there are buckets in ten seconds; a place goes to another worker every six hours, but for the first few, whose workers never
 * rest. Foreign keys and triggers are off meanwhile: the roll-ups are made in one go afterwards, by the triggers' own statements.
 */
async function seedBuckets(db: pg.ClientBase, options: SeedOptions, progress: (line: string) => void): Promise<void> {
  // Some fall on the same worker, time and difficulty and are one bucket then.
  const wanted = Math.round(options.buckets * 1.03);
  const history_s = historyOf(options);
  await db.query("SET session_replication_role = replica");
  // Indexes that are not in the order of time are made when everything is there.
  const { rows: indexes } = await db.query<{ indexname: string; indexdef: string }>(
    "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'share_bucket' AND schemaname = current_schema() AND indexname NOT LIKE '%pkey'",
  );
  for (const { indexname } of indexes) await db.query(`DROP INDEX "${indexname}"`);
  // Rounds end at random, so that efforts are spread as luck spreads them.
  await db.query(
    `CREATE TEMP TABLE round_end AS SELECT array_agg(e ORDER BY e) AS ends
       FROM (SELECT random() * $1::float8 AS e FROM generate_series(1, $2::int)) r`,
    [wanted, options.blocks],
  );
  for (let from = 0; from < wanted; from += CHUNK) {
    const to = Math.min(from + CHUNK, wanted) - 1;
    await db.query(
      `INSERT INTO share_bucket (bucket_at, worker_id, round_id, difficulty, accepted, stale, duplicate, low_difficulty, invalid, work_hashes,
         window_hashes)
       SELECT at, worker_id, width_bucket(i::float8, ends), difficulty, accepted, (r < 0.02)::int, (r > 0.999)::int,
              (r BETWEEN 0.5 AND 0.503)::int, (r BETWEEN 0.7 AND 0.701)::int, accepted * difficulty::numeric * 4294967296,
              accepted * difficulty::numeric * 4294967296
         FROM (SELECT i, at, worker_id, 1024 * 2 ^ (worker_id % 5) AS difficulty, 1 + floor(3 * random())::int AS accepted, random() AS r
                 FROM (SELECT i, at, CASE WHEN place < 4 THEN 1 + place
                         ELSE 1 + abs(hashint8(place * 1000003 + floor(extract(epoch FROM at) / 21600)::bigint)::bigint) % $3::int END AS worker_id
                         FROM (SELECT i, i % power(2, ceil(ln(greatest(4, 15 * $2 / (3 * ${history_s} * power(1 - i::float8 / $2, 2)))) / ln(2)))::bigint AS place,
                                 to_timestamp(floor(($1::float8 / 1000 - 5 - ${history_s} * power(1 - i::float8 / $2, 3)) / 10) * 10) AS at
                                 FROM generate_series($4::bigint, $5::bigint) i) placed) picked) b, round_end
       ON CONFLICT DO NOTHING`,
      [options.now_ms, wanted, options.accounts, from, to],
    );
    progress(`${Math.min(to + 1, wanted)} of ${wanted} buckets`);
  }
  await db.query("SET maintenance_work_mem = '512MB'");
  for (const { indexdef } of indexes) await db.query(indexdef);
  await db.query("SET session_replication_role = origin");
}

async function rollUp(db: pg.ClientBase): Promise<void> {
  await db.query("ANALYZE share_bucket");
  // One difficulty for the year, at which the blocks' expected number is what was asked for.
  await db.query(
    `INSERT INTO network_difficulty (at, height, difficulty)
     SELECT min(bucket_at), 800000, sum(work_hashes) / 4294967296 / (SELECT cardinality(ends) FROM round_end) FROM share_bucket`,
  );
  await db.query("SET work_mem = '256MB'");
  await db.query(`DO $$ BEGIN
    EXECUTE pool_rollup_statement('SELECT * FROM "share_bucket"');
    PERFORM roll_shares_up((SELECT date_bin('10 minutes', max(bucket_at), 'epoch') FROM "share_bucket"));
    EXECUTE account_recent_statement('SELECT * FROM "share_bucket"', (SELECT until FROM "share_rollup") - interval '7 hours');
  END $$`);
  await db.query("RESET work_mem");
  await db.query("ANALYZE");
}

async function seedBlocks(db: pg.ClientBase, { blocks }: SeedOptions): Promise<void> {
  await db.query(
    `INSERT INTO block (hash, height, state, instance_id, worker_id, round_id, prev_hash, coinbase_txid, found_at, confirmations, reward_sats,
       fees_sats, network_difficulty, share_difficulty, round_work_hashes, effort, transactions, size_bytes, policy_version)
     SELECT lpad(md5('b' || r.round_id) || md5('c' || r.round_id), 64, '0'), 800000 + r.round_id,
            (CASE WHEN r.round_id > $1::int - 20 THEN 'pending' WHEN r.round_id % 97 = 0 THEN 'orphaned' ELSE 'confirmed' END)::block_state,
            'pool-1', b.worker_id, r.round_id, md5('p' || r.round_id) || md5('q' || r.round_id), md5('t' || r.round_id) || md5('u' || r.round_id),
            b.bucket_at, least(100, 3 * ($1::int - r.round_id)), ${REWARD_SATS}, 1000000, d.difficulty, d.difficulty * 1.5,
            r.work, r.work / (d.difficulty * 4294967296)::numeric, 2500, 1400000, (SELECT max(version) FROM pool_policy)
       FROM (SELECT round_id, sum(work_hashes) AS work FROM round_work WHERE span_s = 86400 GROUP BY round_id) r
       CROSS JOIN network_difficulty d
       CROSS JOIN LATERAL (SELECT (array_agg(worker_id ORDER BY bucket_at DESC))[1] AS worker_id, max(bucket_at) AS bucket_at
                             FROM share_bucket s WHERE s.instance_id = 'pool-1' AND s.round_id = r.round_id) b
      WHERE r.round_id < $1::int`,
    [blocks],
  );
}

/**
 * Each block is shared out over some accounts, drawn anew for each, since a window reaches over many of them; and moved on when it is
 * confirmed or orphaned: as the pool's own entries do.
 */
async function seedLedger(db: pg.ClientBase, { accounts }: SeedOptions): Promise<void> {
  await db.query("BEGIN");
  await db.query(
    `INSERT INTO ledger_account (kind, account_id)
     SELECT k.kind, a.id FROM account a, unnest(ARRAY['miner_pending', 'miner_available']::ledger_account_kind[]) AS k (kind)
     UNION ALL SELECT k.kind, NULL FROM unnest(ARRAY['coinbase', 'fee_pending', 'fee_available']::ledger_account_kind[]) AS k (kind)`,
  );
  await db.query(
    `CREATE TEMP TABLE credit AS
     SELECT DISTINCT b.hash, 1 + abs(hashint8(1000003 * b.round_id + k)::bigint) % $1::int AS account_id,
            (${REWARD_SATS} * 0.99 / ${ACCOUNTS_PER_BLOCK})::bigint AS sats
       FROM block b, generate_series(1, ${ACCOUNTS_PER_BLOCK}) k`,
    [accounts],
  );
  await db.query("ANALYZE credit");
  await db.query("ANALYZE ledger_account");
  const entries = (cause: string, states: string) =>
    db.query(
      `INSERT INTO ledger_entry (cause, cause_key, block_hash, created_at)
       SELECT '${cause}', hash, hash, found_at FROM block WHERE state IN (${states}) ORDER BY found_at`,
    );
  const miners = (cause: string, kind: string, sign: 1 | -1) =>
    db.query(
      `INSERT INTO ledger_posting (entry_id, ledger_account_id, amount_sats)
       SELECT e.id, l.id, ${sign} * c.sats FROM ledger_entry e JOIN credit c ON c.hash = e.block_hash
         JOIN ledger_account l ON l.kind = '${kind}' AND l.account_id = c.account_id WHERE e.cause = '${cause}' ORDER BY e.id, l.id`,
    );
  // Of the reward, or of what is left of it for the fee.
  const own = (cause: string, kind: string, sign: 1 | -1, part: "reward" | "fee") =>
    db.query(
      `INSERT INTO ledger_posting (entry_id, ledger_account_id, amount_sats)
       SELECT e.id, l.id, ${sign} * (${REWARD_SATS}${part === "fee" ? " - coalesce(t.sats, 0)" : ""}) FROM ledger_entry e
         JOIN ledger_account l ON l.kind = '${kind}' AND l.account_id IS NULL
         LEFT JOIN (SELECT hash, sum(sats)::bigint AS sats FROM credit GROUP BY hash) t ON t.hash = e.block_hash
        WHERE e.cause = '${cause}'`,
    );
  await entries("block_credit", "'pending', 'confirmed', 'orphaned'");
  await own("block_credit", "coinbase", -1, "reward");
  await own("block_credit", "fee_pending", 1, "fee");
  await miners("block_credit", "miner_pending", 1);
  await entries("block_mature", "'confirmed'");
  await own("block_mature", "fee_pending", -1, "fee");
  await own("block_mature", "fee_available", 1, "fee");
  await miners("block_mature", "miner_pending", -1);
  await miners("block_mature", "miner_available", 1);
  await entries("block_orphan", "'orphaned'");
  await own("block_orphan", "coinbase", 1, "reward");
  await own("block_orphan", "fee_pending", -1, "fee");
  await miners("block_orphan", "miner_pending", -1);
  await db.query("COMMIT");
}

/** Three of five are connected, nearly all of those with a share in the last minutes. */
async function seedWorkerStates(db: pg.ClientBase, { now_ms }: SeedOptions): Promise<void> {
  await db.query("TRUNCATE worker_state");
  await db.query(
    `INSERT INTO worker_state (worker_id, connections, user_agent, difficulty, hashrate_m1_hps, hashrate_m15_hps, hashrate_d1_hps, accepted,
       stale, duplicate, low_difficulty, invalid, last_share_at)
     SELECT w.id, (w.id % 5 < 3)::int, 'cgminer/4.12.' || w.id % 9, 1024 * 2 ^ (w.id % 5), rate, rate, rate, coalesce(t.accepted, 0),
            coalesce(t.rejected, 0), 0, 0, 0,
            to_timestamp($1::float8 / 1000) - CASE WHEN w.id % 5 < 3 THEN interval '10 minutes' * random() * 1.05 ELSE interval '30 days' * random() END
       FROM (SELECT id, CASE WHEN id % 5 < 3 THEN 1e12 * power(random(), 3) ELSE 0 END AS rate FROM worker) w
       LEFT JOIN (SELECT worker_id, sum(accepted) AS accepted, sum(rejected) AS rejected FROM worker_work WHERE span_s = 86400
                   GROUP BY worker_id) t ON t.worker_id = w.id`,
    [now_ms],
  );
}

async function seedRigs(db: pg.ClientBase, { rigs, now_ms }: SeedOptions): Promise<void> {
  await db.query("INSERT INTO site (name) SELECT 'hall ' || i FROM generate_series(1, 8) i");
  await db.query(
    `INSERT INTO agent (id, site_id, name, hello, telemetry, last_seen_at)
     SELECT ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, s.ids[1 + i % 8], 'rig-' || i,
       jsonb_build_object('protocol', 1, 'agent_id', ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, 'name', 'rig-' || i, 'hostname', 'host-' || i, 'os', 'linux 6.1',
         'arch', 'x64', 'version', '0.1.0', 'cpu', jsonb_build_object('model', 'A processor', 'cores', 16, 'threads', 32, 'numa_nodes', 1,
         'features', jsonb_build_array('sse4_1', 'avx2', 'sha_ni'))),
       jsonb_build_object('at_ms', $2::bigint, 'uptime_s', 3600 + i, 'load_1m', 16.5, 'memory_total_bytes', 64000000000,
         'memory_free_bytes', 50000000000, 'pool', jsonb_build_object('url', 'stratum+tcp://127.0.0.1:3333', 'user', 'bc1qrig.' || i,
         'state', CASE WHEN i % 50 = 0 THEN 'connecting' ELSE 'mining' END, 'message', NULL, 'difficulty', 1024, 'latency_ms', 1.5,
         'shares', jsonb_build_object('accepted', 1000 + i, 'stale', 3, 'duplicate', 0, 'low_difficulty', 0, 'unauthorized', 0, 'invalid', 0),
         'last_share_at_ms', $2::bigint), 'devices', jsonb_build_array(jsonb_build_object('device_id', 'cpu0', 'kind', 'cpu', 'name', 'A processor',
         'kernel', 'sha256d/avx2', 'threads', 32, 'hashrate_hps', jsonb_build_object('s10', 1e8 + i, 's60', 1e8 + i, 'm15', 1e8 + i),
         'temperature_c', 50 + i % 40, 'power_watts', NULL, 'hardware_errors', 0))),
       to_timestamp($2::float8 / 1000) - CASE WHEN i % 20 = 0 THEN interval '1 day' ELSE interval '1 second' END
       FROM generate_series(1, $1::int) i, (SELECT array_agg(id) AS ids FROM site) s`,
    [rigs, now_ms],
  );
}
