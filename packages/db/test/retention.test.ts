/** What is dropped of old shares, and that nothing is paid, measured or drawn differently after it. */
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seedDatabase } from "../src/bench/seed.ts";
import { startTestPostgres, type TestPostgres } from "../src/embedded/index.ts";
import {
  type BlockPlace,
  type Database,
  dropDetail,
  openDatabase,
  packBuckets,
  type RetentionBounds,
  readRetentionBounds,
  readRound,
  readRoundWork,
  readWorkWindow,
} from "../src/pool/index.ts";
import { accountHashrateSeries, hashrateSeries, openWebDatabase, readStatistics } from "../src/web/index.ts";

const DAY_MS = 86_400_000;
const NOW_MS = Math.floor(Date.now() / 1000) * 1000;
let postgres: TestPostgres;
let url: string;
let database: Database;
beforeAll(async () => {
  postgres = await startTestPostgres();
  url = await postgres.createMigratedDatabase();
  database = openDatabase({ url, application_name: "test" });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const options = { accounts: 60, buckets: 8_000, blocks: 80, rigs: 1, history_days: 60, now_ms: NOW_MS };
  await seedDatabase(client, options, () => {});
  await client.end();
  await database.query("UPDATE block SET updated_at = found_at WHERE state <> 'pending'");
});
afterAll(async () => {
  await database.end();
  await postgres.stop();
});

const bounds = async (keep_days: number): Promise<RetentionBounds> => {
  const found = await readRetentionBounds(database, keep_days);
  if (found === null) throw new Error("there is nothing to keep within bounds");
  return found;
};

/** Ten minutes that lie some days back, and the next ones: the clock goes on while it is asked. */
const daysBack = (days: number): number[] => {
  const now_s = Math.floor((Date.now() - days * DAY_MS) / 600_000) * 600;
  return [now_s - 600, now_s];
};

async function clean(bounds: RetentionBounds): Promise<void> {
  expect(await packBuckets(database, bounds.pack_before_s, null)).toBe(null);
  while (await dropDetail(database, bounds, () => false)) {}
}

interface Found extends BlockPlace {
  difficulty: number;
}

async function blocksSince(since_s: number): Promise<Found[]> {
  const { rows } = await database.query<{ instance_id: string; round_id: string; found_ms: string; difficulty: number }>(
    `SELECT instance_id, round_id, extract(epoch FROM found_at) * 1000 AS found_ms, network_difficulty AS difficulty FROM block
      WHERE found_at >= to_timestamp($1::float8) ORDER BY found_at, hash`,
    [since_s],
  );
  return rows.map(({ instance_id, round_id, found_ms, difficulty }) => ({
    instance_id,
    round_id: BigInt(round_id),
    found_at_ms: Number(found_ms),
    difficulty,
  }));
}

/** All that anybody reads of shares for blocks from a time on. */
async function everythingRead(since_s: number) {
  const blocks = await blocksSince(since_s);
  expect(blocks.length).toBeGreaterThan(5);
  const money = [];
  for (const [index, place] of blocks.entries()) {
    if (index % 6 !== 0) continue;
    // Up to what is reckoned with: four times the policy's.
    for (const windows of [0.3, 2, 8])
      money.push(await readWorkWindow(database, place, BigInt(Math.floor(windows * place.difficulty)) * 2n ** 32n));
    const before = blocks[index - 2];
    if (before)
      money.push(await readRoundWork(database, place, before, "window"), await readRoundWork(database, place, before, "all"));
  }
  const web = openWebDatabase(
    { url, connections_max: 1, connect_timeout_ms: 20_000, statement_timeout_ms: 60_000 },
    { onError: () => {} },
  );
  try {
    const charts = [];
    for (const window of ["1h", "6h", "24h", "7d", "30d", "1y"] as const) {
      charts.push(await hashrateSeries(web.sql, null, window, NOW_MS));
      for (const id of [1, 2])
        charts.push(await hashrateSeries(web.sql, id, window, NOW_MS), await accountHashrateSeries(web.sql, id, window, NOW_MS));
    }
    return { money, charts, statistics: await readStatistics(web.sql, NOW_MS), round: await readRound(database, "pool-1") };
  } finally {
    await web.close();
  }
}

const count = async (what: string): Promise<number> =>
  (await database.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${what}`)).rows[0]?.n ?? 0;

test("old buckets go, and what is read of the rest is the same to the hash", { timeout: 180_000 }, async () => {
  // The oldest open block is some days old: nothing after it is touched, whatever the setting.
  const { rows } = await database.query<{ oldest_s: number }>(
    "SELECT extract(epoch FROM min(found_at))::float8 AS oldest_s FROM block WHERE state = 'pending'",
  );
  const oldest_s = rows[0]?.oldest_s ?? 0;
  const careful = await bounds(3);
  expect([...daysBack(3), Math.floor(oldest_s / 600) * 600]).toContain(careful.pack_before_s);
  expect(careful.pack_before_s).toBeLessThanOrEqual(Math.min(oldest_s, Math.max(...daysBack(3))));
  expect(careful.fine_from_s).toBeLessThanOrEqual(careful.pack_before_s);
  expect(careful.fine_from_s % 86_400).toBe(0);

  const before = await everythingRead(careful.pack_before_s);
  const all = await count("share_bucket");
  await clean(careful);
  const old = `to_timestamp(${careful.pack_before_s})`;
  expect(await count(`share_bucket WHERE bucket_at < ${old}`)).toBe(0);
  expect(await count("share_bucket")).toBeGreaterThan(0);
  expect(await count("share_bucket")).toBeLessThan(all);
  expect(await count("account_slice")).toBeGreaterThan(0);
  expect(await count(`account_slice WHERE at < to_timestamp(${careful.fine_from_s})`)).toBe(0);
  expect(await count(`account_work WHERE span_s = 600 AND at < to_timestamp(${careful.fine_from_s})`)).toBe(0);
  expect(await count("account_work WHERE span_s = 86400 AND at < now() - interval '50 days'")).toBeGreaterThan(0);
  expect(await everythingRead(careful.pack_before_s)).toEqual(before);
  // A second time there is nothing to do.
  const packed = await count("account_slice");
  await clean(careful);
  expect(await count("account_slice")).toBe(packed);
});

test("a block of before what is kept is refused, and a window that is made much larger begins with a whole day", async () => {
  const { fine_from_s } = await bounds(3);
  const [ancient] = await blocksSince(0);
  const [newest] = (await blocksSince(fine_from_s)).slice(-1);
  if (!ancient || !newest) throw new Error("there are no blocks");
  await expect(readWorkWindow(database, ancient, 2n ** 40n)).rejects.toThrow(/is known by whole days alone/);
  await expect(readRoundWork(database, newest, ancient, "window")).rejects.toThrow(/is known by whole days alone/);
  // What it took to find a block that long after another one is not money: it is measured by what is there.
  const work = async (of: "window" | "all", since: BlockPlace | null) =>
    (await readRoundWork(database, newest, since, of)).reduce((sum, part) => sum + part.work_hashes, 0n);
  const { rows } = await database.query<{ work: string }>(
    "SELECT sum(work_hashes)::text AS work FROM round_work WHERE span_s = 86400 AND round_id > $1::bigint AND round_id <= $2::bigint",
    [ancient.round_id.toString(), newest.round_id.toString()],
  );
  expect(await work("all", ancient)).toBe(BigInt(rows[0]?.work ?? 0));
  const total = await work("window", null);
  const window = (total * 9n) / 10n;
  const { whole, cut, cut_hashes } = await readWorkWindow(database, newest, window);
  expect(whole.reduce((sum, part) => sum + part.work_hashes, 0n) + cut_hashes).toBe(window);
  expect(cut.reduce((sum, part) => sum + part.work_hashes, 0n)).toBeGreaterThanOrEqual(cut_hashes);
});

test("nothing is dropped that an instance which is behind, a round or a large window may need", async () => {
  await database.query("UPDATE block SET state = 'confirmed', updated_at = found_at WHERE state = 'pending'");
  const free = await bounds(3);
  expect(daysBack(3)).toContain(free.pack_before_s);

  const behind_s = NOW_MS / 1000 - 9 * 86_400;
  await database.query(
    `INSERT INTO share_log_cursor (instance_id, segment, "offset", seen_at, caught_up_at) VALUES ('late', 1, 0, now(), to_timestamp($1::float8))`,
    [behind_s],
  );
  expect((await bounds(3)).pack_before_s).toBe(Math.floor(behind_s / 600) * 600);
  await database.query("UPDATE share_log_cursor SET caught_up_at = NULL WHERE instance_id = 'late'");
  expect(await readRetentionBounds(database, 3)).toBe(null);
  await database.query("UPDATE share_log_cursor SET seen_at = now() - interval '90 days' WHERE instance_id = 'late'");
  expect(daysBack(3)).toContain((await bounds(3)).pack_before_s);

  const setting = async (pplns_window: number) =>
    database.query(
      `INSERT INTO pool_policy (policy, created_by, reason)
       SELECT jsonb_set(policy, '{pplns_window}', to_jsonb($1::float8)), 'x', 'x' FROM pool_policy ORDER BY version DESC LIMIT 1`,
      [pplns_window],
    );
  await setting(15);
  const large = await bounds(3);
  expect(daysBack(3)).toContain(large.pack_before_s);
  expect(large.fine_from_s).toBeLessThan(free.fine_from_s);
  await setting(1_000);
  expect((await bounds(3)).fine_from_s).toBe(Number.NEGATIVE_INFINITY);
  // A pool without a block keeps everything from its beginning in a form that a round can be shared out by.
  await setting(0.1);
  expect((await bounds(3)).fine_from_s).toBeGreaterThan(0);
  await database.query("UPDATE block SET state = 'rejected'");
  expect((await bounds(3)).fine_from_s).toBe(Number.NEGATIVE_INFINITY);
  expect(daysBack(30)).toContain((await bounds(30)).pack_before_s);
});
