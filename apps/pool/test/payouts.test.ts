/** Payouts on a chain: made, signed by each kind of signer, sent, followed, bumped, reorganised and contested. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import {
  acceptSigned,
  cancelBatch,
  createBatches,
  downloadPsbt,
  listBatches,
  listFreeOutputs,
  listHolds,
  PayoutError,
  readBatch,
  readPayoutFigures,
  readPayoutSummary,
  requestBump,
} from "@otedama/db/payouts";
import type { Database } from "@otedama/db/pool";
import { acceptSignedPsbt, PsbtError } from "@otedama/shared/psbt";
import { type RunningChain, startChain } from "@otedama/simulator/chain";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { PayoutExecutorOptions } from "../src/payouts/batches/executor.ts";
import { CommandSigner } from "../src/payouts/batches/signers/command.ts";
import { ReferenceSigner } from "../src/payouts/batches/signers/reference.ts";
import { SignerError } from "../src/payouts/batches/signers/signer_error.ts";
import {
  ADDRESSES,
  balances,
  type ExecutorKit,
  earnFees,
  makeExecutor,
  openTestDatabase,
  owe,
  type RunningSigner,
  readChain,
  scriptOf,
  setPolicy,
  startSigner,
} from "./support/payout_kit.ts";

let chain: RunningChain;
let postgres: TestPostgres;
let signer: RunningSigner;
let reference: ReferenceSigner;
let database: Database;
let plans = 0;
const found: { hash: string; height: number; txid: string }[] = [];
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  [chain, postgres, signer] = await Promise.all([startChain(), startTestPostgres(), startSigner()]);
  reference = referenceSigner();
  // Ripe coinbases of the signer's key, for all tests.
  const hashes = await chain.rpc<string[]>("generatetoaddress", [120, signer.address]);
  for (const hash of hashes.slice(0, 40)) {
    const block = await chain.rpc<{ height: number; tx: string[] }>("getblock", [hash]);
    found.push({ hash, height: block.height, txid: block.tx[0] as string });
  }
});
afterAll(async () => {
  await Promise.all([chain?.stop(), postgres?.stop(), signer?.stop()]);
});
beforeEach(async () => {
  const fresh = openTestDatabase(await postgres.createMigratedDatabase());
  database = fresh;
  ends.push(() => fresh.end());
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function referenceSigner(): ReferenceSigner {
  return new ReferenceSigner({ kind: "reference", url: signer.url, token: signer.token });
}

const mine = (blocks: number, to = ADDRESSES[0]) => chain.rpc<string[]>("generatetoaddress", [blocks, to]);
const height = () => chain.rpc<number>("getblockcount");

/** The pool found the blocks that the signer's key owns. */
async function adoptCoinbases(): Promise<void> {
  await database.query(
    `INSERT INTO block (hash, height, state, instance_id, round_id, prev_hash, coinbase_txid, found_at, reward_sats, fees_sats,
       network_difficulty, share_difficulty, transactions, size_bytes)
     SELECT hash, height, 'confirmed', 'pool-a', height, '', txid, now(), 5000000000, 0, 1, 1, 1, 1
     FROM unnest($1::text[], $2::int[], $3::text[]) AS v (hash, height, txid) ON CONFLICT DO NOTHING`,
    [found.map((block) => block.hash), found.map((block) => block.height), found.map((block) => block.txid)],
  );
}

function executor(
  options: {
    signed_by?: "reference" | "nobody" | CommandSigner;
    fee?: object;
    now_ms?: () => number;
    monotonic_ms?: () => number;
  } = {},
  change: Partial<PayoutExecutorOptions> = {},
): ExecutorKit {
  const by = options.signed_by ?? "reference";
  const { now_ms, monotonic_ms } = options;
  const kit = makeExecutor(
    {
      chain,
      database,
      script_hex: signer.script_hex,
      signer: by === "reference" ? referenceSigner() : by === "nobody" ? null : by,
      ...(now_ms && { now_ms }),
      ...(monotonic_ms && { monotonic_ms }),
    },
    change,
  );
  ends.push(() => kit.close());
  return kit;
}

async function plan(): Promise<number> {
  plans += 1;
  const made = await createBatches(database, { network: "regtest", plan_key: `plan ${plans}`, created_by: "anna@example.org" });
  return made.batch_ids[0] as number;
}

const stateOf = async (batch_id: number) => (await readBatch(database, batch_id)).batch.state;
const waitingFor = async (batch_id: number) => (await readBatch(database, batch_id)).batch.waiting_for;

/** Passes until nothing more happens at once. */
async function work(kit: ExecutorKit): Promise<void> {
  for (let i = 0; i < 3; i++) expect(await kit.executor.pass()).toBe(true);
  expect(kit.troubles).toEqual([]);
}

async function sentBatch(kit: ExecutorKit, sats = 300_000_000n): Promise<{ batch_id: number; account_id: number }> {
  await adoptCoinbases();
  const account_id = await owe(database, ADDRESSES[1] as string, sats);
  const batch_id = await plan();
  await work(kit);
  expect(await stateOf(batch_id)).toBe("broadcast");
  return { batch_id, account_id };
}

test("coinbases from before payouts were followed are found, and what waits says for what", async () => {
  await setPolicy(database);
  const kit = executor();
  await owe(database, ADDRESSES[1] as string, 300_000_000n);
  const batch_id = await plan();
  await work(kit);
  expect(await waitingFor(batch_id)).toMatch(/^The wallet has 0\.00000000 BTC to spend and 3\.0000\d+ BTC are needed/);
  await adoptCoinbases();
  await work(kit);
  expect(await stateOf(batch_id)).toBe("broadcast");
  expect(kit.events.map(([kind]) => kind)).toEqual(["waiting", "sent"]);
  const { wallet } = await readPayoutSummary(database, { network: "regtest" });
  const watched = await readPayoutFigures(database, { network: "regtest" });
  expect(watched.batches.find(({ state }) => state === "broadcast")).toEqual({
    state: "broadcast",
    batches: 1,
    amount_sats: 300_000_000,
  });
  expect(watched).toMatchObject({ stopped: 0, due: { accounts: 0, amount_sats: 0 }, spendable_sats: wallet.spendable_sats });
  expect(watched.oldest_open_s).toBeGreaterThan(0);
  expect(wallet.reserved_sats).toBe(5_000_000_000);
  await mine(2);
  await work(kit);
  const { batch, items, transactions } = await readBatch(database, batch_id);
  expect([batch.state, batch.confirmations]).toEqual(["settled", 2]);
  expect(items[0]).toMatchObject({ amount_sats: 300_000_000, fee_part_sats: 0, paid_sats: 300_000_000 });
  expect((await readPayoutFigures(database, { network: "regtest" })).oldest_open_s).toBe(0);
  // The pool bears the fee, and the change is there to spend again.
  const fee = BigInt(transactions[0]?.fee_sats ?? 0);
  expect(await balances(database)).toMatchObject({ network_fee: fee, fee_available: -fee, miner_paid: 300_000_000n });
  const free = await listFreeOutputs(database);
  expect(free.find((output) => output.source === "change")?.value_sats).toBe(5_000_000_000n - 300_000_000n - fee);
});

test("the pool's own fees go to the operator's address, which bears the network's fee, and are booked as taken out", async () => {
  const address = ADDRESSES[4] as string;
  await setPolicy(database, { fee_payout: { address, threshold_sats: 100_000, keep_sats: 50_000 } });
  await adoptCoinbases();
  await earnFees(database, 2_000_000n);
  const batch_id = await plan();
  const kit = executor();
  await work(kit);
  await requestBump(database, { batch_id, fee_rate: 9, person: "bo" });
  await work(kit);
  await mine(2);
  await work(kit);
  const { batch, items, transactions } = await readBatch(database, batch_id);
  expect(batch).toMatchObject({ state: "settled", pays: "fees", amount_sats: 1_950_000 });
  const part = BigInt(items[0]?.fee_part_sats ?? 0);
  const fee = BigInt(transactions[0]?.fee_sats ?? 0);
  expect(part).toBeGreaterThan(0n);
  expect(fee).toBeGreaterThan(part);
  expect((await readChain(chain)).paid.get(scriptOf(address))).toBe(1_950_000n - part);
  expect(await balances(database)).toEqual({
    operator: -2_000_000n,
    fee_available: 50_000n - (fee - part),
    fee_paying: 0n,
    fee_paid: 1_950_000n - part,
    network_fee: fee,
  });
  expect((await readPayoutSummary(database, { network: "regtest" })).fees).toMatchObject({ due_sats: 0 });
});

test("a payout larger than the wallet waits, and one that nobody relays is not made", async () => {
  await setPolicy(database, { threshold_min_sats: 546, threshold_sats: 546, fee_payer: "miners", fee_rate_min: 20 });
  await adoptCoinbases();
  const kit = executor();
  const small = await owe(database, ADDRESSES[1] as string, 2_000n);
  const batch_id = await plan();
  await work(kit);
  expect(await waitingFor(batch_id)).toMatch(
    /Its transaction cannot be made: Output 1 would pay -?\d+ sats, and below 546 no node relays it/,
  );
  await cancelBatch(database, { batch_id, person: "bo", reason: "too small" });
  expect((await balances(database, small)).miner_available).toBe(2_000n);
  await owe(database, ADDRESSES[2] as string, 900_000_000_000n);
  const large = await plan();
  await work(kit);
  expect(await waitingFor(large)).toMatch(
    /The wallet has [\d,.]+ BTC to spend and 9,000\.\d+ BTC are needed\. \d+\.\d+ BTC of coinbases are still ripening/,
  );
});

test("a file signer: downloaded, signed elsewhere, uploaded; nothing else is taken", async () => {
  await setPolicy(database);
  await adoptCoinbases();
  const kit = executor({ signed_by: "nobody" });
  await owe(database, ADDRESSES[1] as string, 200_000_000n);
  const batch_id = await plan();
  const upload = (psbt: string) => acceptSigned(database, { batch_id, psbt, network: "regtest", signer: "file" });
  await expect(upload("cHNidP8=")).rejects.toThrow(PayoutError);
  await work(kit);
  expect(await waitingFor(batch_id)).toMatch(/^Download its PSBT/);
  const { psbt } = await downloadPsbt(database, { batch_id });
  await expect(upload(psbt)).rejects.toThrow(/Input 1 \(.*\) is not signed/);
  await expect(upload("nonsense")).rejects.toThrow(PsbtError);
  // Another batch's is not this one's.
  const other = await otherPsbt();
  await expect(upload(await reference.sign(other))).rejects.toThrow(
    /This is not the PSBT that was given out\. Input 1 spends .* Output 1 pays 1\.00000000 BTC to .* and should pay 2\.00000000 BTC to /,
  );
  expect(await stateOf(batch_id)).toBe("unsigned");
  await upload(await reference.sign(psbt));
  await expect(upload(await reference.sign(psbt))).rejects.toThrow(/is signed: no signature is waited for/);
  await work(kit);
  expect(await stateOf(batch_id)).toBe("broadcast");
});

/** A PSBT of the same wallet that pays somebody else. */
async function otherPsbt(): Promise<string> {
  await owe(database, ADDRESSES[2] as string, 100_000_000n);
  const batch_id = await plan();
  const kit = executor({ signed_by: "nobody" });
  await work(kit);
  return (await downloadPsbt(database, { batch_id })).psbt;
}

describe("a signer command", () => {
  function script(body: string): string[] {
    const dir = mkdtempSync(join(tmpdir(), "otedama-command-"));
    ends.push(() => rmSync(dir, { recursive: true, force: true }));
    const file = join(dir, "sign.mjs");
    writeFileSync(file, body);
    chmodSync(file, 0o700);
    return [process.execPath, file];
  }
  const READ = "let text = ''; for await (const chunk of process.stdin) text += chunk;";
  const asked = (body: string, timeout_s = 30) =>
    new CommandSigner({ kind: "command", command: script(`${READ}${body}`), timeout_s }).sign("cHNidP8=");

  test("signs what it is given", async () => {
    await setPolicy(database);
    await adoptCoinbases();
    await owe(database, ADDRESSES[1] as string, 200_000_000n);
    const command = script(`${READ}
      const response = await fetch(process.argv[2] + "/sign", { method: "POST",
        headers: { authorization: "Bearer " + process.argv[3] }, body: JSON.stringify({ psbt: text.trim() }) });
      process.stdout.write((await response.json()).psbt + "\\n");`);
    const kit = executor({
      signed_by: new CommandSigner({ kind: "command", command: [...command, signer.url, signer.token], timeout_s: 60 }),
    });
    const batch_id = await plan();
    await work(kit);
    expect(await stateOf(batch_id)).toBe("broadcast");
  });

  test("is held to its time and its output, and its reason is passed on", async () => {
    expect(await asked("process.stdout.write(text)")).toBe("cHNidP8=");
    await expect(asked("console.error('the card is locked'); process.exit(3)")).rejects.toThrow(
      /ended with code 3: the card is locked\.$/,
    );
    await expect(asked("setTimeout(() => {}, 600_000)", 1)).rejects.toThrow(/did not answer within 1 s/);
    await expect(
      asked("for (;;) if (!process.stdout.write('x'.repeat(65536))) await new Promise((r) => process.stdout.once('drain', r))"),
    ).rejects.toThrow(/wrote more than 4000000 bytes/);
    const missing = new CommandSigner({ kind: "command", command: ["/nonexistent/sign"], timeout_s: 5 });
    await expect(missing.sign("x")).rejects.toThrow(SignerError);
    // Neither what the process knows nor a shell's cleverness gets through.
    expect(await asked("process.stdout.write(Object.keys(process.env).join())")).toMatch(/^PATH$/);
  });
});

test("a signer that refuses says why, and is asked again when it may", async () => {
  await setPolicy(database);
  await adoptCoinbases();
  const strict = await startSigner({ transaction_sats_max: 1_000 });
  ends.push(() => strict.stop());
  const kit = makeExecutor({
    chain,
    database,
    script_hex: signer.script_hex,
    signer: new ReferenceSigner({ kind: "reference", url: strict.url, token: strict.token }),
  });
  ends.push(() => kit.close());
  await owe(database, ADDRESSES[1] as string, 200_000_000n);
  const batch_id = await plan();
  await work(kit);
  expect(await waitingFor(batch_id)).toMatch(/^The signer refuses: Input 1 \(.*\) pays bcrt1q.*, which is not this signer's key/);
  expect(new Set(kit.failures)).toEqual(new Set(["signer"]));
  // The same batch by the signer that has the key.
  await work(executor());
  expect(await stateOf(batch_id)).toBe("broadcast");
});

test("a stuck one is offered a higher fee, of which the pool bears what is added", async () => {
  await setPolicy(database, { fee_payer: "miners" });
  const kit = executor();
  const { batch_id, account_id } = await sentBatch(kit);
  const before = (await readBatch(database, batch_id)).transactions[0];
  const bump = (fee_rate: number) => requestBump(database, { batch_id, fee_rate, person: "bo" });
  await expect(bump(2.5)).rejects.toThrow(/at least 3\.0 sat\/vB/);
  await expect(bump(101)).rejects.toThrow(/at most 100 sat\/vB, the policy's fee_rate_max/);
  await bump(30);
  await work(kit);
  const { batch, items, transactions } = await readBatch(database, batch_id);
  expect(transactions.map(({ attempt, state }) => [attempt, state])).toEqual([
    [2, "broadcast"],
    [1, "broadcast"],
  ]);
  const mempool = await chain.rpc<string[]>("getrawmempool");
  expect(mempool).toContain(transactions[0]?.txid);
  expect(mempool).not.toContain(transactions[1]?.txid);
  expect(items[0]?.fee_part_sats).toBe(before?.fee_sats);
  await mine(2);
  await work(kit);
  expect(await stateOf(batch_id)).toBe("settled");
  const fee = BigInt(transactions[0]?.fee_sats ?? 0);
  const part = BigInt(before?.fee_sats ?? 0);
  expect(await balances(database)).toMatchObject({ network_fee: fee, fee_available: part - fee });
  expect(await balances(database, account_id)).toMatchObject({ miner_paid: BigInt(batch.amount_sats) - part });
});

test("by itself after the policy's time, and not beyond its bound", async () => {
  await setPolicy(database, { bump_after_minutes: 10, fee_rate_max: 3 });
  let ahead_ms = 0;
  const kit = executor({ now_ms: () => Date.now() + ahead_ms });
  const { batch_id } = await sentBatch(kit);
  await work(kit);
  expect((await readBatch(database, batch_id)).transactions).toHaveLength(1);
  ahead_ms = 11 * 60_000;
  await work(kit);
  expect((await readBatch(database, batch_id)).transactions.map((attempt) => attempt.fee_rate)).toEqual([3, 2]);
  ahead_ms = 60 * 60_000;
  await work(kit);
  expect((await readBatch(database, batch_id)).transactions).toHaveLength(2);
  expect(await waitingFor(batch_id)).toMatch(/fee_rate_max of 3 sat\/vB leaves no room/);
  await mine(1);
});

test("a clock that was ahead for a moment does not keep the schedule waiting until then", async () => {
  await setPolicy(database, { scheduled: true });
  await adoptCoinbases();
  const clock = { ahead_ms: 86_400_000, monotonic_ms: 0 };
  const options = { now_ms: () => Date.now() + clock.ahead_ms, monotonic_ms: () => clock.monotonic_ms };
  const kit = executor(options, { plan_ms: 30_000 });
  await work(kit);
  await owe(database, ADDRESSES[1] as string, 300_000_000n);
  Object.assign(clock, { ahead_ms: 0, monotonic_ms: 29_999 });
  await work(kit);
  expect((await listBatches(database, { page: 1, page_size: 10 })).rows).toHaveLength(0);
  clock.monotonic_ms = 30_000;
  await work(kit);
  expect((await listBatches(database, { page: 1, page_size: 10 })).rows).toMatchObject([{ state: "broadcast" }]);
});

test("a reorganisation takes it back, and it is sent again", async () => {
  await setPolicy(database, { confirmations: 3 });
  const kit = executor();
  const { batch_id } = await sentBatch(kit);
  const fork = await height();
  await mine(2);
  await work(kit);
  expect((await readBatch(database, batch_id)).batch).toMatchObject({ state: "broadcast", confirmations: 2 });
  await chain.rpc("generateonheight", [fork, 3, ADDRESSES[0]]);
  await work(kit);
  expect((await readBatch(database, batch_id)).batch).toMatchObject({ state: "broadcast", confirmations: 0 });
  expect(kit.events.at(-1)?.[2]).toMatch(/lost its block to a reorganisation/);
  await mine(3);
  await work(kit);
  expect((await readBatch(database, batch_id)).batch).toMatchObject({ state: "settled", confirmations: 3 });
});

test("an input that somebody else spends stops the batch; once that is deep, its money can be had again", async () => {
  await setPolicy(database);
  const kit = executor({ signed_by: "nobody" });
  await adoptCoinbases();
  const account_id = await owe(database, ADDRESSES[1] as string, 250_000_000n);
  const batch_id = await plan();
  await work(kit);
  const { psbt } = await downloadPsbt(database, { batch_id });
  // Whoever has the key pays the same coins to somebody else, in another database's batch.
  const elsewhere = openTestDatabase(await postgres.createMigratedDatabase());
  const ours = database;
  ends.push(() => elsewhere.end());
  database = elsewhere;
  await setPolicy(database);
  const thief = executor();
  await sentBatch(thief, 777_000_000n);
  database = ours;
  await mine(1);
  await work(kit);
  const { batch, can } = await readBatch(database, batch_id);
  expect(batch.stopped_why).toMatch(
    /^Its input [0-9a-f]{64}:\d+ was spent in block \d+ by [0-9a-f]{64}, which is not a transaction of this batch/,
  );
  expect(kit.events.at(-1)?.[0]).toBe("stopped");
  expect(can.cancel).toBeNull();
  await expect(
    acceptSigned(database, { batch_id, psbt: await reference.sign(psbt), network: "regtest", signer: "file" }),
  ).rejects.toThrow(/was stopped/);
  await cancelBatch(database, { batch_id, person: "bo", reason: "key used elsewhere" });
  expect((await balances(database, account_id)).miner_available).toBe(250_000_000n);
});

test("once signed it is given up only when the chain has made it impossible", async () => {
  await setPolicy(database);
  const kit = executor();
  const { batch_id } = await sentBatch(kit);
  await expect(cancelBatch(database, { batch_id, person: "bo", reason: "second thoughts" })).rejects.toThrow(
    /its transaction is signed and can be mined at any time/,
  );
  await mine(2);
  await work(kit);
  await expect(cancelBatch(database, { batch_id, person: "bo", reason: "second thoughts" })).rejects.toThrow(/is settled/);
});

test("a given-up one that had left the pool can never be mined beside the next, and is noticed when it is mined instead", async () => {
  await setPolicy(database);
  await adoptCoinbases();
  const account_id = await owe(database, ADDRESSES[1] as string, 150_000_000n);
  const kit = executor({ signed_by: "nobody" });
  const first = await plan();
  await work(kit);
  const { psbt } = await downloadPsbt(database, { batch_id: first });
  await cancelBatch(database, { batch_id: first, person: "bo", reason: "wrong day" });
  await owe(database, ADDRESSES[2] as string, 110_000_000n);
  const second = await plan();
  await work(kit);
  const inputs = async (batch_id: number) => {
    const { rows } = await database.query<{ outpoint: string }>(
      `SELECT o.txid || ':' || o.vout AS outpoint FROM wallet_output o JOIN payout_transaction t ON t.id = o.transaction_id WHERE t.batch_id = $1`,
      [batch_id],
    );
    return rows.map((row) => row.outpoint);
  };
  expect(await inputs(first)).toEqual([]);
  expect(await inputs(second)).toHaveLength(1);
  // Somebody signs and sends the first one all the same.
  const bounds = { network: "regtest", fee_rate_min: 1, fee_rate_max: 100 } as const;
  const stray = acceptSignedPsbt(psbt, await reference.sign(psbt), bounds);
  await chain.rpc("sendrawtransaction", [stray.raw_hex]);
  await mine(1);
  await work(kit);
  expect((await readBatch(database, second)).batch.stopped_why).not.toBeNull();
  expect(await listHolds(database)).toMatchObject([
    { account_id, placed_by: "pool", reason: expect.stringContaining(stray.txid) },
  ]);
});

test("two instances: one works, the other looks on", async () => {
  await setPolicy(database);
  await adoptCoinbases();
  await owe(database, ADDRESSES[1] as string, 120_000_000n);
  const batch_id = await plan();
  const [first, second] = [executor(), executor()];
  for (let round = 0; round < 3; round++) await Promise.all([first.executor.pass(), second.executor.pass()]);
  const { batch, transactions } = await readBatch(database, batch_id);
  expect(batch.state).toBe("broadcast");
  expect(transactions).toHaveLength(1);
  expect([...first.events, ...second.events].filter(([kind]) => kind === "sent")).toHaveLength(1);
});
