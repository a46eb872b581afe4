/**
 * Follows the pool's blocks on the node's chain and books what happens to them. A block's move and its ledger entry are one
 * transaction, so neither is ever without the other.
 *
 * Of all instances on a database one leads and books; the others only settle what their own nodes refused, since verdicts are on the
 * machine that found the block. A block is credited once every other instance that lives has applied its shares from before it; one that does
 * not manage to within `wait_ms_max` counts as far as it got, which is kept with the credit.
 */
import {
  type BlockLeader,
  type Database,
  isUnavailable,
  listInstancesBehind,
  listSettledBlocks,
  listTrackedBlocks,
  lockBlock,
  moveBlock,
  type Queryable,
  type TrackedBlock,
  transaction,
} from "@otedama/db/pool";
import { z } from "zod";
import { creditBlock, matureBlock, reverseBlock } from "../payouts/credit.ts";
import type { ChainNode } from "../work/node.ts";
import { RpcError } from "../work/rpc.ts";
import type { BlockFiles } from "./block_files.ts";
import { blockFate, type Fate, type FateOptions } from "./fate.ts";

const SERIALIZATION_FAILURE = "40001";

function isCredited(state: TrackedBlock["state"]): boolean {
  return state === "pending" || state === "confirmed";
}

export interface TrackOptions extends FateOptions {
  poll_ms: number;
  /** Settled blocks are looked at again while a reorganisation may reach them: this many blocks past maturity. */
  reorganisation_depth: number;
  blocks_per_pass: number;
  instance_id: string;
  /** An instance that was not seen for this long does not live. */
  live_ms: number;
  /** The longest that a block's credit waits for other instances. */
  wait_ms_max: number;
}

export interface TrackDependencies {
  database: Database;
  leader: Pick<BlockLeader, "leads" | "resign">;
  files: BlockFiles;
  /** The node that serves templates now, or null. */
  node: () => ChainNode | null;
  onMove: (block: TrackedBlock, to: Fate) => void;
  onTrouble: (error: Error, database_away: boolean) => void;
}

/** A credit reads and writes in one picture of the database; somebody else's write at the same time makes it begin again. */
const ATTEMPTS = 5;

export class BlockTracker {
  readonly #options: TrackOptions;
  readonly #d: TrackDependencies;
  #stopped = false;
  #poked = false;
  #wake: (() => void) | null = null;
  #running: Promise<void> | null = null;

  constructor(options: TrackOptions, dependencies: TrackDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** There is a new tip, a new block or a verdict: look now. */
  poke(): void {
    this.#poked = true;
    this.#wake?.();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#running;
    await this.#d.leader.resign();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#poked = false;
      try {
        await this.pass();
      } catch (error) {
        if (!(error instanceof RpcError)) this.#d.onTrouble(error as Error, isUnavailable(error));
      }
      if (!this.#poked) await this.#sleep();
    }
  }

  /** Looks at every block that can still change. */
  async pass(): Promise<void> {
    const node = this.#d.node();
    if (!node) return;
    const leads = await this.#d.leader.leads();
    const tip_height = z.int().parse(await node.rpc.call("getblockcount"));
    const oldest = tip_height - this.#options.maturity_confirmations - this.#options.reorganisation_depth;
    const blocks = await listTrackedBlocks(this.#d.database, oldest, this.#options.blocks_per_pass);
    const heights = [...new Set(blocks.map((block) => block.height))].filter((height) => height <= tip_height);
    const answers = await node.rpc.batch(heights.map((height) => ({ method: "getblockhash", params: [height] })));
    const hashes = new Map(heights.map((height, index) => [height, answers[index]]));
    let waiting = false;
    for (const block of blocks) {
      if (this.#stopped) return;
      if (!leads && (block.state !== "found" || block.instance_id !== this.#options.instance_id)) continue;
      const hash = hashes.get(block.height) ?? null;
      // An error here means that the chain became shorter while we asked; the next pass sees it.
      if (hash instanceof RpcError) continue;
      const outcome = block.state === "found" ? await this.#d.files.outcome(block.hash) : null;
      const fate = blockFate(block, { tip_height, hash_at_height: hash as string | null, outcome }, this.#options);
      if (fate.state === block.state && fate.confirmations === block.confirmations) continue;
      const credits = isCredited(fate.state) && !isCredited(block.state);
      if (!leads && isCredited(fate.state)) continue;
      // Blocks are credited in the order of their heights: a round begins with the block before it.
      if (credits) waiting ||= await this.#mustWait(block);
      if (credits && waiting) continue;
      await this.#move(block.hash, block, fate);
    }
  }

  /** Removes the files of blocks that have been settled for longer than any reorganisation takes. */
  async prune(settled_before_ms: number): Promise<void> {
    const decided = await this.#d.files.listDecided();
    for (const hash of await listSettledBlocks(this.#d.database, decided, settled_before_ms)) await this.#d.files.forget(hash);
  }

  async #mustWait(block: TrackedBlock): Promise<boolean> {
    return (await listInstancesBehind(this.#d.database, block.hash, this.#options)).length > 0;
  }

  async #move(hash: string, seen: TrackedBlock, fate: Fate): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#tryMove(hash, seen, fate);
        return;
      } catch (error) {
        if ((error as { code?: unknown }).code !== SERIALIZATION_FAILURE || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async #tryMove(hash: string, seen: TrackedBlock, fate: Fate): Promise<void> {
    const book = async (client: Queryable) => {
      const block = await lockBlock(client, hash);
      // Somebody else moved it since it was read: the next pass starts from what is there now.
      if (!block || block.state !== seen.state || block.confirmations !== seen.confirmations) return false;
      if (fate.state === "orphaned" || fate.state === "rejected") await reverseBlock(client, block);
      else if (isCredited(fate.state) && fate.confirmations > 0) {
        if (!isCredited(block.state)) await creditBlock(client, block);
        if (fate.state === "confirmed") await matureBlock(client, block);
      }
      await moveBlock(client, hash, fate);
      return true;
    };
    const moved = await transaction(this.#d.database, book, "repeatable read");
    if (moved && fate.state !== seen.state) this.#d.onMove(seen, fate);
  }

  #sleep(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#options.poll_ms);
    this.#wake = () => {
      clearTimeout(timer);
      resolve();
    };
    if (this.#stopped || this.#poked) this.#wake();
    return promise;
  }
}
