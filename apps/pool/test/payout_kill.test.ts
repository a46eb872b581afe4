/** The process is killed at every single step of a batch, a fee bump included: everybody is paid exactly once, to the satoshi. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { listBatches, readBatch, requestBump } from "@otedama/db/payouts";
import type { Database } from "@otedama/db/pool";
import { type RunningChain, startChain } from "@otedama/simulator/chain";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FixtureOptions } from "./fixtures/payout_executor.ts";
import {
  ADDRESSES,
  balances,
  earnFees,
  openTestDatabase,
  owe,
  type RunningSigner,
  readChain,
  scriptOf,
  setPolicy,
  startSigner,
} from "./support/payout_kit.ts";
import { until } from "./support/until.ts";

const FIXTURE = join(import.meta.dirname, "fixtures/payout_executor.ts");

/** Where the pool's own fees go. */
const OPERATOR = "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm";

let chain: RunningChain;
let postgres: TestPostgres;
let signer: RunningSigner;
let database: Database;
let options: Omit<FixtureOptions, "kill_after">;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  [chain, postgres, signer] = await Promise.all([startChain(), startTestPostgres(), startSigner()]);
  const database_url = await postgres.createMigratedDatabase();
  database = openTestDatabase(database_url);
  const { url, user, password } = chain;
  options = {
    database_url,
    node: { url, user, password },
    signer: { url: signer.url, token: signer.token },
    payout_script_hex: signer.script_hex,
  };
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await database?.end();
  await Promise.all([chain?.stop(), postgres?.stop(), signer?.stop()]);
});

interface Run {
  steps: string[];
  errors: string[];
  signal: Promise<string | null>;
  child: ChildProcess;
}

function run(kill_after: string | null): Run {
  const child = fork(FIXTURE, [JSON.stringify({ ...options, kill_after })], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  children.add(child);
  const steps: string[] = [];
  child.stdout?.on("data", (chunk: Buffer) => steps.push(...chunk.toString().trim().split("\n")));
  const errors: string[] = [];
  child.stderr?.on("data", (chunk: Buffer) => errors.push(chunk.toString()));
  const signal = new Promise<string | null>((resolve) =>
    child.once("close", (_, name) => {
      children.delete(child);
      resolve(name);
    }),
  );
  return { steps, errors, signal, child };
}

const mine = (blocks: number) => chain.rpc("generatetoaddress", [blocks, signer.address]);

/** Starts the process, has it killed once it has done this step, and says what it did before. */
async function killAfter(step: string, meanwhile: () => Promise<unknown> = async () => {}): Promise<string[]> {
  const { steps, signal, errors } = run(step);
  await meanwhile();
  let name: string | null = null;
  void signal.then((by) => {
    name = by ?? "by itself";
  });
  try {
    await until(`the process to be killed after ${step}`, () => name, 45_000);
  } catch (error) {
    const { rows } = await database.query("SELECT state, waiting_for, stopped_why FROM payout_batch");
    throw new Error(`${error}; it did ${[...new Set(steps)].join(", ")}; ${JSON.stringify(rows)}; ${errors.join("")}`);
  }
  expect(name).toBe("SIGKILL");
  return steps;
}

test("kill -9 at every step pays everyone exactly once", { timeout: 300_000 }, async () => {
  // The first process learns of the chain's blocks as they come; 101 of them make two coinbases ripe.
  const first = run(null);
  await until("the executor to look at the chain", async () => {
    const { rowCount } = await database.query("SELECT 1 FROM wallet_block LIMIT 1");
    return (rowCount ?? 0) > 0;
  });
  await mine(101);
  await until("the coinbases to be known", async () => {
    const { rows } = await database.query<{ n: number }>("SELECT count(*)::int AS n FROM wallet_output");
    return rows[0]?.n === 101;
  });
  first.child.kill("SIGKILL");
  await first.signal;

  const owed = new Map<number, { address: string; sats: bigint }>();
  for (const [index, address] of ADDRESSES.entries()) {
    const sats = 600_000_000n + BigInt(index) * 123_457n + 1n;
    owed.set(await owe(database, address, sats), { address, sats });
  }
  // The pool's own fees go to the operator by a batch of their own, all but what is kept.
  const fees_sats = 250_000_000n;
  const keep_sats = 1_000_000n;
  const fee_payout = { address: OPERATOR, threshold_sats: 10_000, keep_sats: Number(keep_sats) };
  await earnFees(database, fees_sats);
  await setPolicy(database, { scheduled: true, every_hours: 24 * 31, fee_payer: "miners", fee_payout });

  const pipeline = ["made", "handed_out", "signature_returned", "signed", "sent", "broadcast"];
  for (const step of ["planned", ...pipeline]) await killAfter(step);
  const { rows: batches } = await listBatches(database, { page: 1, page_size: 10 });
  expect(batches.map(({ pays, state }) => [pays, state])).toEqual([
    ["fees", "approved"],
    ["miners", "broadcast"],
  ]);
  const [{ id: fees_batch_id }, { id: batch_id }] = batches as { id: number }[] as [{ id: number }, { id: number }];
  await requestBump(database, { batch_id, fee_rate: 20, person: "anna@example.org" });
  for (const step of pipeline) await killAfter(step);
  expect(await chain.rpc("getrawmempool")).toHaveLength(1);
  for (const step of pipeline) await killAfter(step);
  expect(await chain.rpc("getrawmempool")).toHaveLength(2);
  await killAfter("searched", () => mine(1));
  await killAfter("settled", () => mine(1));
  await killAfter("settled");

  // One more that is not killed finds nothing left to do.
  const last = run(null);
  await mine(1);
  await until("the last block to be searched", () => last.steps.includes("searched"));
  last.child.kill("SIGKILL");
  await last.signal;

  const { batch, items, transactions } = await readBatch(database, batch_id);
  expect(batch.state).toBe("settled");
  expect(transactions.map(({ attempt, state }) => [attempt, state])).toEqual([
    [2, "confirmed"],
    [1, "replaced"],
  ]);
  const seen = await readChain(chain);
  expect(seen.txids).toContain(batch.txid);
  expect(seen.txids).not.toContain(transactions[1]?.txid);
  let paid_sats = 0n;
  for (const item of items) {
    const { address, sats } = owed.get(item.account_id) as { address: string; sats: bigint };
    expect(item.address).toBe(address);
    expect(BigInt(item.amount_sats)).toBe(sats);
    expect(seen.paid.get(scriptOf(address))).toBe(sats - BigInt(item.fee_part_sats));
    expect(await balances(database, item.account_id)).toEqual({
      miner_available: 0n,
      miner_paying: 0n,
      miner_paid: sats - BigInt(item.fee_part_sats),
    });
    paid_sats += sats - BigInt(item.fee_part_sats);
  }
  expect(items).toHaveLength(owed.size);
  const own = await readBatch(database, fees_batch_id);
  expect(own.batch).toMatchObject({ state: "settled", amount_sats: Number(fees_sats - keep_sats) });
  const own_fee_sats = BigInt(own.transactions[0]?.fee_sats ?? 0);
  const taken_sats = fees_sats - keep_sats - own_fee_sats;
  expect(seen.paid.get(scriptOf(OPERATOR))).toBe(taken_sats);
  // What left the wallet is what the ledger says was paid and what the network got, to the satoshi.
  const all = await balances(database);
  const first_fee_sats = BigInt(transactions[0]?.fee_sats ?? 0);
  const fee_sats = first_fee_sats + own_fee_sats;
  expect(all.network_fee).toBe(fee_sats);
  // What the fee bump added is the pool's.
  const added_sats = first_fee_sats - items.reduce((sum, item) => sum + BigInt(item.fee_part_sats), 0n);
  expect(all).toMatchObject({ fee_paid: taken_sats, fee_paying: 0n, fee_available: keep_sats - added_sats });
  expect(all.miner_paid).toBe(paid_sats);
  const coinbases = 50n * 100_000_000n * 104n;
  // The network's fee comes back in the coinbase of the block that holds the transaction: the same key mines here.
  expect(seen.unspent.get(signer.script_hex)).toBe(coinbases + fee_sats - paid_sats - taken_sats - fee_sats);
  const entries = await database.query<{ cause: string; n: number }>(
    "SELECT cause::text, count(*)::int AS n FROM ledger_entry WHERE cause IN ('payout', 'payout_settle', 'payout_cancel') GROUP BY cause ORDER BY cause::text",
  );
  expect(entries.rows).toEqual([
    { cause: "payout", n: 2 },
    { cause: "payout_settle", n: 2 },
  ]);
});
