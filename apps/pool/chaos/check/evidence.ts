/** Everything that a run left behind: logs, chain, what miners were told, and what the database says of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "@otedama/db/pool";
import type { PoolPolicy } from "@otedama/shared";
import type { SentShare } from "../stack/miners.ts";
import type { Stack } from "../stack/stack.ts";
import { type ChainBlock, readWholeChain } from "./chain_reading.ts";
import { type JobLine, type LoggedResult, type LoggedShare, readJobs, readShareLog } from "./share_log.ts";

export interface Worker {
  worker_id: number;
  account_id: number;
  address: string;
  name: string;
  solo: boolean;
}

/** A worker that came while the database was away, by the id that its machine gave it. */
export interface LocalWorker {
  instance_id: string;
  id: number;
  address: string;
  name: string;
  solo: boolean;
}

export interface WorkerCounts {
  worker_id: number;
  counts: Record<LoggedResult, number>;
  bucket_accepted: number;
  bucket_work: bigint;
}

export interface PostingRow {
  entry_id: string;
  cause: string;
  cause_key: string;
  kind: string;
  account_id: number | null;
  amount_sats: bigint;
}

export interface Evidence {
  shares: Map<string, LoggedShare[]>;
  damaged: string[];
  jobs: Map<string, JobLine[]>;
  sent: SentShare[];
  wrongly_accepted: string[];
  chain: ChainBlock[];
  /** Of every block candidate that a miner was told was accepted: which nodes know it. */
  known_blocks: Map<string, boolean>;
  payout_script: string;
  maturity_confirmations: number;
  /** Below it are the blocks that the run began with; some of them were given to the pool. */
  first_height: number;
  // From here on what the database says.
  workers: Worker[];
  local_workers: LocalWorker[];
  policies: Map<number, PoolPolicy>;
  accounts: Map<string, number>;
  window_ends: Map<string, { segment: number; offset: number }>;
  worker_counts: WorkerCounts[];
  postings: PostingRow[];
  /** The sums that the ledger keeps of itself, by kind and account. */
  balances: { kind: string; account_id: number | null; balance_sats: bigint }[];
  blocks: { hash: string; height: number; state: string }[];
  batches: { id: number; state: string; txid: string | null }[];
}

export interface Collected {
  stack: Stack;
  sent: SentShare[];
  wrongly_accepted: string[];
  local_workers: LocalWorker[];
  maturity_confirmations: number;
  first_height: number;
}

export async function collectEvidence(collected: Collected): Promise<Evidence> {
  const { stack, sent } = collected;
  const shares = new Map<string, LoggedShare[]>();
  const jobs = new Map<string, JobLine[]>();
  const damaged: string[] = [];
  for (const { instance_id, data_dir } of stack.pools) {
    const log = readShareLog(join(data_dir, "shares"), instance_id);
    shares.set(instance_id, log.shares);
    damaged.push(...log.damaged);
    jobs.set(instance_id, readJobs(join(data_dir, "jobs"), instance_id));
  }
  const chain = await readWholeChain((method, params) => stack.chain.rpc(0, method, params));
  const bits = chain.at(-1)?.nbits ?? 0;
  const known_blocks = new Map<string, boolean>();
  for (const share of sent) {
    if (share.told !== "accepted" || !isBlock(share.hash, bits)) continue;
    const answers = await Promise.all(
      [0, 1].map((node) => stack.chain.rpc(node, "getblockheader", [share.hash]).catch(() => null)),
    );
    known_blocks.set(
      share.hash,
      answers.some((answer) => answer !== null),
    );
  }
  const { local_workers, wrongly_accepted, maturity_confirmations, first_height } = collected;
  const { payout_script } = stack;
  const read = { shares, damaged, jobs, sent, wrongly_accepted, chain, known_blocks, payout_script };
  return { ...read, local_workers, maturity_confirmations, first_height, ...(await readDatabase(stack.database)) };
}

type DatabaseSays = Pick<
  Evidence,
  "workers" | "policies" | "accounts" | "window_ends" | "worker_counts" | "postings" | "balances" | "blocks" | "batches"
>;

/** Ids and names are taken as they are; counts and sums are what is compared. */
export async function readDatabase(database: Database): Promise<DatabaseSays> {
  const rows = async <T>(sql: string): Promise<T[]> => (await database.query(sql)).rows as T[];
  const workers = await rows<Worker>(
    "SELECT w.id AS worker_id, w.account_id, a.address, w.name, w.solo FROM worker w JOIN account a ON a.id = w.account_id",
  );
  const policies = await rows<{ version: number; policy: PoolPolicy }>("SELECT version, policy FROM pool_policy");
  const accounts = await rows<{ id: number; address: string }>("SELECT id, address FROM account");
  // A block that was credited again counts by its newest credit.
  const ends = await rows<{ block_hash: string; instance_id: string; segment: string; offset: string }>(
    `SELECT e.block_hash, e.instance_id, e.segment, e."offset" FROM block_window_end e
       JOIN ledger_entry l ON l.cause = 'block_credit' AND l.cause_key = e.cause_key ORDER BY l.id`,
  );
  const counts = await rows<Record<LoggedResult, string> & { worker_id: number; bucket_accepted: string; bucket_work: string }>(
    `SELECT s.worker_id, s.accepted, s.stale, s.duplicate, s.low_difficulty, s.unauthorized, s.invalid,
       coalesce(b.accepted, 0) AS bucket_accepted, coalesce(b.work, 0) AS bucket_work
     FROM worker_state s LEFT JOIN (SELECT worker_id, sum(accepted) AS accepted, sum(work_hashes) AS work FROM share_bucket GROUP BY 1) b
       ON b.worker_id = s.worker_id`,
  );
  const postings = await rows<Omit<PostingRow, "amount_sats"> & { amount: string }>(
    `SELECT e.id::text AS entry_id, e.cause::text, e.cause_key, l.kind::text, l.account_id, p.amount_sats::text AS amount
     FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id JOIN ledger_account l ON l.id = p.ledger_account_id`,
  );
  const balances = await rows<{ kind: string; account_id: number | null; balance: string }>(
    "SELECT l.kind::text, l.account_id, v.balance_sats::text AS balance FROM ledger_balance v JOIN ledger_account l ON l.id = v.ledger_account_id",
  );
  const blocks = await rows<{ hash: string; height: number; state: string }>("SELECT hash, height, state::text FROM block");
  const batches = await rows<{ id: number; state: string; txid: string | null }>(
    `SELECT b.id, b.state::text, t.txid FROM payout_batch b LEFT JOIN payout_transaction t ON t.batch_id = b.id AND t.state = 'confirmed'`,
  );
  return {
    workers,
    policies: new Map(policies.map(({ version, policy }) => [version, policy])),
    accounts: new Map(accounts.map(({ id, address }) => [address, id])),
    window_ends: new Map(
      ends.map((row) => [`${row.block_hash} ${row.instance_id}`, { segment: Number(row.segment), offset: Number(row.offset) }]),
    ),
    worker_counts: counts.map((row) => ({
      worker_id: row.worker_id,
      counts: {
        accepted: Number(row.accepted),
        stale: Number(row.stale),
        duplicate: Number(row.duplicate),
        low_difficulty: Number(row.low_difficulty),
        unauthorized: Number(row.unauthorized),
        invalid: Number(row.invalid),
      },
      bucket_accepted: Number(row.bucket_accepted),
      bucket_work: BigInt(row.bucket_work),
    })),
    postings: postings.map(({ amount, ...row }) => ({ ...row, amount_sats: BigInt(amount) })),
    balances: balances.map(({ balance, ...row }) => ({ ...row, balance_sats: BigInt(balance) })),
    blocks,
    batches,
  };
}

/** The file is cleaned out after a restart, so it is read while the run goes on. */
export function readLocalWorkers(data_dir: string, instance_id: string): LocalWorker[] {
  let text: string;
  try {
    text = readFileSync(join(data_dir, "local_workers.jsonl"), "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    try {
      const { id, address, name, solo } = JSON.parse(line);
      return typeof id === "number" ? [{ instance_id, id, address, name, solo }] : [];
    } catch {
      return [];
    }
  });
}

export function isBlock(hash: string, nbits: number): boolean {
  const target = BigInt(nbits & 0x7fffff) << BigInt(8 * ((nbits >>> 24) - 3));
  return BigInt(`0x${hash}`) <= target;
}
