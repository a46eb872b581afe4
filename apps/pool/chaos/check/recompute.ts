/**
 * Works every balance out again, from share logs, job logs, the policy's versions and the chain. Written after
 * docs/architecture/payout-schemes.md, and without the pool's own functions: what two programs agree upon is likely what was meant.
 */
import type { PoolPolicy } from "@otedama/shared";
import type { ChainBlock } from "./chain_reading.ts";
import type { JobLine, LoggedShare } from "./share_log.ts";

export interface Owner {
  account_id: number;
  solo: boolean;
}

export interface Facts {
  /** Share logs by instance, in their order. */
  shares: Map<string, LoggedShare[]>;
  jobs: Map<string, JobLine[]>;
  policies: Map<number, PoolPolicy>;
  /** Whose a share is; null of a worker that nobody knows. */
  ownerOf: (share: LoggedShare) => Owner | null;
  accountOf: (address: string) => number | null;
  chain: ChainBlock[];
  payout_script: string;
  maturity_confirmations: number;
  /** For blocks of a pool with several instances: up to where each log was applied when the block was credited. */
  windowEnd: (hash: string, instance_id: string) => { segment: number; offset: number } | null;
}

export interface Expected {
  /** Satoshis by account: of mature blocks and, under PPS and FPPS, of shares. */
  earned: Map<number, bigint>;
  /** Of blocks that are not mature. */
  pending: Map<number, bigint>;
  fee_sats: bigint;
  reserve_sats: bigint;
  /** What blocks brought. */
  coinbase_sats: bigint;
  /** Hashes of the pool's blocks that are in the chain. */
  blocks: string[];
}

const SLICE_MS = 10_000;
const PARTS = 100_000_000n;
const UNITS = 2n ** 32n;

export const workOf = (difficulty: number): bigint => BigInt(Math.floor(difficulty * 2 ** 32));
const sliceOf = (at_ms: number): number => Math.floor(at_ms / SLICE_MS);
const partOf = (sats: bigint, percent: number): bigint => (sats * BigInt(Math.round(percent * 1e6))) / PARTS;

export function difficultyOf(nbits: number): number {
  const shift = BigInt(8 * ((nbits >>> 24) - 3));
  const target = shift < 0n ? BigInt(nbits & 0x7fffff) >> -shift : BigInt(nbits & 0x7fffff) << shift;
  return Number((0xffffn << 272n) / target) / 2 ** 64;
}

export class Recomputation {
  readonly #f: Facts;
  readonly #expected: Expected = {
    earned: new Map(),
    pending: new Map(),
    fee_sats: 0n,
    reserve_sats: 0n,
    coinbase_sats: 0n,
    blocks: [],
  };
  /** By hash: the first record of each candidate. */
  readonly #records = new Map<string, LoggedShare>();

  constructor(facts: Facts) {
    this.#f = facts;
    for (const shares of facts.shares.values()) {
      for (const share of shares) if (share.block && !this.#records.has(share.hash)) this.#records.set(share.hash, share);
    }
  }

  run(): Expected {
    const top = this.#f.chain.at(-1)?.height ?? 0;
    let below: LoggedShare | null = null;
    for (const block of this.#f.chain) {
      const record = this.#records.get(block.hash);
      if (!record) continue;
      const reward_sats = paidTo(block, this.#f.payout_script);
      const mature = top - block.height + 1 >= this.#f.maturity_confirmations;
      this.#expected.blocks.push(block.hash);
      this.#expected.coinbase_sats += reward_sats;
      this.#credit(mature ? this.#expected.earned : this.#expected.pending, this.#shareOut(block, record, reward_sats, below));
      if (!this.#isSolo(record)) below = record;
    }
    this.#payShares();
    return this.#expected;
  }

  #credit(to: Map<number, bigint>, credits: Map<number, bigint>): void {
    for (const [account_id, sats] of credits) to.set(account_id, (to.get(account_id) ?? 0n) + sats);
  }

  #shareOut(block: ChainBlock, record: LoggedShare, reward_sats: bigint, below: LoggedShare | null): Map<number, bigint> {
    const policy = this.#policyOf(record);
    const finder = this.#f.ownerOf(record);
    const scheme = finder?.solo ? "solo" : policy.scheme;
    if (scheme === "pps" || scheme === "fpps") {
      this.#expected.reserve_sats += reward_sats;
      return new Map();
    }
    let weights = new Map<number, bigint>();
    if (scheme === "pplns") weights = this.#window(block, record, policy);
    if (scheme === "prop") weights = this.#sum(this.#before(record).filter((share) => !below || !this.#stands(share, below)));
    const credits = new Map<number, bigint>();
    const add = (account_id: number, sats: bigint) => credits.set(account_id, (credits.get(account_id) ?? 0n) + sats);
    let bonus_sats = scheme === "solo" || !finder ? 0n : partOf(reward_sats, policy.finder_bonus_percent);
    if (weights.size === 0) {
      if (!finder) {
        this.#expected.fee_sats += reward_sats;
        return credits;
      }
      weights = new Map([[finder.account_id, 1n]]);
      bonus_sats = 0n;
    }
    let fee_sats = partOf(reward_sats, policy.fee_percent[scheme]);
    const donation_sats = policy.donation ? partOf(reward_sats, policy.donation.percent) : 0n;
    for (const [id, sats] of byWeight(reward_sats - fee_sats - donation_sats - bonus_sats, weights)) add(id, sats);
    if (finder && bonus_sats > 0n) add(finder.account_id, bonus_sats);
    if (policy.donation) add(this.#account(policy.donation.address), donation_sats);
    const exempt = new Set(policy.fee_exempt_addresses.map((address) => this.#f.accountOf(address)));
    for (const [id, sats] of byWeight(fee_sats, weights)) {
      if (!exempt.has(id)) continue;
      add(id, sats);
      fee_sats -= sats;
    }
    this.#expected.fee_sats += fee_sats;
    return credits;
  }

  /** PPLNS: the newest ten seconds first, until there is enough work; the last ten seconds in proportion. */
  #window(block: ChainBlock, record: LoggedShare, policy: PoolPolicy): Map<number, bigint> {
    const slices = new Map<number, LoggedShare[]>();
    for (const share of this.#before(record)) {
      const slice = sliceOf(share.at_ms);
      slices.set(slice, [...(slices.get(slice) ?? []), share]);
    }
    const wanted = workOf(policy.pplns_window * difficultyOf(block.nbits));
    let missing = wanted > 0n ? wanted : 1n;
    const whole: LoggedShare[] = [];
    for (const slice of [...slices.keys()].sort((a, b) => b - a)) {
      const here = slices.get(slice) as LoggedShare[];
      const total = here.reduce((sum, share) => sum + workOf(share.difficulty), 0n);
      if (total >= missing) {
        const weights = this.#sum(whole, total);
        for (const [id, work] of this.#sum(here, missing)) weights.set(id, (weights.get(id) ?? 0n) + work);
        return weights;
      }
      missing -= total;
      whole.push(...here);
    }
    return this.#sum(whole);
  }

  /** Shares that take part in windows and stand before a block. */
  #before(record: LoggedShare): LoggedShare[] {
    const found: LoggedShare[] = [];
    for (const [instance_id, shares] of this.#f.shares) {
      const end = instance_id === record.instance_id ? null : this.#f.windowEnd(record.hash, instance_id);
      for (const share of shares) {
        if (end && (share.segment > end.segment || (share.segment === end.segment && share.offset >= end.offset))) continue;
        if (this.#stands(share, record) && this.#takesPart(share)) found.push(share);
      }
    }
    return found;
  }

  /** Whether a share stands before a block's record, itself included. */
  #stands(share: LoggedShare, record: LoggedShare): boolean {
    if (share.instance_id === record.instance_id) return share.index <= record.index;
    return sliceOf(share.at_ms) < sliceOf(record.at_ms);
  }

  #takesPart(share: LoggedShare): boolean {
    if (share.result !== "accepted" || this.#isSolo(share) || !this.#f.ownerOf(share)) return false;
    const { scheme } = this.#policyOf(share);
    return scheme === "pplns" || scheme === "prop";
  }

  #sum(shares: LoggedShare[], scale = 1n): Map<number, bigint> {
    const work = new Map<number, bigint>();
    for (const share of shares) {
      const owner = this.#f.ownerOf(share);
      if (!owner) continue;
      work.set(owner.account_id, (work.get(owner.account_id) ?? 0n) + workOf(share.difficulty) * scale);
    }
    for (const [id, sum] of work) if (sum === 0n) work.delete(id);
    return work;
  }

  /** PPS and FPPS: each share by itself, and an account's units together. */
  #payShares(): void {
    const units = new Map<number, bigint>();
    for (const shares of this.#f.shares.values()) for (const share of shares) this.#due(share, units);
    for (const [account_id, due] of units) {
      const sats = due / UNITS;
      this.#expected.earned.set(account_id, (this.#expected.earned.get(account_id) ?? 0n) + sats);
      this.#expected.reserve_sats -= sats;
    }
  }

  #due(share: LoggedShare, units: Map<number, bigint>): void {
    const owner = this.#f.ownerOf(share);
    if (share.result !== "accepted" || !owner || owner.solo) return;
    const policy = this.#policyOf(share);
    if (policy.scheme !== "pps" && policy.scheme !== "fpps") return;
    const job = this.#jobOf(share);
    if (!job) return;
    const network = workOf(difficultyOf(job.nbits)) || 1n;
    const work = workOf(share.difficulty) < network ? workOf(share.difficulty) : network;
    const gross = work * (job.subsidy_sats + (policy.scheme === "fpps" ? job.average_fees_sats : 0n)) * UNITS;
    const exempt = policy.fee_exempt_addresses.some((address) => this.#f.accountOf(address) === owner.account_id);
    const fee = exempt ? 0n : BigInt(Math.round(policy.fee_percent[policy.scheme] * 1e6));
    const donation = BigInt(Math.round((policy.donation?.percent ?? 0) * 1e6));
    const add = (id: number, due: bigint) => units.set(id, (units.get(id) ?? 0n) + due);
    add(owner.account_id, (gross * (PARTS - fee - donation)) / (network * PARTS));
    if (policy.donation) add(this.#account(policy.donation.address), (gross * donation) / (network * PARTS));
  }

  #isSolo(share: LoggedShare): boolean {
    return this.#f.ownerOf(share)?.solo ?? false;
  }

  /** The share's job, or the last one that is in the log before it. */
  #jobOf(share: LoggedShare): JobLine | null {
    return this.#f.jobs.get(share.instance_id)?.findLast((job) => job.job_number <= share.job_number) ?? null;
  }

  /** A job from before the pool knew a version counts under the newest. */
  #policyOf(share: LoggedShare): PoolPolicy {
    const newest = Math.max(...this.#f.policies.keys());
    const policy = this.#f.policies.get(this.#jobOf(share)?.policy_version ?? newest);
    if (!policy) throw new Error(`job ${share.job_number} of ${share.instance_id} has a policy that nobody knows`);
    return policy;
  }

  #account(address: string): number {
    const id = this.#f.accountOf(address);
    if (id === null) throw new Error(`${address} has no account`);
    return id;
  }
}

/** All of it: rounded down, and what is left a satoshi each to the largest remainders, equal ones by account id. */
function byWeight(sats: bigint, weights: Map<number, bigint>): Map<number, bigint> {
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0n);
  const parts = [...weights].map(([id, weight]) => ({ id, sats: (sats * weight) / total, rest: (sats * weight) % total }));
  let left = sats - parts.reduce((sum, part) => sum + part.sats, 0n);
  for (const part of parts.sort((a, b) => (a.rest === b.rest ? a.id - b.id : a.rest > b.rest ? -1 : 1))) {
    if (left === 0n) break;
    part.sats += 1n;
    left -= 1n;
  }
  return new Map(parts.map((part) => [part.id, part.sats]));
}

function paidTo(block: ChainBlock, script_hex: string): bigint {
  const outputs = block.transactions[0]?.outputs ?? [];
  return outputs.filter((output) => output.script_hex === script_hex).reduce((sum, output) => sum + output.value_sats, 0n);
}
