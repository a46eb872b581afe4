import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { applyShares, type Database, ensureWorker, openDatabase, readCursor, readRound } from "@otedama/db/pool";
import { workHashes } from "@otedama/shared";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { CONSUMER_OPTIONS, type ConsumerDependencies, ShareConsumer } from "../src/shares/consumer.ts";
import { crc32c } from "../src/shares/crc32c.ts";
import { LiveShares } from "../src/shares/live.ts";
import { ShareLogReader } from "../src/shares/log_reader.ts";
import { WorkerStates } from "../src/shares/worker_states.ts";
import { type LoggedShare, TestShareLog } from "./support/share_log.ts";

let server: TestPostgres;
beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(() => server.stop());

const folders: string[] = [];
const databases: Database[] = [];
afterEach(async () => {
  for (const database of databases.splice(0)) await database.end();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function shareLog(): TestShareLog {
  const dir = mkdtempSync(join(tmpdir(), "otedama-shares-"));
  folders.push(dir);
  return new TestShareLog(dir, "pool-a");
}

async function freshDatabase(): Promise<Database> {
  const database = openDatabase({ url: await server.createMigratedDatabase(), application_name: "test" });
  databases.push(database);
  return database;
}

const NOW = 1_790_000_000_000;
const ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";

function consumerOf(database: Database, log: TestShareLog, change: Partial<ConsumerDependencies> = {}, batch_records = 1000) {
  return new ShareConsumer(
    { ...CONSUMER_OPTIONS, batch_records, instance_id: log.instance_id },
    {
      database,
      reader: new ShareLogReader({ dir: log.dir, instance_id: log.instance_id }, { durable: () => null }),
      resolveWorkers: async () => new Map(),
      blockDetails: async () => null,
      onRound: () => {},
      onUnknownWorkers: () => {},
      onDamaged: () => {},
      onTrouble: () => {},
      ...change,
    },
  );
}

async function totals(database: Database) {
  const { rows } = await database.query(
    `SELECT coalesce(sum(accepted), 0)::int AS accepted, coalesce(sum(stale), 0)::int AS stale,
       coalesce(sum(duplicate), 0)::int AS duplicate, coalesce(sum(work_hashes), 0) AS work FROM share_bucket`,
  );
  const state = await database.query("SELECT coalesce(sum(accepted), 0)::int AS accepted FROM worker_state");
  return { ...rows[0], work: BigInt(rows[0].work), in_state: state.rows[0].accepted };
}

describe("the log's format", () => {
  test("CRC-32C vectors", () => {
    // RFC 3720, appendix B.4; and the check value of the catalogue of CRCs.
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
    expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i)))).toBe(0x46dd794e);
  });

  test("is read over segments, in bounded pieces, and only as far as it is on disk", async () => {
    const log = shareLog();
    const durable = { segment: 1, bytes: 64 };
    const reader = new ShareLogReader({ dir: log.dir, instance_id: "pool-a" }, { durable: () => durable });
    let at = await reader.first();
    if (!at) throw new Error("no segment");
    log.append({ worker_id: 1, at_ms: NOW }, { worker_id: 2, at_ms: NOW + 1, result: "stale" });
    expect((await reader.read(at, 10)).records).toEqual([]);
    durable.bytes = log.bytes;
    expect(await reader.behind(at)).toBe(2);
    const first = await reader.read(at, 1);
    expect(first.records).toMatchObject([{ worker_id: 1, result: "accepted", at_ms: NOW, kind: "share", difficulty: 1 }]);
    at = first.next;
    log.nextSegment();
    log.append({ worker_id: 3, at_ms: NOW, block: `${"ab".repeat(31)}cd` });
    durable.segment = 2;
    durable.bytes = log.bytes;
    expect(await reader.behind(at)).toBe(2);
    const second = await reader.read(at, 10);
    expect(second.records.map((record) => record.worker_id)).toEqual([2]);
    const turned = await reader.read(second.next, 10);
    expect(turned.records).toEqual([]);
    expect((await reader.read(turned.next, 10)).records).toMatchObject([
      { worker_id: 3, kind: "block", hash: `${"ab".repeat(31)}cd` },
    ]);
  });

  test("a torn tail waits while the log is read alone, and is passed over when a later segment exists", async () => {
    const log = shareLog();
    const reader = new ShareLogReader({ dir: log.dir, instance_id: "pool-a" }, { durable: () => null });
    log.append({ worker_id: 1, at_ms: NOW }, { worker_id: 2, at_ms: NOW });
    truncateSync(log.path(), log.bytes - 1);
    const read = await reader.read({ segment: 1, offset: 64 }, 10);
    expect(read.records.map((record) => record.worker_id)).toEqual([1]);
    log.nextSegment();
    log.append({ worker_id: 3, at_ms: NOW });
    const turned = await reader.read(read.next, 10);
    expect(turned.next).toEqual({ segment: 2, offset: 64 });
    expect((await reader.read(turned.next, 10)).records.map((record) => record.worker_id)).toEqual([3]);
  });

  test("a file that is no share log is an error, not an empty log", async () => {
    const log = shareLog();
    writeFileSync(log.path(), Buffer.alloc(400, 7));
    const reader = new ShareLogReader({ dir: log.dir, instance_id: "pool-a" }, { durable: () => null });
    await expect(reader.read({ segment: 1, offset: 64 }, 10)).rejects.toThrow(/not a share log/);
  });
});

describe("accounting", () => {
  test("counts what was refused before it could be judged, which has no difficulty", async () => {
    const database = await freshDatabase();
    const log = shareLog();
    const { worker_id } = await ensureWorker(database, ADDRESS, "a");
    const refused = { worker_id, at_ms: NOW, difficulty: 0 };
    log.append({ ...refused, result: "stale" }, refused, { ...refused, result: "invalid" });
    log.nextSegment();
    log.append({ worker_id, at_ms: NOW });
    const damaged: number[] = [];
    await consumerOf(database, log, { onDamaged: (records) => damaged.push(records) }).drain();
    expect(await totals(database)).toMatchObject({ accepted: 1, stale: 1, in_state: 1, work: workHashes(1) });
    const { rows } = await database.query("SELECT stale, invalid FROM worker_state");
    expect(rows).toEqual([{ stale: "1", invalid: "1" }]);
    // An accepted share always has one: that record says nothing.
    expect(damaged).toEqual([1]);
  });

  test("counts each record once over any number of deaths", async () => {
    const database = await freshDatabase();
    const log = shareLog();
    const worker = await ensureWorker(database, ADDRESS, "a");
    const share = (i: number): LoggedShare => ({
      worker_id: worker.worker_id,
      at_ms: NOW + i * 37,
      difficulty: [0.5, 2, 1024.25][i % 3] as number,
      ...(i % 10 === 9 && { result: "stale" as const }),
    });
    const RECORDS = 3_000;
    let random = 12345;
    const chance = () => {
      random = (Math.imul(random, 1103515245) + 12345) >>> 0;
      return random / 2 ** 32;
    };
    // A database that dies at random queries, before or after they took effect, COMMIT included.
    const dying = new Proxy(database, {
      get(target, key) {
        if (key !== "connect") {
          const value = Reflect.get(target, key) as unknown;
          return typeof value === "function" ? value.bind(target) : value;
        }
        return async () => {
          const client = await target.connect();
          return new Proxy(client, {
            get(inner, name) {
              const value = Reflect.get(inner, name) as unknown;
              if (name !== "query") return typeof value === "function" ? value.bind(inner) : value;
              return async (...query: Parameters<typeof inner.query>) => {
                if (chance() < 0.03) throw new Error("Connection terminated before the query");
                const result = await inner.query(...query);
                if (chance() < 0.03) throw new Error("Connection terminated after the query");
                return result;
              };
            },
          });
        };
      },
    });
    let deaths = 0;
    let written = 0;
    while ((await totals(database)).in_state < RECORDS * 0.9) {
      const more = Math.min(RECORDS - written, Math.floor(chance() * 200));
      for (let i = 0; i < more; i++) log.append(share(written++));
      if (chance() < 0.2) log.nextSegment();
      try {
        // A new consumer each time: nothing of the dead one is left but the database.
        await consumerOf(dying, log, {}, 97).drain();
      } catch {
        deaths += 1;
      }
    }
    await consumerOf(database, log).drain();
    const after = await totals(database);
    const expected = Array.from({ length: RECORDS }, (_, i) => share(i)).filter((item) => !item.result);
    expect(deaths).toBeGreaterThan(10);
    expect(after.accepted).toBe(expected.length);
    expect(after.in_state).toBe(expected.length);
    expect(after.stale).toBe(RECORDS - expected.length);
    expect(after.work).toBe(expected.reduce((sum, item) => sum + workHashes(item.difficulty ?? 1), 0n));
  });

  test("two consumers of one log do not count it twice", async () => {
    const database = await freshDatabase();
    const log = shareLog();
    const { worker_id } = await ensureWorker(database, ADDRESS, "a");
    for (let i = 0; i < 500; i++) log.append({ worker_id, at_ms: NOW + i });
    await Promise.all([consumerOf(database, log, {}, 13).drain(), consumerOf(database, log, {}, 17).drain()]);
    expect((await totals(database)).accepted).toBe(500);
  });

  test("a block's record closes the round: later shares are of the next one, also in the same ten seconds", async () => {
    const database = await freshDatabase();
    const log = shareLog();
    const { worker_id } = await ensureWorker(database, ADDRESS, "a");
    const block = `${"00".repeat(31)}01`;
    log.append(
      { worker_id, at_ms: NOW, difficulty: 2 },
      { worker_id, at_ms: NOW + 1, difficulty: 2, block },
      { worker_id, at_ms: NOW + 2, difficulty: 2 },
      // The same share again is no second block.
      { worker_id, at_ms: NOW + 3, difficulty: 2, block, result: "duplicate" },
    );
    const details = {
      height: 7,
      worker_id,
      prev_hash: "11".repeat(32),
      coinbase_txid: "22".repeat(32),
      found_at_ms: NOW + 1,
      reward_sats: 5_000_000_000n,
      fees_sats: 0n,
      network_difficulty: 4,
      network_work_hashes: workHashes(4),
      maturity_confirmations: 100,
      share_difficulty: 5,
      transactions: 1,
      size_bytes: 300,
      policy_version: null,
    };
    let stored = false;
    const rounds: [bigint, boolean][] = [];
    const consumer = consumerOf(database, log, {
      blockDetails: async () => (stored ? { ...details } : "later"),
      onRound: (round_id, _hash, known) => rounds.push([round_id, known]),
    });
    await consumer.drain();
    expect((await totals(database)).accepted).toBe(1);
    stored = true;
    await consumer.drain();
    const { rows } = await database.query("SELECT round_id::int, accepted, duplicate FROM share_bucket ORDER BY round_id");
    expect(rows).toEqual([
      { round_id: 0, accepted: 2, duplicate: 0 },
      { round_id: 1, accepted: 1, duplicate: 1 },
    ]);
    expect(rounds).toEqual([[1n, true]]);
    const found = await database.query("SELECT hash, state, round_id::int, effort, round_work_hashes FROM block");
    expect(found.rows).toEqual([
      { hash: block, state: "found", round_id: 0, effort: 1, round_work_hashes: (2n * workHashes(2)).toString() },
    ]);
    expect(await readRound(database, "pool-a")).toEqual({ round_id: 1n, work_hashes: workHashes(2), started_at_ms: NOW + 1 });
  });

  test("workers that the database does not know are reported and do not stop the others", async () => {
    const database = await freshDatabase();
    const log = shareLog();
    const { worker_id } = await ensureWorker(database, ADDRESS, "a");
    log.append({ worker_id: 999_999, at_ms: NOW }, { worker_id: 0xfffffff0, at_ms: NOW }, { worker_id, at_ms: NOW });
    const unknown: number[] = [];
    await consumerOf(database, log, { onUnknownWorkers: (ids) => unknown.push(...ids) }).drain();
    expect(unknown).toEqual([999_999, 0xfffffff0]);
    expect((await totals(database)).accepted).toBe(1);
  });

  test("applied segments are kept up to the number wanted, others never deleted", async () => {
    const database = await freshDatabase();
    const log = shareLog();
    const { worker_id } = await ensureWorker(database, ADDRESS, "a");
    for (let i = 0; i < 30; i++) {
      log.append({ worker_id, at_ms: NOW + i });
      log.nextSegment();
    }
    const reader = new ShareLogReader({ dir: log.dir, instance_id: "pool-a" }, { durable: () => null });
    await reader.deleteApplied({ segment: 1, offset: 64 }, 0);
    expect((await reader.segments()).length).toBe(31);
    await consumerOf(database, log).drain();
    expect((await totals(database)).accepted).toBe(30);
    expect(readdirSync(log.dir).length).toBe(CONSUMER_OPTIONS.segments_kept + 1);
    expect(await readCursor(database, "pool-a")).toMatchObject({ segment: 31, offset: 64 });
  });

  test("a batch whose start is not the cursor's is refused and says where to go on", async () => {
    const database = await freshDatabase();
    const window = { number: 0n, at_ms: null };
    const windows = { window_from: window, window_to: window };
    const batch = { instance_id: "pool-a", buckets: [], workers: [], dues: [], ...windows, block: null };
    await applyShares(database, { ...batch, from: { segment: 1, offset: 64 }, to: { segment: 1, offset: 144 } });
    expect(await applyShares(database, { ...batch, from: { segment: 1, offset: 64 }, to: { segment: 1, offset: 304 } })).toEqual({
      applied: false,
      cursor: { segment: 1, offset: 144, round_id: 0n, window: { number: 0n, at_ms: null } },
    });
  });
});

describe("live state", () => {
  test("goes on over a restart without counting anything twice, and is written when it changes", async () => {
    const database = await freshDatabase();
    const log = shareLog();
    const { worker_id } = await ensureWorker(database, ADDRESS, "a");
    const now = Date.now();
    for (let i = 0; i < 60; i++) log.append({ worker_id, at_ms: now - 60_000 + i * 1_000, difficulty: 1 });
    await consumerOf(database, log).drain();
    const reader = new ShareLogReader({ dir: log.dir, instance_id: "pool-a" }, { durable: () => null });
    const live = new LiveShares(
      { instance_id: "pool-a" },
      { reader, database, workerOf: (id) => id, isSolo: () => false, now_ms: () => now },
    );
    await live.start(null, true);
    await live.stop();
    expect(live.round().work_hashes).toBe(60 * 2 ** 32);
    const rate = live.workerRates().get(worker_id);
    expect(rate?.m15).toBeGreaterThan(0.5 * 2 ** 32);
    expect(rate?.m15).toBeLessThan(1.5 * 2 ** 32);

    let connected = true;
    const states = new WorkerStates(
      { every_ms: 60_000 },
      {
        database,
        sessions: () =>
          connected
            ? [
                {
                  connection_id: 1,
                  worker_id,
                  remote_address: "::1",
                  user_agent: "m/1",
                  difficulty: 3,
                  connected_at_ms: 0,
                  last_share_at_ms: null,
                },
              ]
            : [],
        rates: () => live.workerRates(),
        workerOf: (id) => id,
        databaseUp: () => true,
        onTrouble: (error) => {
          throw error;
        },
      },
    );
    const read = async () =>
      (
        await database.query(
          "SELECT connections, user_agent, difficulty, hashrate_m15_hps, accepted::int, updated_at FROM worker_state",
        )
      ).rows[0];
    await states.write();
    const written = await read();
    expect(written).toMatchObject({
      connections: 1,
      user_agent: "m/1",
      difficulty: 3,
      accepted: 60,
      hashrate_m15_hps: rate?.m15,
    });
    await states.write();
    expect((await read()).updated_at).toEqual(written.updated_at);
    connected = false;
    await states.stop(true);
    expect(await read()).toMatchObject({ connections: 0, accepted: 60 });
  });
});
