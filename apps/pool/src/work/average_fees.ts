/**
 * Average fees of recent blocks, for FPPS: of which blocks says `feeHeights`. They lie deep enough for a reorganisation not to change them, and
 * are known before the tip that they are first used for arrives. A job carries the average it was made with; one that is made before
 * the fees could be read (a node that does not answer) carries the last average there was.
 */
import { averageFees, FEE_DEPTH, feeHeights } from "@otedama/shared/payouts";
import { z } from "zod";
import { readRawBlock } from "../payouts/batches/raw_block.ts";
import type { ChainNode } from "./node.ts";
import { RpcError } from "./rpc.ts";

const BATCH = 8;
const Stats = z.object({ totalfee: z.int().min(0), subsidy: z.int().min(0) });

export interface AverageFeesDependencies {
  node: () => Pick<ChainNode, "rpc"> | null;
  /** What a block at a height may create. */
  subsidy_sats: (height: number) => bigint;
  onTrouble: (error: Error) => void;
}

export class AverageFees {
  readonly #d: AverageFeesDependencies;
  readonly #fees = new Map<number, bigint>();
  #last = 0n;
  #reading: Promise<void> | null = null;

  constructor(dependencies: AverageFeesDependencies) {
    this.#d = dependencies;
  }

  /** For a job at a height. Satoshis. */
  of(height: number): bigint {
    const heights = feeHeights(height);
    if (!heights) return 0n;
    const fees: bigint[] = [];
    for (let at = heights.from; at <= heights.to; at++) {
      const known = this.#fees.get(at);
      if (known === undefined) return this.#last;
      fees.push(known);
    }
    this.#last = averageFees(fees);
    return this.#last;
  }

  /** Reads what jobs at a height, and at the next one, need. Never throws; one reading at a time. */
  async read(height: number): Promise<void> {
    this.#reading ??= this.#read(height)
      .catch((error: Error) => this.#d.onTrouble(error))
      .finally(() => {
        this.#reading = null;
      });
    await this.#reading;
  }

  async #read(height: number): Promise<void> {
    // The newest that the next height needs has one block less on top of it today.
    const to = height - FEE_DEPTH;
    const from = feeHeights(height)?.from ?? 1;
    for (const at of this.#fees.keys()) if (at < from || at > to) this.#fees.delete(at);
    const missing: number[] = [];
    for (let at = Math.max(1, from); at <= to; at++) if (!this.#fees.has(at)) missing.push(at);
    for (let start = 0; start < missing.length; start += BATCH) {
      const node = this.#d.node();
      if (!node) return;
      await Promise.all(
        missing.slice(start, start + BATCH).map(async (at) => {
          this.#fees.set(at, await this.#blockFees(node, at));
        }),
      );
    }
  }

  async #blockFees(node: Pick<ChainNode, "rpc">, height: number): Promise<bigint> {
    try {
      return BigInt(Stats.parse(await node.rpc.call("getblockstats", [height, ["totalfee", "subsidy"]])).totalfee);
    } catch (error) {
      // A node without that call: what the block's coinbase pays above the subsidy.
      if (!(error instanceof RpcError) || error.code !== "node") throw error;
    }
    const hash = z
      .string()
      .length(64)
      .parse(await node.rpc.call("getblockhash", [height]));
    const block = readRawBlock(Buffer.from(z.string().parse(await node.rpc.call("getblock", [hash, 0])), "hex"));
    const outputs = block.transactions[0]?.outputs ?? [];
    const fees = outputs.reduce((sum, output) => sum + output.value_sats, 0n) - this.#d.subsidy_sats(height);
    return fees > 0n ? fees : 0n;
  }
}
