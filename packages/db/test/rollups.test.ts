/** What shares add up to is the same however and in whatever order they came, and no page reads the buckets from end to end. */
import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findScans } from "../src/bench/measure.ts";
import { readSubjects } from "../src/bench/page.ts";
import { pagesOf } from "../src/bench/pages.ts";
import { NotEmptyError, seedDatabase } from "../src/bench/seed.ts";
import { startTestPostgres, type TestPostgres } from "../src/embedded/index.ts";
import { applyShares, type BucketDelta, ensureWorker, openDatabase, writeNetworkDifficulty } from "../src/pool/index.ts";
import { accountHashrateSeries, hashrateSeries, listWorkers, openWebDatabase, readStatistics } from "../src/web/index.ts";

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());

const START_MS = Date.UTC(2026, 0, 10, 23, 20);
const HASHES = 2n ** 32n;

/** Every roll-up against the sums of the buckets that it covers. Rows come back where they differ. */
const DIFFERENCES = `
  WITH b AS (SELECT b.*, w.account_id, w.solo FROM share_bucket b JOIN worker w ON w.id = b.worker_id),
       r AS (SELECT coalesce(until, '-infinity') AS until FROM share_rollup),
       pool AS (SELECT s.span_s, date_bin(make_interval(secs => s.span_s), bucket_at, 'epoch') AS at, sum(accepted) AS accepted, sum(stale) AS stale,
                       sum(work_hashes) AS work_hashes FROM b, unnest(ARRAY[10, 60, 3600, 86400]) AS s (span_s) GROUP BY 1, 2),
       round AS (SELECT s.span_s, date_bin(make_interval(secs => s.span_s), bucket_at, 'epoch') AS at, instance_id, round_id, solo,
                        sum(work_hashes) AS work_hashes, sum(window_hashes) AS window_hashes
                   FROM b, unnest(ARRAY[600, 3600, 86400]) AS s (span_s) GROUP BY 1, 2, 3, 4, 5),
       account AS (SELECT s.span_s, date_bin(make_interval(secs => s.span_s), bucket_at, 'epoch') AS at, account_id, instance_id, round_id, solo,
                          sum(accepted) AS accepted, sum(work_hashes) AS work_hashes, sum(window_hashes) AS window_hashes
                     FROM b, r, unnest(ARRAY[600, 3600, 86400]) AS s (span_s) WHERE bucket_at < until GROUP BY 1, 2, 3, 4, 5, 6),
       worker AS (SELECT s.span_s, date_bin(make_interval(secs => s.span_s), bucket_at, 'epoch') AS at, worker_id, sum(accepted) AS accepted,
                         sum(work_hashes) AS work_hashes FROM b, r, unnest(ARRAY[600, 3600, 86400]) AS s (span_s) WHERE bucket_at < until GROUP BY 1, 2, 3),
       total AS (SELECT worker_id, sum(work_hashes) AS work_hashes, min(bucket_at) AS since FROM b, r WHERE bucket_at < until GROUP BY 1)
  SELECT 'pool' AS table FROM pool FULL JOIN pool_work k USING (span_s, at)
   WHERE (pool.accepted, pool.stale, pool.work_hashes) IS DISTINCT FROM (k.accepted, k.stale, k.work_hashes)
  UNION ALL SELECT 'round' FROM round FULL JOIN round_work k USING (span_s, at, instance_id, round_id, solo)
   WHERE (round.work_hashes, round.window_hashes) IS DISTINCT FROM (k.work_hashes, k.window_hashes)
  UNION ALL SELECT 'account' FROM account FULL JOIN account_work k USING (span_s, at, account_id, instance_id, round_id, solo)
   WHERE (account.accepted, account.work_hashes, account.window_hashes) IS DISTINCT FROM (k.accepted, k.work_hashes, k.window_hashes)
  UNION ALL SELECT 'worker' FROM worker FULL JOIN worker_work k USING (span_s, at, worker_id)
   WHERE (worker.accepted, worker.work_hashes) IS DISTINCT FROM (k.accepted, k.work_hashes)
  UNION ALL SELECT 'total' FROM total FULL JOIN worker_total k USING (worker_id)
   WHERE (total.work_hashes, total.since) IS DISTINCT FROM (k.work_hashes, k.since)`;

function delta(bucket_at_ms: number, worker_id: number, shares: number): BucketDelta {
  const work_hashes = BigInt(shares) * HASHES;
  return {
    bucket_at_ms,
    worker_id,
    difficulty: 1,
    accepted: shares,
    stale: shares % 2,
    duplicate: 0,
    low_difficulty: 0,
    invalid: 0,
    work_hashes,
    window_hashes: shares % 3 === 0 ? 0n : work_hashes,
  };
}

test("roll-ups equal the buckets' sums, in whatever order batches of several instances come", async () => {
  const url = await postgres.createMigratedDatabase();
  const database = openDatabase({ url, application_name: "test" });
  try {
    const workers: number[] = [];
    for (const [address, name, solo] of [
      ["bc1qa", "one", false],
      ["bc1qa", "two", false],
      ["bc1qb", "one", false],
      ["bc1qb", "one", true],
    ] as const) {
      workers.push((await ensureWorker(database, address, name, solo)).worker_id);
    }
    await writeNetworkDifficulty(database, { at_ms: START_MS - 60_000, height: 100, difficulty: 50 });
    const offsets = new Map<string, number>();
    const batch = fc.record({
      instance: fc.constantFrom("a", "b"),
      // Ten seconds each over three hours around midnight: some come late, some again.
      shares: fc.array(
        fc.tuple(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 9 })),
        {
          minLength: 1,
          maxLength: 12,
        },
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 6 }), async (batches) => {
        for (const { instance, shares } of batches) {
          const from = offsets.get(instance) ?? 0;
          const buckets = new Map(
            shares.map(([slot, worker, count]) => [
              `${slot} ${worker}`,
              delta(START_MS + slot * 10_000, workers[worker] ?? 0, count),
            ]),
          );
          const applied = await applyShares(database, {
            instance_id: instance,
            from: { segment: 1, offset: from },
            to: { segment: 1, offset: from + 1 },
            buckets: [...buckets.values()],
            workers: [],
            block: null,
            dues: [],
            window_from: { number: 0n, at_ms: null },
            window_to: { number: 0n, at_ms: null },
          });
          expect(applied.applied).toBe(true);
          offsets.set(instance, from + 1);
        }
        expect((await database.query(DIFFERENCES)).rows).toEqual([]);
      }),
      { numRuns: 12 },
    );
    // One block is expected for difficulty × 2^32 hashes.
    const { rows } = await database.query<{ expected: number; work: string }>(
      "SELECT sum(expected_blocks) AS expected, sum(work_hashes) AS work FROM pool_work WHERE span_s = 60",
    );
    expect(rows[0]?.expected).toBeCloseTo(Number(rows[0]?.work) / (50 * 2 ** 32), 6);
  } finally {
    await database.end();
  }
});

test("an account that grows into a farm is charted from its own sums, which are those of its workers' buckets", async () => {
  const url = await postgres.createMigratedDatabase();
  const database = openDatabase({ url, application_name: "test" });
  const web = openWebDatabase(
    { url, connections_max: 1, connect_timeout_ms: 20_000, statement_timeout_ms: 60_000 },
    { onError: () => {} },
  );
  try {
    const now_ms = START_MS + 9 * 3_600_000;
    const workers: number[] = [];
    let offset = 0;
    const mine = async (from_ms: number, to_ms: number) => {
      const buckets: BucketDelta[] = [];
      for (let at_ms = from_ms; at_ms < to_ms; at_ms += 170_000) {
        const place = buckets.length;
        const worker_id = workers[place % workers.length] ?? 0;
        buckets.push(delta(Math.floor(at_ms / 10_000) * 10_000, worker_id, 1 + (place % 5)));
      }
      for (let first = 0; first < buckets.length; first += 20) {
        const applied = await applyShares(database, {
          instance_id: "a",
          from: { segment: 1, offset },
          to: { segment: 1, offset: ++offset },
          buckets: buckets.slice(first, first + 20),
          workers: [],
          block: null,
          dues: [],
          window_from: { number: 0n, at_ms: null },
          window_to: { number: 0n, at_ms: null },
        });
        expect(applied.applied).toBe(true);
      }
    };
    const hire = async (count: number) => {
      const names = Array.from({ length: count }, (_, index) => `rig${workers.length + index}`);
      const hired = await Promise.all(names.map((name) => ensureWorker(database, "bc1qfarm", name)));
      workers.push(...hired.map((worker) => worker.worker_id));
    };
    const charted = async () => {
      const { rows } = await web.sql.query<{ id: number }>("SELECT id FROM account");
      const work: Record<string, number> = {};
      for (const window of ["1h", "6h", "24h"] as const) {
        const series = await accountHashrateSeries(web.sql, rows[0]?.id ?? 0, window, now_ms);
        // The last two steps are not over: what they were measured for is not a whole step.
        const whole = series.hashrate_hps.slice(0, -2).map((rate) => (rate ?? 0) * series.step_s);
        const begin_s = (series.at_ms[0] ?? 0) / 1000;
        work[window] = whole.reduce((sum, hashes) => sum + hashes, 0);
        const { rows: buckets } = await web.sql.query<{ work: number }>(
          `SELECT coalesce(sum(work_hashes), 0)::float8 AS work FROM share_bucket
            WHERE bucket_at >= to_timestamp($1) AND bucket_at < to_timestamp($2)`,
          [begin_s, begin_s + whole.length * series.step_s],
        );
        expect(work[window] / Number(HASHES), window).toBeCloseTo((buckets[0]?.work ?? 0) / Number(HASHES), 3);
      }
      return work;
    };
    await hire(9);
    await mine(START_MS, START_MS + 5 * 3_600_000);
    await hire(4);
    const { rows: kept } = await database.query<{ n: number }>("SELECT count(*)::int AS n FROM account_recent");
    expect(kept[0]?.n).toBeGreaterThan(90);
    await mine(START_MS + 5 * 3_600_000, now_ms);
    const work = await charted();
    expect(work["1h"]).toBeGreaterThan(0);
    // Late shares are added, and what no chart reaches any more is gone.
    await mine(START_MS + 7 * 3_600_000 + 10_000, START_MS + 8 * 3_600_000);
    expect((await charted())["6h"]).toBeGreaterThan(work["6h"] ?? 0);
    const { rows: oldest } = await database.query<{ kept: boolean }>(
      "SELECT min(at) >= (SELECT until FROM share_rollup) - interval '7 hours' AS kept FROM account_recent",
    );
    expect(oldest[0]?.kept).toBe(true);
  } finally {
    await web.close();
    await database.end();
  }
});

test("a made-up pool: every page asks indexes, and what it shows agrees with the buckets", { timeout: 180_000 }, async () => {
  const url = await postgres.createMigratedDatabase();
  const now_ms = Math.floor(Date.now() / 1000) * 1000;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const database = openWebDatabase(
    { url, connections_max: 1, connect_timeout_ms: 20_000, statement_timeout_ms: 60_000 },
    { onError: () => {} },
  );
  try {
    const options = { accounts: 300, buckets: 15_000, blocks: 60, rigs: 40, history_days: 40, now_ms };
    await seedDatabase(client, options, () => {});
    await expect(seedDatabase(client, options, () => {})).rejects.toThrow(NotEmptyError);
    expect((await client.query(DIFFERENCES)).rows).toEqual([]);
    const { sql } = database;
    const pages = pagesOf(await readSubjects(sql, now_ms));
    // So small a database is read from end to end gladly: what is asked is whether anything has to be.
    await sql.query("SET enable_seqscan = off");
    expect(await findScans(sql, pages, now_ms)).toEqual([]);
    await sql.query("SET enable_seqscan = on");

    // The year's chart of the pool, and of a worker and its account, against the buckets themselves.
    const work = async (where: string) =>
      (
        await sql.query<{ work: number }>(
          `SELECT coalesce(sum(work_hashes), 0)::float8 AS work FROM share_bucket b JOIN worker w ON w.id = b.worker_id WHERE ${where}`,
        )
      ).rows[0]?.work ?? 0;
    for (const window of ["7d", "30d", "1y"] as const) {
      for (const [series, where, measured_s] of [
        [await hashrateSeries(sql, null, window, now_ms), "true", 10],
        [await hashrateSeries(sql, 1, window, now_ms), "b.worker_id = 1", 10],
        // The farm's, which is measured in half minutes, and that of an account with one worker.
        [await accountHashrateSeries(sql, 1, window, now_ms), "w.account_id = 1", 30],
        [await accountHashrateSeries(sql, 2, window, now_ms), "w.account_id = 2", 10],
      ] as const) {
        // A whole step in the middle: work over its seconds.
        const index = series.at_ms.length - 2;
        const from_s = (series.at_ms[index] ?? 0) / 1000;
        const range = `b.bucket_at >= to_timestamp(${from_s}) AND b.bucket_at < to_timestamp(${from_s + series.step_s})`;
        expect(series.hashrate_hps[index], `${where} ${window}`).toBeCloseTo(
          (await work(`${where} AND ${range}`)) / series.step_s,
          0,
        );
        // The step that is running: to the last whole bucket.
        const open_s = (series.at_ms.at(-1) ?? 0) / 1000;
        const end_s = Math.floor((now_ms / 1000 - 5) / measured_s) * measured_s;
        const running = await work(
          `${where} AND b.bucket_at >= to_timestamp(${open_s}) AND b.bucket_at < to_timestamp(${end_s})`,
        );
        const rate = series.hashrate_hps.at(-1);
        if (rate !== null && rate !== undefined) expect(rate * (end_s - open_s)).toBeCloseTo(running, -2);
      }
    }
    // The list's first pages come out of an index, the others out of a sort: in one order, and each with the number of all.
    // One transaction has one clock, and the pool one connection: nobody becomes idle meanwhile.
    await sql.query("BEGIN");
    const listed: number[] = [];
    for (const state of [null, "mining", "idle", "offline"] as const) {
      const ids: number[] = [];
      let total = 0;
      for (let page = 1; page === 1 || ids.length < total; page++) {
        const query = { q: "", state, account_id: null, sort: "hashrate", dir: "desc", page, page_size: 37 } as const;
        const found = await listWorkers(sql, query);
        total = found.total;
        expect(found.rows.length).toBe(Math.min(37, total - ids.length));
        ids.push(...found.rows.map((row) => row.id));
      }
      if (state === null) {
        const { rows } = await sql.query<{ id: number }>(
          `SELECT worker_id AS id FROM worker_state
            ORDER BY CASE WHEN last_share_at > now() - interval '15 minutes' THEN hashrate_m15_hps ELSE 0 END DESC, worker_id DESC`,
        );
        expect(ids).toEqual(rows.map((row) => row.id));
      } else listed.push(...ids);
    }
    await sql.query("COMMIT");
    expect(new Set(listed).size).toBe(300);
    expect(listed).toHaveLength(300);

    const { statistics } = await readStatistics(sql, now_ms);
    const efforts = await sql.query<{ sum: number }>(
      "SELECT sum(effort)::float8 AS sum FROM (SELECT effort FROM block ORDER BY found_at DESC LIMIT 50) b",
    );
    expect(statistics.luck.find((one) => one.window === "50 blocks")?.expected).toBeCloseTo(efforts.rows[0]?.sum ?? 0, 6);
    expect(statistics.withholding.tested).toBeGreaterThan(0);
  } finally {
    await database.close();
    await client.end();
  }
});
