/** A template made into a job: what the engine sends to miners, and what is needed to make a block of a winning share. */
import type { EngineJob } from "@otedama/native/engine-types";
import { nbitsToDifficulty } from "@otedama/shared";
import { compactSize, wireHash } from "./bytes.ts";
import { buildCoinbase, CoinbaseError, type CoinbaseOutput, withWitness } from "./coinbase.ts";
import { merkleBranches } from "./merkle.ts";
import { rewardFault } from "./reward.ts";
import type { Template } from "./template.ts";

export interface Job {
  engine: EngineJob;
  template: Template;
  /** The node that gave the template. */
  template_node: string;
  coinbase_text: string;
  outputs: CoinbaseOutput[];
  network_difficulty: number;
  /** Unix ms. */
  made_at_ms: number;
}

export interface JobOptions {
  job_number: number;
  clean: boolean;
  coinbase_text: string;
  /** Whom the coinbase pays; must sum to what the template allows. */
  outputs: CoinbaseOutput[];
  halving_interval_blocks: number;
  template_node: string;
  /** Monotonic clock, ms. */
  template_at_ms: number;
  made_at_ms: number;
}

/** Throws a CoinbaseError when the coinbase would claim anything else than the subsidy and the fees of the template's transactions. */
export function makeJob(template: Template, options: JobOptions): Job {
  const fault = rewardFault(template, options.halving_interval_blocks);
  if (fault) throw new CoinbaseError(fault);
  const { prefix, suffix } = buildCoinbase({
    height: template.height,
    text: options.coinbase_text,
    aux: template.aux,
    coinbasevalue_sats: template.coinbasevalue_sats,
    outputs: options.outputs,
    witness_commitment: template.witness_commitment,
  });
  return {
    engine: {
      job_number: options.job_number,
      height: template.height,
      prev_hash: wireHash(template.prev_hash),
      coinbase_prefix: prefix,
      coinbase_suffix: suffix,
      merkle_branches: Buffer.concat(merkleBranches(template.transactions.map((transaction) => wireHash(transaction.txid)))),
      version: template.version,
      nbits: template.nbits,
      ntime: template.ntime,
      clean: options.clean,
      template_at_ms: options.template_at_ms,
    },
    template,
    template_node: options.template_node,
    coinbase_text: options.coinbase_text,
    outputs: options.outputs,
    network_difficulty: nbitsToDifficulty(template.nbits),
    made_at_ms: options.made_at_ms,
  };
}

/** The whole block, hex: header, count, coinbase (with its witness where segwit is active), the template's transactions. */
export function assembleBlock(template: Template, header: Uint8Array, coinbase: Uint8Array): string {
  const parts = [
    Buffer.from(header).toString("hex"),
    compactSize(1 + template.transactions.length).toString("hex"),
    (template.segwit ? withWitness(coinbase) : Buffer.from(coinbase)).toString("hex"),
  ];
  for (const transaction of template.transactions) parts.push(transaction.data);
  return parts.join("");
}
