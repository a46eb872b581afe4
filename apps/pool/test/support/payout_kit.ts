/** A pool's money for tests: a policy, accounts that are owed something, coinbases on a chain to pay them from, and the signer that has the key. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { readPayoutPolicy } from "@otedama/db/payouts";
import { type Database, openDatabase, transaction, writeEntry } from "@otedama/db/pool";
import { bytesToHex, outputScript, type PayoutPolicy, PoolPolicy, type SignerLimits, SignerSettings } from "@otedama/shared";
import type { RunningChain } from "@otedama/simulator/chain";
import {
  PAYOUT_OPTIONS,
  PayoutExecutor,
  type PayoutExecutorDependencies,
  type PayoutExecutorOptions,
} from "../../src/payouts/batches/executor.ts";
import { readRawBlock } from "../../src/payouts/batches/raw_block.ts";
import type { Signer } from "../../src/payouts/batches/signers/signer.ts";
import { RpcClient } from "../../src/work/rpc.ts";

const SIGNER_MAIN = join(import.meta.dirname, "../../../signer/src/main.ts");

/** Regtest addresses of every kind that a miner may have: P2WPKH, P2PKH, P2SH, P2WSH, P2TR. Of no use to anybody. */
export const ADDRESSES = [
  "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
  "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r",
  "2N7FuwuUuoTBrDFdrAZ9KxBmtqMLxce9i1C",
  "bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry",
  "bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6",
];

export const LIMITS: SignerLimits = {
  transaction_sats_max: 100_000_000_000,
  day_sats_max: 1_000_000_000_000,
  fee_sats_max: 1_000_000,
  fee_rate_max: 500,
  outputs_max: 3_000,
};

export function testPolicy(change: Partial<PayoutPolicy> = {}): PoolPolicy {
  return PoolPolicy.parse({
    scheme: "pplns",
    solo_allowed: true,
    fee_percent: { solo: 0, pplns: 1, prop: 1, pps: 1, fpps: 1 },
    fee_exempt_addresses: [],
    donation: null,
    finder_bonus_percent: 0,
    pplns_window: 2,
    coinbase_text: "/test/",
    difficulty: { initial: 1, min: 1, max: 1e12, target_time_s: 10 },
    payouts: {
      scheduled: false,
      every_hours: 1,
      threshold_sats: 100_000,
      threshold_min_sats: 10_000,
      fee_payer: "pool",
      fee_rate_min: 2,
      fee_rate_max: 100,
      fee_target_blocks: 6,
      outputs_max: 1_000,
      unattended_max_sats: 1_000_000_000_000,
      four_eyes_above_sats: 1_000_000_000_000,
      confirmations: 2,
      bump_after_minutes: 0,
      fee_payout: null,
      ...change,
    },
    correction_four_eyes_above_sats: 0,
  });
}

export async function setPolicy(database: Database, change: Partial<PayoutPolicy> = {}): Promise<number> {
  await database.query("INSERT INTO pool_policy (policy, created_by, reason) VALUES ($1, 'test', 'test')", [
    JSON.stringify(testPolicy(change)),
  ]);
  return (await readPayoutPolicy(database)).version;
}

/** Makes an account that the ledger owes `sats`. */
export async function owe(database: Database, address: string, sats: bigint): Promise<number> {
  const { rows } = await database.query<{ id: number }>(
    "INSERT INTO account (address) VALUES ($1) ON CONFLICT (address) DO UPDATE SET address = excluded.address RETURNING id",
    [address],
  );
  const account_id = rows[0]?.id as number;
  await transaction(database, (client) =>
    writeEntry(client, {
      cause: "correction",
      cause_key: `test ${randomBytes(8).toString("hex")}`,
      block_hash: null,
      postings: [
        { kind: "operator", account_id: null, amount_sats: -sats },
        { kind: "miner_available", account_id, amount_sats: sats },
      ],
    }),
  );
  return account_id;
}

/** The pool's own fees grow by `sats`. */
export async function earnFees(database: Database, sats: bigint): Promise<void> {
  await transaction(database, (client) =>
    writeEntry(client, {
      cause: "fee",
      cause_key: `test ${randomBytes(8).toString("hex")}`,
      block_hash: null,
      postings: [
        { kind: "operator", account_id: null, amount_sats: -sats },
        { kind: "fee_available", account_id: null, amount_sats: sats },
      ],
    }),
  );
}

/** The ledger's balances by kind, for one account or all. */
export async function balances(database: Database, account_id?: number): Promise<Record<string, bigint>> {
  const { rows } = await database.query<{ kind: string; balance: string }>(
    `SELECT l.kind, sum(v.balance_sats)::text AS balance FROM ledger_account l JOIN ledger_balance v ON v.ledger_account_id = l.id
     WHERE $1::int IS NULL OR l.account_id = $1 GROUP BY l.kind`,
    [account_id ?? null],
  );
  return Object.fromEntries(rows.map((row) => [row.kind, BigInt(row.balance)]));
}

export interface RunningSigner {
  url: string;
  token: string;
  address: string;
  script_hex: string;
  child: ChildProcess;
  stop(): Promise<void>;
}

export async function startSigner(
  change: Partial<SignerLimits> = {},
  dir = mkdtempSync(join(tmpdir(), "otedama-signer-")),
): Promise<RunningSigner> {
  const token = randomBytes(16).toString("hex");
  const file = join(dir, "settings.json");
  const settings = SignerSettings.parse({
    data_dir: dir,
    log_level: "warn",
    network: "regtest",
    listen: { host: "127.0.0.1", port: 0 },
    token,
    key_file: join(dir, "key"),
    limits: { ...LIMITS, ...change },
  });
  writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
  const child = spawn(process.execPath, [SIGNER_MAIN, "--settings", file], { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).once("line", resolve);
    void exited.then(() => reject(new Error("the signer ended before it was ready")));
  });
  const { url, address } = JSON.parse(line) as { url: string; address: string };
  return {
    url,
    token,
    address,
    script_hex: bytesToHex(outputScript(address, "regtest")),
    child,
    stop: async () => {
      child.kill("SIGTERM");
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** An executor on a chain, driven pass by pass. */
export interface ExecutorKit {
  executor: PayoutExecutor;
  events: [string, number, string][];
  troubles: string[];
  /** Who took no payout, in order. */
  failures: string[];
  close(): Promise<void>;
}

export function makeExecutor(
  test: {
    chain: RunningChain;
    database: Database;
    script_hex: string;
    signer: Signer | null;
    url?: string;
  } & Partial<Pick<PayoutExecutorDependencies, "now_ms" | "monotonic_ms" | "onStep">>,
  change: Partial<PayoutExecutorOptions> = {},
): ExecutorKit {
  const { chain, database } = test;
  const rpc = new RpcClient({ url: test.url ?? chain.url, user: chain.user, password: chain.password });
  const node = { name: "chain", rpc };
  const events: ExecutorKit["events"] = [];
  const troubles: string[] = [];
  const failures: string[] = [];
  const executor = new PayoutExecutor(
    {
      ...PAYOUT_OPTIONS,
      network: "regtest",
      payout_script_hex: test.script_hex,
      psbt_version: 0,
      descriptors: [],
      descriptor_scan_ms: 60_000,
      poll_ms: 50,
      plan_ms: 0,
      resend_ms: 0,
      retry_ms_min: 0,
      retry_ms_max: 0,
      ...change,
    },
    {
      database,
      nodes: [node],
      node: () => node,
      signer: test.signer,
      now_ms: test.now_ms ?? (() => Date.now()),
      monotonic_ms: test.monotonic_ms ?? (() => performance.now()),
      onFailure: (who) => failures.push(who),
      onEvent: (kind, batch_id, message) => events.push([kind, batch_id, message]),
      onTrouble: (error) => troubles.push(error.message),
      ...(test.onStep && { onStep: test.onStep }),
    },
  );
  const close = async () => {
    await executor.stop();
    rpc.close();
  };
  return { executor, events, troubles, failures, close };
}

/** Everything that the chain ever paid to each script, coinbases left out, and what of it is not spent. */
export async function readChain(
  chain: RunningChain,
): Promise<{ paid: Map<string, bigint>; unspent: Map<string, bigint>; txids: Set<string> }> {
  const paid = new Map<string, bigint>();
  const unspent = new Map<string, bigint>();
  const outputs = new Map<string, { script_hex: string; value_sats: bigint }>();
  const txids = new Set<string>();
  const add = (map: Map<string, bigint>, script: string, sats: bigint) => map.set(script, (map.get(script) ?? 0n) + sats);
  const tip = await chain.rpc<number>("getblockcount");
  for (let height = 1; height <= tip; height++) {
    const hash = await chain.rpc<string>("getblockhash", [height]);
    const block = readRawBlock(Buffer.from(await chain.rpc<string>("getblock", [hash, false]), "hex"));
    for (const [index, transaction] of block.transactions.entries()) {
      txids.add(transaction.txid);
      for (const input of transaction.inputs) {
        const spent = outputs.get(`${input.txid}:${input.vout}`);
        if (spent) add(unspent, spent.script_hex, -spent.value_sats);
      }
      for (const [vout, output] of transaction.outputs.entries()) {
        outputs.set(`${transaction.txid}:${vout}`, output);
        add(unspent, output.script_hex, output.value_sats);
        if (index > 0) add(paid, output.script_hex, output.value_sats);
      }
    }
  }
  return { paid, unspent, txids };
}

export function openTestDatabase(url: string): Database {
  return openDatabase({ url, application_name: "payout-test", connections_max: 6 });
}

export function scriptOf(address: string): string {
  return bytesToHex(outputScript(address, "regtest"));
}
