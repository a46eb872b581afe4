/**
 * What a share counts for: whether it takes part in PPLNS and PROP windows, and what it is owed by itself. Decided by the job it was mined
 * on (its network difficulty, and the policy it was made under) and by whose it is; never by when it is looked at.
 */
import {
  type Database,
  ensureAccount,
  readPolicy,
  readPolicyVersion,
  readWorkerOwners,
  type WorkerOwner,
} from "@otedama/db/pool";
import { nbitsToDifficulty, type PoolPolicy, workHashes } from "@otedama/shared";
import { perShareDue } from "@otedama/shared/payouts";
import type { JobFacts } from "../work/job_log.ts";
import type { ShareRecord } from "./log_format.ts";

export interface ShareTerms {
  in_window: boolean;
  /** Null for a share that is not paid by itself. */
  dues: { policy_version: number; account_id: number; due_units: bigint }[] | null;
}

export type JudgeShare = (record: ShareRecord, worker_id: number) => ShareTerms;

/** Without policies every share is one of a PPLNS pool's. */
export const IN_WINDOW: ShareTerms = { in_window: true, dues: null };
const APART: ShareTerms = { in_window: false, dues: null };

interface KnownPolicy {
  version: number;
  policy: PoolPolicy;
  exempt: ReadonlySet<string>;
  donation_account_id: number | null;
}

const OWNERS_MAX = 200_000;

export interface TermsDependencies {
  database: Database;
  job: (job_number: number) => JobFacts | null;
}

export class ShareTermsBook {
  readonly #d: TermsDependencies;
  readonly #policies = new Map<number, KnownPolicy>();
  readonly #owners = new Map<number, WorkerOwner>();

  constructor(dependencies: TermsDependencies) {
    this.#d = dependencies;
  }

  /** Reads what these records need; throws as a query does. What it gives back answers for them without waiting. */
  async judge(records: ShareRecord[], workerOf: (id: number) => number): Promise<JudgeShare> {
    const jobs = new Map<number, JobFacts | null>();
    for (const { job_number } of records) if (!jobs.has(job_number)) jobs.set(job_number, this.#d.job(job_number));
    const newest = [...jobs.values()].some((job) => job?.policy_version === null) ? await readPolicy(this.#d.database) : null;
    const versions = new Map<JobFacts, KnownPolicy | null>();
    for (const job of jobs.values()) {
      if (!job) continue;
      const version = job.policy_version ?? newest?.version ?? null;
      versions.set(job, version === null ? null : await this.#policy(version));
    }
    await this.#readOwners(new Set(records.map((record) => workerOf(record.worker_id))));

    // A worker's shares mostly count as its last one did.
    const latest = new Map<number, { job_number: number; difficulty: number; terms: ShareTerms }>();
    return ({ job_number, difficulty }, worker_id) => {
      const last = latest.get(worker_id);
      if (last?.job_number === job_number && last.difficulty === difficulty) return last.terms;
      const job = jobs.get(job_number) ?? null;
      const terms = termsOf(difficulty, job, job && (versions.get(job) ?? null), this.#owners.get(worker_id) ?? null);
      latest.set(worker_id, { job_number, difficulty, terms });
      return terms;
    };
  }

  async #policy(version: number): Promise<KnownPolicy | null> {
    const known = this.#policies.get(version);
    if (known) return known;
    const stored = await readPolicyVersion(this.#d.database, version);
    if (!stored) return null;
    const { policy } = stored;
    const read: KnownPolicy = {
      version,
      policy,
      exempt: new Set(policy.fee_exempt_addresses),
      donation_account_id: policy.donation && (await ensureAccount(this.#d.database, policy.donation.address)),
    };
    this.#policies.set(version, read);
    return read;
  }

  async #readOwners(ids: Set<number>): Promise<void> {
    if (this.#owners.size > OWNERS_MAX) this.#owners.clear();
    const missing = [...ids].filter((id) => !this.#owners.has(id) && id <= 0x7fffffff);
    if (missing.length === 0) return;
    for (const [id, owner] of await readWorkerOwners(this.#d.database, missing)) this.#owners.set(id, owner);
  }
}

/** Of an accepted share. Of a job or a policy that nobody knows, it takes part in windows; of a worker that nobody knows, it is lost. */
export function termsOf(
  difficulty: number,
  job: JobFacts | null,
  known: KnownPolicy | null,
  owner: WorkerOwner | null,
): ShareTerms {
  if (owner?.solo) return APART;
  if (!job || !known) return IN_WINDOW;
  const { policy, version } = known;
  if (policy.scheme === "solo") return APART;
  if (policy.scheme !== "pps" && policy.scheme !== "fpps") return IN_WINDOW;
  if (!owner) return APART;
  const { due_units, donation_units } = perShareDue(
    workHashes(difficulty),
    {
      reward_sats: job.subsidy_sats + (policy.scheme === "fpps" ? job.average_fees_sats : 0n),
      network_hashes: networkHashes(job.nbits),
      fee_percent: policy.fee_percent[policy.scheme],
      donation_percent: policy.donation?.percent ?? 0,
    },
    known.exempt.has(owner.address),
  );
  const dues = [{ policy_version: version, account_id: owner.account_id, due_units }];
  if (known.donation_account_id !== null && donation_units > 0n)
    dues.push({ policy_version: version, account_id: known.donation_account_id, due_units: donation_units });
  return { in_window: false, dues };
}

/** Expected hashes of a block, at least one. */
function networkHashes(nbits: number): bigint {
  const hashes = workHashes(nbitsToDifficulty(nbits));
  return hashes > 0n ? hashes : 1n;
}
