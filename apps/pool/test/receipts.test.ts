import { mkdtempSync, rmSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { type Database, ensureWorker, openDatabase, type ShareBatch } from "@otedama/db/pool";
import { bytesToHex, workHashes } from "@otedama/shared";
import { leafNode, NO_PREVIOUS, type ReceiptLeaf, receiptDigest, rootOf, ShareCheck, unpackShare } from "@otedama/shared/receipt";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ARCHIVE_OPTIONS, type ArchiveDependencies, type ArchiveOptions, ReceiptArchive } from "../src/receipts/archive.ts";
import { CONSUMER_OPTIONS, ShareConsumer } from "../src/shares/consumer.ts";
import { ShareLogReader } from "../src/shares/log_reader.ts";
import { dying } from "./support/dying_database.ts";
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

async function freshDatabase(): Promise<Database> {
  const database = openDatabase({ url: await server.createMigratedDatabase(), application_name: "test" });
  databases.push(database);
  return database;
}
function shareLog(instance_id = "pool-a"): TestShareLog {
  const dir = mkdtempSync(join(tmpdir(), "otedama-receipts-"));
  folders.push(dir);
  return new TestShareLog(dir, instance_id);
}

const NOW = 1_790_000_000_000;
const ALICE = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
const BOB = "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm";
const block = (n: number) => n.toString(16).padStart(64, "0");

const DETAILS: NonNullable<NonNullable<ShareBatch["block"]>["details"]> = {
  height: 7,
  worker_id: 1,
  policy_version: null,
  prev_hash: "11".repeat(32),
  coinbase_txid: "22".repeat(32),
  found_at_ms: NOW,
  reward_sats: 5_000_000_000n,
  fees_sats: 0n,
  network_difficulty: 4,
  network_work_hashes: workHashes(4),
  maturity_confirmations: 100,
  share_difficulty: 5,
  transactions: 1,
  size_bytes: 300,
};

function parts(
  database: Database,
  log: TestShareLog,
  change: { options?: Partial<ArchiveOptions>; dependencies?: Partial<ArchiveDependencies>; consumer_batch?: number } = {},
) {
  const reader = new ShareLogReader({ dir: log.dir, instance_id: log.instance_id }, { durable: () => null });
  const consumer = new ShareConsumer(
    { ...CONSUMER_OPTIONS, batch_records: change.consumer_batch ?? 1_000, instance_id: log.instance_id },
    {
      database,
      reader,
      resolveWorkers: async () => new Map(),
      blockDetails: async () => ({ ...DETAILS }),
      onRound: () => {},
      onUnknownWorkers: () => {},
      onDamaged: () => {},
      onTrouble: () => {},
    },
  );
  const archive = new ReceiptArchive(
    { ...ARCHIVE_OPTIONS, instance_id: log.instance_id, shares_kept_max: 1_000_000, ...change.options },
    {
      database,
      reader,
      applied: () => consumer.cursor,
      resolveWorkers: async () => new Map(),
      monotonic_ms: () => performance.now(),
      onReceipt: () => {},
      onGap: () => {},
      onTrouble: () => {},
      ...change.dependencies,
    },
  );
  return { reader, consumer, archive };
}

async function stored(database: Database) {
  const receipts = await database.query(
    `SELECT block_hash, instance_id, number, encode(digest, 'hex') AS digest, encode(previous_digest, 'hex') AS previous_digest,
       first_sequence::int, last_sequence::int, leaf_count, shares::int, pooled_hashes, solo_hashes, encode(root, 'hex') AS root, complete
     FROM receipt ORDER BY instance_id, number`,
  );
  const leaves = await database.query(
    `SELECT f.block_hash, f.position, a.address, f.solo, f.shares::int, f.work_hashes, encode(f.chain, 'hex') AS chain
     FROM receipt_leaf f JOIN account a ON a.id = f.account_id ORDER BY f.block_hash, f.position`,
  );
  return { receipts: receipts.rows, leaves: leaves.rows };
}

async function keptShares(database: Database, block_hash: string, address: string, solo = false): Promise<Buffer> {
  const { rows } = await database.query<{ packed: Buffer; position: string; count: number }>(
    `SELECT s.packed, s.position, s.count FROM receipt r JOIN receipt_shares s USING (instance_id, number)
       JOIN account a ON a.id = s.account_id
     WHERE r.block_hash = $1 AND a.address = $2 AND s.solo = $3 ORDER BY s.position`,
    [block_hash, address, solo],
  );
  let next = 0;
  for (const row of rows) {
    expect(Number(row.position)).toBe(next);
    next += row.count;
  }
  return Buffer.concat(rows.map((row) => row.packed));
}

/** Three blocks' worth of shares of two accounts, some refused, over several segments; the last stretch stays open. */
function write(log: TestShareLog, workers: { alice: number; bob: number; solo: number }): void {
  const ids = [workers.alice, workers.bob, workers.solo];
  for (let i = 0; i < 600; i++) {
    const share: LoggedShare = {
      worker_id: ids[i % 7 === 3 ? 2 : i % 2] as number,
      at_ms: NOW + i * 10,
      difficulty: [0.5, 2, 1024.25][i % 3] as number,
      ...(i % 10 === 9 && { result: "stale" as const }),
      ...((i === 150 || i === 151 || i === 420) && { block: block(i) }),
    };
    log.append(share);
    if (i % 130 === 129) log.nextSegment();
  }
}

async function workersIn(database: Database): Promise<{ alice: number; bob: number; solo: number }> {
  const alice = (await ensureWorker(database, ALICE, "a")).worker_id;
  const bob = (await ensureWorker(database, BOB, "b")).worker_id;
  const solo = (await ensureWorker(database, BOB, "s")).worker_id;
  await database.query("UPDATE worker SET solo = true WHERE id = $1", [solo]);
  return { alice, bob, solo };
}

test("each block has a receipt of exactly the shares since the block before, and each account can check its own", async () => {
  const database = await freshDatabase();
  const log = shareLog();
  write(log, await workersIn(database));
  const { consumer, archive } = parts(database, log);
  await consumer.drain();
  await archive.drain();

  const { receipts, leaves } = await stored(database);
  expect(receipts.map((r) => [r.block_hash, r.number, r.first_sequence, r.last_sequence, r.complete])).toEqual([
    [block(150), 1, 1, 151, true],
    [block(151), 2, 152, 152, true],
    [block(420), 3, 153, 421, true],
  ]);
  let previous = NO_PREVIOUS;
  for (const receipt of receipts) {
    const own = leaves.filter((leaf) => leaf.block_hash === receipt.block_hash);
    const tree: ReceiptLeaf[] = own.map((leaf) => ({
      address: leaf.address,
      solo: leaf.solo,
      shares: BigInt(leaf.shares),
      work_hashes: BigInt(leaf.work_hashes),
      chain: Buffer.from(leaf.chain, "hex"),
    }));
    expect(tree.map((leaf) => `${leaf.address} ${leaf.solo}`)).toEqual(tree.map((leaf) => `${leaf.address} ${leaf.solo}`).sort());
    const root = rootOf(tree.map(leafNode));
    expect(receipt.root).toBe(bytesToHex(root.hash));
    expect([receipt.shares, receipt.pooled_hashes, receipt.solo_hashes]).toEqual([
      Number(root.shares),
      root.pooled_hashes.toString(),
      root.solo_hashes.toString(),
    ]);
    expect(receipt.previous_digest).toBe(previous);
    previous = receipt.digest;
    expect(receipt.digest).toBe(
      receiptDigest({
        ...receipt,
        first_sequence: BigInt(receipt.first_sequence),
        last_sequence: BigInt(receipt.last_sequence),
        leaves: tree.length,
        root,
      }),
    );
    for (const leaf of tree) {
      const packed = await keptShares(database, receipt.block_hash, leaf.address, leaf.solo);
      const check = new ShareCheck(leaf);
      check.add(packed);
      check.finish();
      const first = unpackShare(packed, 0);
      expect(first.sequence).toBeGreaterThanOrEqual(BigInt(receipt.first_sequence));
      expect(first.at_ms).toBe(NOW + (Number(first.sequence) - 1) * 10);
    }
  }
  // What the accounts counted up to the block is what the receipt holds.
  const rounds = await database.query(
    `SELECT b.hash, (SELECT sum(work_hashes) FROM share_bucket s WHERE s.instance_id = b.instance_id AND s.round_id = b.round_id) AS work_hashes
       FROM block b ORDER BY b.round_id`,
  );
  expect(rounds.rows).toEqual(
    receipts.map((r) => ({
      hash: r.block_hash,
      work_hashes: (BigInt(r.pooled_hashes) + BigInt(r.solo_hashes)).toString(),
    })),
  );
});

test("deaths at any query, in batches of any size, leave the same receipts", async () => {
  const [first, second] = [await freshDatabase(), await freshDatabase()];
  const logs = [shareLog(), shareLog()];
  for (const [i, database] of [first, second].entries()) write(logs[i] as TestShareLog, await workersIn(database));
  const calm = parts(first, logs[0] as TestShareLog);
  await calm.consumer.drain();
  await calm.archive.drain();

  const log = logs[1] as TestShareLog;
  const { database: fragile, deaths } = dying(second, 0.04);
  let batch = 1;
  for (;;) {
    batch = ((batch * 7) % 61) + 1;
    const { consumer, archive } = parts(second, log, { options: { batch_records: batch }, consumer_batch: 40 });
    await consumer.drain();
    const dead = new ReceiptArchive(
      { ...ARCHIVE_OPTIONS, instance_id: log.instance_id, shares_kept_max: 1_000_000, batch_records: batch },
      {
        database: fragile,
        reader: new ShareLogReader({ dir: log.dir, instance_id: log.instance_id }, { durable: () => null }),
        applied: () => consumer.cursor,
        resolveWorkers: async () => new Map(),
        monotonic_ms: () => performance.now(),
        onReceipt: () => {},
        onGap: () => {},
        onTrouble: () => {},
      },
    );
    await archive.stop();
    // A new one each time: nothing of the dead one is left but the database.
    const lived = await dead.drain().then(
      () => true,
      () => false,
    );
    if (lived && deaths() > 20) break;
    if (lived) {
      // Once more from the beginning, with other deaths.
      await second.query("ALTER TABLE receipt DISABLE TRIGGER append_only; ALTER TABLE receipt_leaf DISABLE TRIGGER append_only");
      await second.query("TRUNCATE receipt_leaf, receipt, receipt_shares, receipt_tally, receipt_cursor");
      await second.query("ALTER TABLE receipt ENABLE TRIGGER append_only; ALTER TABLE receipt_leaf ENABLE TRIGGER append_only");
    }
  }
  expect(await stored(second)).toEqual(await stored(first));
  for (const address of [ALICE, BOB]) {
    expect(await keptShares(second, block(420), address)).toEqual(await keptShares(first, block(420), address));
  }
  const open = "SELECT account_id, solo, shares, work_hashes, chain FROM receipt_tally ORDER BY account_id, solo";
  expect((await second.query(open)).rows).toEqual((await first.query(open)).rows);
});

test("two archives of one log make each receipt once", async () => {
  const database = await freshDatabase();
  const log = shareLog();
  write(log, await workersIn(database));
  const one = parts(database, log, { options: { batch_records: 17 } });
  const two = parts(database, log, { options: { batch_records: 29 } });
  await one.consumer.drain();
  await two.consumer.drain();
  await Promise.all([one.archive.drain(), two.archive.drain()]);
  expect((await stored(database)).receipts.map((r) => r.last_sequence)).toEqual([151, 152, 421]);
});

test("each instance has its own row of receipts", async () => {
  const database = await freshDatabase();
  const workers = await workersIn(database);
  const logs = [shareLog("pool-a"), shareLog("pool-b")];
  for (const [i, log] of logs.entries()) {
    log.append({ worker_id: workers.alice, at_ms: NOW }, { worker_id: workers.bob, at_ms: NOW + 1, block: block(1000 + i) });
    const { consumer, archive } = parts(database, log);
    await consumer.drain();
    await archive.drain();
  }
  expect((await stored(database)).receipts.map((r) => [r.instance_id, r.number, r.previous_digest, r.shares])).toEqual([
    ["pool-a", 1, NO_PREVIOUS, 2],
    ["pool-b", 1, NO_PREVIOUS, 2],
  ]);
});

test("waits for the accounts, and lets a batch gather unless a block ends it", async () => {
  const database = await freshDatabase();
  const { alice } = await workersIn(database);
  const log = shareLog();
  let now = 0;
  const { consumer, archive, reader } = parts(database, log, { dependencies: { monotonic_ms: () => now } });
  log.append({ worker_id: alice, at_ms: NOW });
  await archive.drain();
  expect(archive.position).toBeNull();
  await consumer.drain();
  await archive.drain();
  expect(archive.position).toMatchObject({ segment: 1, offset: log.bytes });

  // Segments that it still has to read are not deleted, however many the accounts have done with.
  const keeping = new ShareLogReader(
    { dir: log.dir, instance_id: "pool-a" },
    { durable: () => null, needed: () => archive.position?.segment ?? 0 },
  );
  for (let i = 0; i < 5; i++) {
    log.nextSegment();
    log.append({ worker_id: alice, at_ms: NOW + 10 + i });
  }
  await consumer.drain();
  expect(await keeping.deleteApplied({ segment: 6, offset: 64 }, 0)).toBe(0);
  await archive.drain();
  expect(await keeping.deleteApplied({ segment: 6, offset: 64 }, 0)).toBe(5);

  now += 10;
  const before = archive.position;
  log.append({ worker_id: alice, at_ms: NOW + 20 });
  await consumer.drain();
  archive.start();
  log.append({ worker_id: alice, at_ms: NOW + 21, block: block(9) });
  await consumer.drain();
  archive.poke();
  await expect.poll(async () => (await stored(database)).receipts.length).toBe(1);
  await archive.stop();
  expect(archive.position).not.toEqual(before);
  expect(await reader.behind(archive.position ?? { segment: 0, offset: 0 })).toBe(0);
});

test("a part of the log that is gone is said: the receipt over it is not complete, the next one is", async () => {
  const database = await freshDatabase();
  const { alice } = await workersIn(database);
  const log = shareLog();
  log.append({ worker_id: alice, at_ms: NOW });
  const gaps: unknown[] = [];
  const { consumer, archive } = parts(database, log, { dependencies: { onGap: (from, to) => gaps.push([from, to]) } });
  await consumer.drain();
  await archive.drain();
  log.nextSegment();
  log.append({ worker_id: alice, at_ms: NOW + 1 });
  log.nextSegment();
  log.append({ worker_id: alice, at_ms: NOW + 2, block: block(1) }, { worker_id: alice, at_ms: NOW + 3, block: block(2) });
  await consumer.drain();
  unlinkSync(log.path(1));
  unlinkSync(log.path(2));
  await archive.drain();
  expect(gaps).toEqual([
    [
      { segment: 1, offset: 144 },
      { segment: 3, offset: 64 },
    ],
  ]);
  expect((await stored(database)).receipts.map((r) => [r.shares, r.complete])).toEqual([
    [2, false],
    [1, true],
  ]);
});

test("the shares are kept up to a bound and for a time; the receipt stays, and cannot be changed", async () => {
  const database = await freshDatabase();
  const log = shareLog();
  write(log, await workersIn(database));
  const { consumer, archive } = parts(database, log, { options: { shares_kept_max: 200, batch_records: 10 } });
  await consumer.drain();
  await archive.drain();
  expect((await stored(database)).receipts.length).toBe(3);
  const kept = await database.query("SELECT number, sum(count)::int AS kept FROM receipt_shares GROUP BY 1 ORDER BY 1");
  expect(kept.rows[0]).toEqual({ number: 1, kept: 136 });
  expect(kept.rows[2].kept).toBeLessThanOrEqual(200);
  await archive.prune(NOW + 2_000);
  expect((await database.query("SELECT DISTINCT number FROM receipt_shares ORDER BY 1")).rows).toEqual([
    { number: 3 },
    { number: 4 },
  ]);
  await expect(database.query("UPDATE receipt SET shares = 1")).rejects.toThrow(/append-only/);
  await expect(database.query("DELETE FROM receipt_leaf")).rejects.toThrow(/append-only/);
});

test("shares of workers that the database does not know, and a block without any share, make no leaf", async () => {
  const database = await freshDatabase();
  const { alice } = await workersIn(database);
  const log = shareLog();
  log.append(
    { worker_id: 999_999, at_ms: NOW },
    { worker_id: 0xfffffff0, at_ms: NOW },
    { worker_id: alice, at_ms: NOW, result: "stale", block: block(1) },
    { worker_id: alice, at_ms: NOW + 1, block: block(2) },
  );
  const { consumer, archive } = parts(database, log);
  await consumer.drain();
  await archive.drain();
  const { receipts, leaves } = await stored(database);
  expect(receipts.map((r) => [r.block_hash, r.first_sequence, r.last_sequence])).toEqual([[block(2), 1, 4]]);
  expect(leaves.map((leaf) => [leaf.address, leaf.shares])).toEqual([[ALICE, 1]]);
});
