/** A pool puts old shares away by itself. */
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { type Database, ensureWorker, openDatabase } from "@otedama/db/pool";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ShareRetention } from "../src/shares/retention.ts";

let postgres: TestPostgres;
let database: Database;
beforeAll(async () => {
  postgres = await startTestPostgres();
  database = openDatabase({ url: await postgres.createMigratedDatabase(), application_name: "test" });
});
afterAll(async () => {
  await database.end();
  await postgres.stop();
});

test("buckets older than the setting are packed, as long as the database is up, and no other process is at it", async () => {
  const { worker_id } = await ensureWorker(database, "bc1qa", "one");
  // More than one transaction takes, half of them old.
  await database.query(
    `INSERT INTO share_bucket (bucket_at, worker_id, instance_id, round_id, difficulty, accepted, work_hashes, window_hashes)
     SELECT date_bin('10 seconds', now(), 'epoch') - interval '10 days' + interval '10 seconds' * i * 2, $1, 'a', 0, 1, 1, 4294967296, 4294967296
       FROM generate_series(0, 43199) i`,
    [worker_id],
  );
  // By one time, which goes on meanwhile for what is looked at.
  const { rows: clock } = await database.query<{ now: string }>("SELECT now()::text AS now");
  const sums = async () => {
    const { rows } = await database.query<{ old: number; young: number; packed: number }>(
      `SELECT count(*) FILTER (WHERE bucket_at < $1::timestamptz - interval '5 days 20 minutes')::int AS old,
              count(*) FILTER (WHERE bucket_at >= $1::timestamptz - interval '4 days 12 hours')::int AS young,
              (SELECT coalesce(sum(cardinality(slots)), 0)::int FROM account_slice) AS packed FROM share_bucket`,
      [clock[0]?.now],
    );
    return rows[0];
  };
  const before = await sums();
  expect(before).toMatchObject({ packed: 0 });
  expect(before?.old).toBeGreaterThan(20_000);
  let up = false;
  const trouble: Error[] = [];
  const retention = new ShareRetention(
    { keep_days: 5, every_ms: 3_600_000 },
    {
      database,
      databaseUp: () => up,
      monotonic_ms: () => performance.now(),
      onTrouble: (error) => trouble.push(error),
    },
  );
  await retention.pass();
  expect(await sums()).toEqual(before);

  up = true;
  const other = await database.connect();
  await other.query("BEGIN");
  await other.query("SELECT pg_advisory_xact_lock($1)", [0x0ed4_0701]);
  await retention.pass();
  expect(await sums()).toMatchObject({ packed: 0 });
  await other.query("COMMIT");
  other.release();

  await retention.pass();
  const after = await sums();
  expect(after?.old).toBe(0);
  expect(after?.young).toBe(before?.young);
  expect(after?.young).toBeGreaterThan(19_000);
  expect(after?.packed).toBeGreaterThanOrEqual(before?.old ?? 0);
  // Nothing that was mined is lost, wherever it lies now.
  const { rows } = await database.query<{ work: string; all: string }>(
    `SELECT (SELECT sum(window_hashes) FROM share_bucket) + (SELECT sum(w) FROM account_slice, unnest(window_hashes) w) AS work,
            (SELECT sum(window_hashes) FROM round_work WHERE span_s = 86400) AS all`,
  );
  expect(rows[0]?.work).toBe(rows[0]?.all);
  retention.start();
  await retention.stop();
  expect(trouble).toEqual([]);
});
