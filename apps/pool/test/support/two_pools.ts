/** Share logs of two instances on one database, and the parts that turn them into money. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestPostgres } from "@otedama/db/embedded";
import {
  applyConfigPolicy,
  type Database,
  ensureWorker,
  listTrackedBlocks,
  openDatabase,
  type TrackedBlock,
  transaction,
  type WorkerIdentity,
} from "@otedama/db/pool";
import { type PoolPolicy, workHashes } from "@otedama/shared";
import { creditBlock } from "../../src/payouts/credit.ts";
import { CONSUMER_OPTIONS, type ConsumerOptions, ShareConsumer } from "../../src/shares/consumer.ts";
import { ShareLogReader } from "../../src/shares/log_reader.ts";
import { ShareTermsBook } from "../../src/shares/terms.ts";
import type { JobFacts } from "../../src/work/job_log.ts";
import { poolPolicy } from "./pool_policy.ts";
import { type LoggedShare, TestShareLog } from "./share_log.ts";

const ADDRESSES = [
  "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
  "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm",
  "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn",
] as const;
/** 1d00ffff: difficulty 1, so that work by the network's is plain to see. */
const NBITS = 0x1d00ffff;
const SUBSIDY_SATS = 312_500_000n;

export interface FoundBlock {
  instance: string;
  hash: string;
  at_ms: number;
  height: number;
  worker: WorkerIdentity;
  reward_sats?: bigint;
}

export class TwoPools {
  readonly logs: Record<string, TestShareLog> = {};
  readonly shares: Record<string, LoggedShare[]> = { a: [], b: [] };
  readonly jobs = new Map<number, JobFacts>();
  readonly #found = new Map<string, FoundBlock>();
  readonly #dir = mkdtempSync(join(tmpdir(), "otedama-two-pools-"));
  readonly database: Database;
  readonly workers: WorkerIdentity[] = [];
  version = 0;

  private constructor(database: Database) {
    this.database = database;
    for (const instance of ["a", "b"]) this.logs[instance] = new TestShareLog(this.#dir, instance);
  }

  /** Workers of three accounts; the last one is the first account's, and mines for itself alone. */
  static async start(server: TestPostgres, policy: Partial<PoolPolicy> = {}): Promise<TwoPools> {
    const pools = new TwoPools(openDatabase({ url: await server.createMigratedDatabase(), application_name: "test" }));
    for (const address of ADDRESSES) pools.workers.push(await ensureWorker(pools.database, address, "w"));
    pools.workers.push(await ensureWorker(pools.database, ADDRESSES[0], "w", true));
    await pools.setPolicy(policy);
    pools.addJob(1);
    return pools;
  }

  async end(): Promise<void> {
    await this.database.end();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  worker(index: number): WorkerIdentity {
    return this.workers[index] as WorkerIdentity;
  }

  /** For jobs from now on. */
  async setPolicy(policy: Partial<PoolPolicy>): Promise<void> {
    this.version = (await applyConfigPolicy(this.database, "regtest", poolPolicy(policy))).version;
  }

  addJob(job_number: number, change: Partial<JobFacts> = {}): void {
    this.jobs.set(job_number, {
      job_number,
      height: 100,
      nbits: NBITS,
      subsidy_sats: SUBSIDY_SATS,
      average_fees_sats: 0n,
      policy_version: this.version,
      at_ms: 0,
      ...change,
    });
  }

  log(instance: string, ...shares: LoggedShare[]): void {
    this.logs[instance]?.append(...shares);
    this.shares[instance]?.push(...shares);
  }

  find(block: FoundBlock, share: Partial<LoggedShare> = {}): void {
    this.#found.set(block.hash, block);
    this.log(block.instance, { worker_id: block.worker.worker_id, at_ms: block.at_ms, block: block.hash, ...share });
  }

  consumer(
    instance: string,
    options: Partial<ConsumerOptions> = {},
    database = this.database,
    now_ms?: () => number,
  ): ShareConsumer {
    const terms = new ShareTermsBook({ database, job: (job_number) => this.jobs.get(job_number) ?? null });
    return new ShareConsumer(
      { ...CONSUMER_OPTIONS, ...options, instance_id: instance },
      {
        database,
        reader: new ShareLogReader({ dir: this.#dir, instance_id: instance }, { durable: () => null }),
        resolveWorkers: async () => new Map(),
        judgeShares: (records, workerOf) => terms.judge(records, workerOf),
        blockDetails: async (record) => {
          const block = this.#found.get(record.hash);
          if (!block) return null;
          return {
            height: block.height,
            worker_id: block.worker.worker_id,
            prev_hash: "11".repeat(32),
            coinbase_txid: "22".repeat(32),
            found_at_ms: block.at_ms,
            reward_sats: block.reward_sats ?? SUBSIDY_SATS,
            fees_sats: 0n,
            network_difficulty: 1,
            network_work_hashes: workHashes(1),
            maturity_confirmations: 100,
            share_difficulty: 1,
            transactions: 1,
            size_bytes: 300,
            policy_version: this.jobs.get(record.job_number)?.policy_version ?? null,
          };
        },
        onRound: () => {},
        onUnknownWorkers: () => {},
        onDamaged: () => {},
        onTrouble: () => {},
        now_ms: now_ms ?? (() => 0),
      },
    );
  }

  async drain(): Promise<void> {
    for (const instance of ["a", "b"]) await this.consumer(instance).drain();
  }

  async block(hash: string): Promise<TrackedBlock> {
    const block = (await listTrackedBlocks(this.database, 0, 100)).find((item) => item.hash === hash);
    if (!block) throw new Error(`block ${hash} is not there`);
    return block;
  }

  /** Credits a block as the tracker does, and calls it pending. */
  async credit(hash: string): Promise<void> {
    const block = await this.block(hash);
    await transaction(
      this.database,
      async (client) => {
        await creditBlock(client, block);
        await client.query("UPDATE block SET state = 'pending', confirmations = 1 WHERE hash = $1", [hash]);
      },
      "repeatable read",
    );
  }

  /** Of one entry, by kind and account. */
  async postings(cause: string, key: string): Promise<Record<string, bigint>> {
    const { rows } = await this.database.query<{ name: string; amount: string }>(
      `SELECT l.kind || coalesce(' ' || l.account_id, '') AS name, p.amount_sats AS amount FROM ledger_entry e
         JOIN ledger_posting p ON p.entry_id = e.id JOIN ledger_account l ON l.id = p.ledger_account_id
       WHERE e.cause = $1::ledger_cause AND e.cause_key = $2 ORDER BY 1`,
      [cause, key],
    );
    return Object.fromEntries(rows.map((row) => [row.name, BigInt(row.amount)]));
  }

  async balances(): Promise<Record<string, bigint>> {
    const { rows } = await this.database.query<{ name: string; sats: string }>(
      `SELECT l.kind || coalesce(' ' || l.account_id, '') AS name, b.balance_sats AS sats FROM ledger_balance b
         JOIN ledger_account l ON l.id = b.ledger_account_id WHERE b.balance_sats <> 0 ORDER BY 1`,
    );
    return Object.fromEntries(rows.map((row) => [row.name, BigInt(row.sats)]));
  }
}
