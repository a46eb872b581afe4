/** PPS and FPPS: shares paid from the reserve, and blocks that fill it. */
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { closeShareWindow, type Database, transaction } from "@otedama/db/pool";
import { nbitsToDifficulty, workHashes } from "@otedama/shared";
import { DUE_UNITS_PER_SAT, perShareDue } from "@otedama/shared/payouts";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { matureBlock, reverseBlock } from "../src/payouts/credit.ts";
import { SHARE_WINDOW_MS } from "../src/shares/dues.ts";
import { TwoPools } from "./support/two_pools.ts";

let server: TestPostgres;
beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(() => server.stop());
const started: TwoPools[] = [];
afterEach(async () => {
  for (const pools of started.splice(0)) await pools.end();
});
async function start(
  ...given: Parameters<typeof TwoPools.start> extends [unknown, ...infer Rest] ? Rest : never
): Promise<TwoPools> {
  const pools = await TwoPools.start(server, ...given);
  started.push(pools);
  return pools;
}

const NOW = Math.floor(1_790_000_000_000 / SHARE_WINDOW_MS) * SHARE_WINDOW_MS;
const NETWORK = workHashes(1);
const LATER = () => NOW + 100 * SHARE_WINDOW_MS;

/** What an account is owed for its shares by itself, from the log and the jobs alone. */
function owed(
  pools: TwoPools,
  account_id: number,
  fee_percent: (job_number: number) => number,
  reward: (job: number) => bigint,
): bigint {
  let units = 0n;
  for (const share of Object.values(pools.shares).flat()) {
    const worker = pools.workers.find((item) => item.worker_id === share.worker_id);
    if (!worker || worker.solo || worker.account_id !== account_id || (share.result ?? "accepted") !== "accepted") continue;
    const job = share.job_number ?? 1;
    const network_hashes = workHashes(nbitsToDifficulty(pools.jobs.get(job)?.nbits ?? 0));
    const terms = { reward_sats: reward(job), network_hashes, fee_percent: fee_percent(job), donation_percent: 0 };
    units += perShareDue(workHashes(share.difficulty ?? 1), terms, false).due_units;
  }
  return units;
}

async function accounts(database: Database): Promise<Map<number, { sats: bigint; rest: bigint }>> {
  const { rows } = await database.query(
    `SELECT r.account_id, r.rest_units, coalesce(b.balance_sats, 0) AS sats FROM share_due_rest r
       LEFT JOIN ledger_account l ON l.account_id = r.account_id AND l.kind = 'miner_available'
       LEFT JOIN ledger_balance b ON b.ledger_account_id = l.id`,
  );
  return new Map(rows.map((row) => [row.account_id, { sats: BigInt(row.sats), rest: BigInt(row.rest_units) }]));
}

describe("shares that are paid by themselves", () => {
  test("are paid to the unit, however the log is cut, whatever dies, and once", async () => {
    const pools = await start({ scheme: "fpps" });
    // A second job of twice the difficulty and with fees, under a policy with another fee; a third that is PPLNS.
    await pools.setPolicy({ scheme: "fpps", fee_percent: { solo: 1, pplns: 1, prop: 1, pps: 1, fpps: 2.5 } });
    pools.addJob(2, { nbits: 0x1c7fff80, average_fees_sats: 12_345_678n });
    await pools.setPolicy({ scheme: "pplns" });
    pools.addJob(3);
    let random = 99;
    const chance = () => {
      random = (Math.imul(random, 1103515245) + 12345) >>> 0;
      return random / 2 ** 32;
    };
    for (let i = 0; i < 600; i++) {
      pools.log(chance() < 0.5 ? "a" : "b", {
        worker_id: pools.worker(Math.floor(chance() * 4)).worker_id,
        at_ms: NOW + i * 7_000 + Math.floor(chance() * 15_000),
        difficulty: [1e-6, 0.000123, 0.03][Math.floor(chance() * 3)] as number,
        job_number: i < 250 ? 1 : 2,
        ...(chance() < 0.1 && { result: "stale" as const }),
      });
    }
    const dying = new Proxy(pools.database, {
      get(target, key) {
        const value = Reflect.get(target, key) as unknown;
        if (key !== "connect") return typeof value === "function" ? value.bind(target) : value;
        return async () => {
          const client = await target.connect();
          return new Proxy(client, {
            get(inner, name) {
              const method = Reflect.get(inner, name) as unknown;
              if (name !== "query") return typeof method === "function" ? method.bind(inner) : method;
              return async (...query: Parameters<typeof inner.query>) => {
                if (chance() < 0.02) throw new Error("Connection terminated before the query");
                const result = await inner.query(...query);
                if (chance() < 0.02) throw new Error("Connection terminated after the query");
                return result;
              };
            },
          });
        };
      },
    });
    let deaths = 0;
    for (const instance of ["a", "b"]) {
      for (let done = false; !done; ) {
        const consumer = pools.consumer(instance, { batch_records: 23 }, dying);
        done = await consumer.drain().then(
          () => true,
          () => false,
        );
        deaths += done ? 0 : 1;
      }
    }
    expect(deaths).toBeGreaterThan(3);
    // The last window of each is still open; what is owed for it is kept.
    const open = await pools.database.query(
      `SELECT d.account_id, sum(d.due_units) AS units FROM share_window_due d JOIN share_log_cursor c
         ON c.instance_id = d.instance_id AND c.window_number = d.window_number GROUP BY d.account_id`,
    );
    expect(open.rows.length).toBeGreaterThan(0);
    const paid = await accounts(pools.database);
    for (const index of [0, 1, 2]) {
      const { account_id } = pools.worker(index);
      const units = owed(
        pools,
        account_id,
        (job) => (job === 1 ? 1 : 2.5),
        (job) => 312_500_000n + (job === 1 ? 0n : 12_345_678n),
      );
      const has = paid.get(account_id) ?? { sats: 0n, rest: 0n };
      const unpaid = BigInt(open.rows.find((row) => row.account_id === account_id)?.units ?? 0);
      expect(has.sats).toBeGreaterThan(0n);
      expect(has.sats * DUE_UNITS_PER_SAT + has.rest + unpaid).toBe(units);
    }
    // In quiet, the open windows are paid too; then nothing is left above a satoshi, and the reserve has paid it all.
    for (const instance of ["a", "b"]) await pools.consumer(instance, {}, pools.database, LATER).drain();
    let total = 0n;
    for (const index of [0, 1, 2]) {
      const { account_id } = pools.worker(index);
      const units = owed(
        pools,
        account_id,
        (job) => (job === 1 ? 1 : 2.5),
        (job) => 312_500_000n + (job === 1 ? 0n : 12_345_678n),
      );
      expect((await accounts(pools.database)).get(account_id)).toEqual({
        sats: units / DUE_UNITS_PER_SAT,
        rest: units % DUE_UNITS_PER_SAT,
      });
      total += units / DUE_UNITS_PER_SAT;
    }
    expect((await pools.balances()).reserve_available).toBe(-total);
    const keys = await pools.database.query("SELECT cause_key FROM ledger_entry WHERE cause = 'share_window'");
    expect(new Set(keys.rows.map((row) => row.cause_key)).size).toBe(keys.rows.length);
    expect(keys.rows.length).toBeGreaterThan(10);
  });

  test("without a fee where the account is exempt, and with the donation taken off", async () => {
    const address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
    const donee = "bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry";
    const pools = await start({ scheme: "pps", fee_exempt_addresses: [address], donation: { address: donee, percent: 10 } });
    for (const index of [0, 1, 3]) pools.log("a", { worker_id: pools.worker(index).worker_id, at_ms: NOW, difficulty: 0.5 });
    await pools.drain();
    await pools.consumer("a", {}, pools.database, LATER).drain();
    const half = 312_500_000n / 2n;
    const { rows } = await pools.database.query("SELECT id FROM account WHERE address = $1", [donee]);
    expect(await pools.postings("share_window", "a:0")).toEqual({
      reserve_available: -((half * 90n) / 100n + (half * 89n) / 100n + half / 5n),
      [`miner_available ${pools.worker(0).account_id}`]: (half * 90n) / 100n,
      [`miner_available ${pools.worker(1).account_id}`]: (half * 89n) / 100n,
      [`miner_available ${rows[0].id}`]: half / 5n,
    });
  });

  test("a block under PPS is the reserve's; orphaned, it was never there", async () => {
    const pools = await start({ scheme: "pps" });
    const worker = pools.worker(0);
    const hash = "ab".repeat(32);
    pools.find({ instance: "a", hash, at_ms: NOW, height: 100, worker }, { difficulty: 0.25 });
    await pools.drain();
    await pools.credit(hash);
    expect(await pools.postings("block_credit", hash)).toEqual({ coinbase: -312_500_000n, reserve_pending: 312_500_000n });
    await pools.consumer("a", {}, pools.database, LATER).drain();
    const due = ((312_500_000n / 4n) * 99n) / 100n;
    const block = await pools.block(hash);
    await transaction(pools.database, (client) => matureBlock(client, block));
    expect(await pools.balances()).toEqual({
      coinbase: -312_500_000n,
      reserve_available: 312_500_000n - due,
      [`miner_available ${worker.account_id}`]: due,
    });
    await transaction(pools.database, (client) => reverseBlock(client, block));
    expect(await pools.balances()).toEqual({ reserve_available: -due, [`miner_available ${worker.account_id}`]: due });
  });

  test("a share proves no more than one block's work", async () => {
    const pools = await start({ scheme: "pps" });
    pools.log("a", { worker_id: pools.worker(0).worker_id, at_ms: NOW, difficulty: 1000 });
    await pools.drain();
    await pools.consumer("a", {}, pools.database, LATER).drain();
    expect(NETWORK).toBe(workHashes(1));
    expect((await pools.balances()).reserve_available).toBe(-(312_500_000n * 99n) / 100n);
  });

  test("a clock that is put back opens a window of its own, and a window is closed once", async () => {
    const pools = await start({ scheme: "pps" });
    const { worker_id } = pools.worker(0);
    const at = [0, 1, 0, 5, 6, 2, 2.5];
    for (const windows of at) pools.log("a", { worker_id, at_ms: NOW + windows * SHARE_WINDOW_MS, difficulty: 0.1 });
    await pools.drain();
    const { rows } = await pools.database.query(
      "SELECT window_number::int AS number, shares, extract(epoch FROM window_at)::float8 * 1000 AS at FROM share_window_due ORDER BY 1",
    );
    const shares = rows.map((row) => [row.number, row.shares, (row.at - NOW) / SHARE_WINDOW_MS]);
    // The third share is of the ten minutes before the open window: a straggler, not another clock.
    expect(shares).toEqual([
      [0, 1, 0],
      [1, 2, 1],
      [2, 1, 5],
      [3, 1, 6],
      [4, 2, 2],
    ]);
    const closed = await Promise.all([1, 2, 3].map(() => closeShareWindow(pools.database, "a", LATER())));
    expect(closed.filter(Boolean).length).toBe(1);
    const entries = await pools.database.query("SELECT cause_key FROM ledger_entry ORDER BY id");
    expect(entries.rows.map((row) => row.cause_key)).toEqual(["a:0", "a:1", "a:2", "a:3", "a:4"]);
  });
});
