/**
 * What the pool charges, how it shares out a block, and when it pays. A version of it is a row of `pool_policy`; the newest one holds,
 * and each block remembers the version it was shared out by. The settings file makes the first version; people change it in the browser.
 */
import { z } from "zod";
import { AddressError, parseAddress } from "../bitcoin/address.ts";
import type { Network } from "./common.ts";

export const PAYOUT_SCHEMES = ["solo", "pplns", "prop", "pps", "fpps"] as const;
export type PayoutScheme = (typeof PAYOUT_SCHEMES)[number];

const Percent = z.number().min(0).max(100);
const Sats = z.int().min(0).max(2_100_000_000_000_000);
const Address = z.string().min(1).max(128);
const Difficulty = z.number().positive().max(1e15);
/** Satoshis a virtual byte. */
const FeeRate = z.number().min(0).max(10_000);

export const PayoutPolicy = z
  .strictObject({
    /** Batches are planned by themselves; a person can always plan one. */
    scheduled: z.boolean(),
    every_hours: z
      .int()
      .min(1)
      .max(24 * 31),
    /** What an account without a threshold of its own must be owed. */
    threshold_sats: Sats.min(546),
    /** The lowest threshold that a miner may set. */
    threshold_min_sats: Sats.min(546),
    fee_payer: z.enum(["pool", "miners"]),
    fee_rate_min: FeeRate,
    /** A batch waits while the network asks for more. */
    fee_rate_max: FeeRate.min(1),
    /** Blocks in which a payout should be mined: what the node is asked for its estimate. */
    fee_target_blocks: z.int().min(1).max(1008),
    outputs_max: z.int().min(1).max(2_500),
    /** Batches up to this amount go without anybody's approval. */
    unattended_max_sats: Sats,
    /** Batches above this amount need two people. */
    four_eyes_above_sats: Sats,
    /** Depth at which a payout counts as made. */
    confirmations: z.int().min(1).max(1000),
    /** A transaction that is not mined after this time is offered a fee bump; 0: never by itself. */
    bump_after_minutes: z
      .int()
      .min(0)
      .max(14 * 1440),
    /** Where the pool's own fees are paid out to; null: they stay where they are. Versions from before this had a name have none. */
    fee_payout: z
      .strictObject({
        address: Address,
        /** Fees above what is kept, from which on they are paid out. */
        threshold_sats: Sats.min(10_000),
        /** Fees that are kept back for the network's fees, where the pool pays them. */
        keep_sats: Sats,
      })
      .nullable()
      .default(null),
  })
  .refine((payouts) => payouts.fee_rate_min <= payouts.fee_rate_max, {
    path: ["fee_rate_max"],
    message: "must not be below fee_rate_min",
  })
  .refine((payouts) => payouts.threshold_min_sats <= payouts.threshold_sats, {
    path: ["threshold_min_sats"],
    message: "must not be above threshold_sats",
  })
  .refine((payouts) => payouts.unattended_max_sats <= payouts.four_eyes_above_sats, {
    path: ["four_eyes_above_sats"],
    message: "must not be below unattended_max_sats",
  });
export type PayoutPolicy = z.infer<typeof PayoutPolicy>;

export const PoolPolicy = z
  .strictObject({
    scheme: z.enum(PAYOUT_SCHEMES),
    /** Grants `m=solo` in a login's password. */
    solo_allowed: z.boolean(),
    fee_percent: z.strictObject({ solo: Percent, pplns: Percent, prop: Percent, pps: Percent, fpps: Percent }),
    /** Accounts that pay no fee. */
    fee_exempt_addresses: z.array(Address).max(1000),
    /** A part of each reward for somebody else. */
    donation: z.strictObject({ address: Address, percent: Percent }).nullable(),
    /** Part of each reward that goes to the finder first (PPLNS and PROP). */
    finder_bonus_percent: Percent,
    /** Work that shares a block under PPLNS, in units of network difficulty. */
    pplns_window: z.number().positive().max(1000),
    /** Printable ASCII written into every coinbase. */
    coinbase_text: z.string().regex(/^[\x20-\x7e]{0,40}$/, "must be at most 40 printable ASCII characters"),
    difficulty: z
      .strictObject({ initial: Difficulty, min: Difficulty, max: Difficulty, target_time_s: z.number().min(0.1).max(600) })
      .refine((difficulty) => difficulty.min <= difficulty.initial && difficulty.initial <= difficulty.max, {
        path: ["initial"],
        message: "must lie between min and max",
      }),
    payouts: PayoutPolicy,
    /** Corrections of the ledger above this amount need a second person. */
    correction_four_eyes_above_sats: Sats,
  })
  .superRefine((policy, check) => {
    for (const scheme of PAYOUT_SCHEMES) {
      const bonus = scheme === "pplns" || scheme === "prop" ? policy.finder_bonus_percent : 0;
      if ((policy.donation?.percent ?? 0) + bonus + policy.fee_percent[scheme] <= 100) continue;
      const message =
        bonus > 0
          ? "fee, donation and finder bonus together are above 100 percent"
          : "fee and donation together are above 100 percent";
      check.addIssue({ code: "custom", path: ["fee_percent", scheme], message });
    }
  });
export type PoolPolicy = z.infer<typeof PoolPolicy>;

export interface PolicyProblem {
  /** Dotted: `fee_percent.pplns`, `fee_exempt_addresses.3`. */
  field: string;
  /** A sentence that begins with the field. */
  message: string;
}

/** `message` names each field that is wrong and says what it may be. */
export class PolicyError extends Error {
  override name = "PolicyError";
  readonly problems: PolicyProblem[];
  constructor(problems: PolicyProblem[]) {
    super(problems.map((problem) => problem.message).join(" "));
    this.problems = problems;
  }
}

/**
 * A policy that this pool can run by, its addresses in their one spelling and none of them twice. Throws a PolicyError: whatever is
 * of a wrong shape, out of its bounds, not a number, or an address of another network.
 */
export function checkPolicy(value: unknown, network: Network): PoolPolicy {
  const parsed = PoolPolicy.safeParse(value);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) =>
      problem(issue.path.join("."), issue.message.replace(/^Invalid input: /, "")),
    );
    // The first of a field: what is out of its own bounds is not also too much together with others.
    throw new PolicyError(issues.filter((issue, index) => issues.findIndex((other) => other.field === issue.field) === index));
  }
  const problems: PolicyProblem[] = [];
  const spell = (address: string, field: string): string => {
    try {
      return parseAddress(address, network).address;
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      problems.push(problem(field, error.message));
      return address;
    }
  };
  const policy = parsed.data;
  const exempt = policy.fee_exempt_addresses.map((address, index) => spell(address, `fee_exempt_addresses.${index}`));
  const donation = policy.donation && { ...policy.donation, address: spell(policy.donation.address, "donation.address") };
  const { fee_payout: own } = policy.payouts;
  const fee_payout = own && { ...own, address: spell(own.address, "payouts.fee_payout.address") };
  if (problems.length > 0) throw new PolicyError(problems);
  return { ...policy, fee_exempt_addresses: [...new Set(exempt)], donation, payouts: { ...policy.payouts, fee_payout } };
}

function problem(field: string, message: string): PolicyProblem {
  const name = field || "the policy";
  return { field, message: `${name}: ${message}${/[.!?]$/.test(message) ? "" : "."}` };
}
