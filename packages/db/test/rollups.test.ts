/** What shares add up to is the same however and in whatever order they came, and no page reads the buckets from end to end. */
import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findScans } from "../src/bench/measure.ts";
import { pagesOf, readSubjects } from "../src/bench/pages.ts";
import { NotEmptyError, seedDatabase } from "../src/bench/seed.ts";
import { startTestPostgres, type TestPostgres } from "../src/embedded/index.ts";
import { applyShares, type BucketDelta, ensureWorker, openDatabase, writeNetworkDifficulty } from "../src/pool/index.ts";
import { accountHashrateSeries, hashrateSeries, openWebDatabase, readStatistics } from "../src/web/index.ts";

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

test("a made-up pool: every page asks indexes, and what it shows agrees with the buckets", async () => {
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
    expect(await findScans(sql, pages)).toEqual([]);
    await sql.query("SET enable_seqscan = on");

    // The year's chart of the pool, and of a worker and its account, against the buckets themselves.
    const work = async (where: string) =>
      (
        await sql.query<{ work: number }>(
          `SELECT coalesce(sum(work_hashes), 0)::float8 AS work FROM share_bucket b JOIN worker w ON w.id = b.worker_id WHERE ${where}`,
        )
      ).rows[0]?.work ?? 0;
    const end_ms = Math.floor((now_ms / 1000 - 5) / 10) * 10_000;
    for (const window of ["7d", "30d", "1y"] as const) {
      for (const [series, where] of [
        [await hashrateSeries(sql, null, window, now_ms), "true"],
        [await hashrateSeries(sql, 1, window, now_ms), "b.worker_id = 1"],
        [await accountHashrateSeries(sql, 1, window, now_ms), "w.account_id = 1"],
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
        const running = await work(
          `${where} AND b.bucket_at >= to_timestamp(${open_s}) AND b.bucket_at < to_timestamp(${end_ms / 1000})`,
        );
        const rate = series.hashrate_hps.at(-1);
        if (rate !== null && rate !== undefined) expect(rate * (end_ms / 1000 - open_s)).toBeCloseTo(running, -2);
      }
    }
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
