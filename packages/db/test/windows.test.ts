/** Windows and rounds read from roll-ups against the same read from every bucket, one by one. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestPostgres, type TestPostgres } from "../src/embedded/index.ts";
import {
  type BlockPlace,
  type Database,
  ensureWorker,
  openDatabase,
  packBuckets,
  readRoundWork,
  readWorkWindow,
} from "../src/pool/index.ts";

let postgres: TestPostgres;
let database: Database;
const workers: { worker_id: number; account_id: number; solo: boolean }[] = [];
beforeAll(async () => {
  postgres = await startTestPostgres();
  database = openDatabase({ url: await postgres.createMigratedDatabase(), application_name: "test" });
  for (const [address, solo] of [
    ["bc1qa", false],
    ["bc1qb", false],
    ["bc1qb", true],
    ["bc1qc", false],
  ] as const) {
    workers.push(await ensureWorker(database, address, "w", solo));
  }
});
afterAll(async () => {
  await database.end();
  await postgres.stop();
});

/** Two days, so that whole hours and a whole day lie inside. */
const START_S = Date.UTC(2026, 0, 10, 5, 10) / 1000;
const SLOTS = 2 * 8_640;

interface Bucket {
  at_s: number;
  worker: number;
  instance_id: string;
  round_id: number;
  work: number;
  in_window: boolean;
}

const bucket = fc.record({
  slot: fc.integer({ min: 0, max: SLOTS }),
  worker: fc.integer({ min: 0, max: 3 }),
  instance_id: fc.constantFrom("a", "b"),
  work: fc.integer({ min: 1, max: 1_000 }),
  in_window: fc.boolean(),
  // Mostly a round is later than the one before; where a clock went back it is not.
  jump: fc.integer({ min: 0, max: 19 }),
});
const place = fc.record({
  instance_id: fc.constantFrom("a", "b", "c"),
  round_id: fc.bigInt({ min: 0n, max: 9n }),
  found_at_ms: fc.integer({ min: START_S * 1000, max: (START_S + SLOTS * 10) * 1000 }),
});

const before = (one: Bucket, at: BlockPlace): boolean =>
  one.instance_id === at.instance_id ? BigInt(one.round_id) <= at.round_id : one.at_s < Math.floor(at.found_at_ms / 10_000) * 10;

function sums(buckets: Bucket[], workOf: (one: Bucket) => number): { account_id: number; work_hashes: bigint }[] {
  const by_account = new Map<number, bigint>();
  for (const one of buckets) {
    const account_id = workers[one.worker]?.account_id ?? 0;
    by_account.set(account_id, (by_account.get(account_id) ?? 0n) + BigInt(workOf(one)));
  }
  return [...by_account]
    .filter(([, work_hashes]) => work_hashes > 0n)
    .map(([account_id, work_hashes]) => ({ account_id, work_hashes }))
    .sort((a, b) => a.account_id - b.account_id);
}
const inWindow = (one: Bucket): number => (one.in_window && !workers[one.worker]?.solo ? one.work : 0);

async function store(buckets: Bucket[]): Promise<void> {
  await database.query(
    `INSERT INTO share_bucket AS b (bucket_at, worker_id, instance_id, round_id, difficulty, accepted, work_hashes, window_hashes)
     SELECT to_timestamp(at), worker, instance, round, 1, 1, work, in_window
       FROM unnest($1::float8[], $2::int[], $3::text[], $4::int[], $5::numeric[], $6::numeric[]) AS v (at, worker, instance, round, work, in_window)
     ON CONFLICT (bucket_at, worker_id, instance_id, round_id, difficulty) DO UPDATE
       SET work_hashes = b.work_hashes + excluded.work_hashes, window_hashes = b.window_hashes + excluded.window_hashes`,
    [
      buckets.map((one) => one.at_s),
      buckets.map((one) => workers[one.worker]?.worker_id),
      buckets.map((one) => one.instance_id),
      buckets.map((one) => one.round_id),
      buckets.map((one) => one.work),
      buckets.map(inWindow),
    ],
  );
}

/** No further than the roll-ups are. */
async function packUpTo(wanted_s: number): Promise<void> {
  const { rows } = await database.query<{ until_s: string | null }>(
    "SELECT extract(epoch FROM until)::float8 AS until_s FROM share_rollup",
  );
  const before_s = Math.floor(Math.min(Number(rows[0]?.until_s ?? 0), wanted_s) / 600) * 600;
  expect(await packBuckets(database, before_s, null)).toBe(null);
  const left = await database.query("SELECT 1 FROM share_bucket WHERE bucket_at < to_timestamp($1)", [before_s]);
  expect(left.rowCount).toBe(0);
}

test("any window and any round of any history", { timeout: 180_000 }, async () => {
  let packed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(bucket, { minLength: 1, maxLength: 60 }),
      fc.array(place, { minLength: 2, maxLength: 6 }),
      fc.array(fc.double({ min: 0.001, max: 1.3, noNaN: true }), { minLength: 1, maxLength: 3 }),
      // Most of the time buckets are packed while others still come.
      fc.option(fc.array(fc.integer({ min: 0, max: SLOTS }), { minLength: 1, maxLength: 4 }), { freq: 3 }),
      async (drawn, places, parts, packs) => {
        await database.query(
          "TRUNCATE share_bucket, account_slice, pool_work, round_work, account_work, worker_work, worker_total",
        );
        await database.query("UPDATE share_rollup SET until = NULL, packed_until = NULL");
        const seen = new Set<string>();
        const buckets = drawn
          .map(({ slot, jump, ...rest }) => ({
            ...rest,
            at_s: Math.floor(START_S / 10) * 10 + slot * 10,
            round_id: jump === 0 ? 9 : jump === 1 ? 0 : Math.floor((slot / (SLOTS + 1)) * 10),
          }))
          .filter((one) => {
            const key = `${one.at_s} ${one.worker} ${one.instance_id} ${one.round_id}`;
            return !seen.has(key) && seen.add(key);
          });
        // In the order that they were drawn in, a few at a time: some come after what they lie before is rolled up.
        for (let index = 0; index < buckets.length; index += 7) {
          await store(buckets.slice(index, index + 7));
          const pack = packs?.[(index / 7) % packs.length];
          if (pack !== undefined) await packUpTo(START_S + pack * 10);
        }
        if (packs) {
          await packUpTo(Number.POSITIVE_INFINITY);
          const { rows } = await database.query<{ n: number }>("SELECT count(*)::int AS n FROM account_slice");
          packed += rows[0]?.n ?? 0;
        }

        for (const at of places) {
          const counted = buckets.filter((one) => before(one, at) && inWindow(one) > 0);
          const total = counted.reduce((sum, one) => sum + BigInt(inWindow(one)), 0n);
          for (const part of parts) {
            const wanted = BigInt(Math.max(1, Math.floor(Number(total) * part)));
            let missing = wanted;
            let begin: number | null = null;
            for (const slot of [...new Set(counted.map((one) => one.at_s))].sort((a, b) => b - a)) {
              const work = counted.filter((one) => one.at_s === slot).reduce((sum, one) => sum + BigInt(inWindow(one)), 0n);
              if (work >= missing) {
                begin = slot;
                break;
              }
              missing -= work;
            }
            expect(await readWorkWindow(database, at, wanted)).toEqual({
              whole: sums(
                counted.filter((one) => begin === null || one.at_s > begin),
                inWindow,
              ),
              cut: sums(
                counted.filter((one) => one.at_s === begin),
                inWindow,
              ),
              cut_hashes: begin === null ? 0n : missing,
            });
          }
          for (const since of [null, ...places]) {
            const round = buckets.filter((one) => before(one, at) && !(since && before(one, since)));
            expect(await readRoundWork(database, at, since, "window")).toEqual(sums(round, inWindow));
            // Of packed buckets the work in windows is known, which is what money goes by.
            if (packs) continue;
            expect(await readRoundWork(database, at, since, "all")).toEqual(
              sums(round, (one) => (workers[one.worker]?.solo ? 0 : one.work)),
            );
            const solo_account_id = workers[2]?.account_id ?? 0;
            expect(await readRoundWork(database, at, since, { solo_account_id })).toEqual(
              sums(
                round.filter((one) => one.worker === 2),
                (one) => one.work,
              ),
            );
          }
        }
      },
    ),
    { numRuns: 14 },
  );
  expect(packed).toBeGreaterThan(0);
});
