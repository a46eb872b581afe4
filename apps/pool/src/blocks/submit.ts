/**
 * Hands blocks to every node at once and does not let go before a node has said yes, or all have said no. The queue is the folder of
 * stored blocks, so it outlives the process.
 */
import type { ChainNode } from "../work/node.ts";
import { NODE_CODES, RpcError } from "../work/rpc.ts";
import type { BlockFiles, Outcome } from "./block_files.ts";
import { readVerdict, type Verdict } from "./verdict.ts";

export interface SubmitOptions {
  call_ms: number;
  retry_ms_min: number;
  retry_ms_max: number;
  /** Tries for each node once another one has accepted, and for a node that does not know the block before. */
  attempts_max: number;
  /** After this long without any node to ask, a block is worth nothing. */
  give_up_ms: number;
  /** How long a node that is away is waited for after the others refused. */
  undecided_ms: number;
}

export const SUBMIT_OPTIONS: SubmitOptions = {
  call_ms: 30_000,
  retry_ms_min: 250,
  retry_ms_max: 5_000,
  attempts_max: 20,
  give_up_ms: 24 * 3_600_000,
  undecided_ms: 10 * 60_000,
};

export interface SubmitDependencies {
  nodes: ChainNode[];
  files: BlockFiles;
  now_ms: () => number;
  onOutcome: (hash: string, outcome: Outcome) => void;
  onRetry: (hash: string, node: string, message: string) => void;
}

export class Submitter {
  readonly #options: SubmitOptions;
  readonly #d: SubmitDependencies;
  readonly #open = new Map<string, Promise<void>>();
  readonly #sleepers = new Set<() => void>();
  readonly #stopped = new AbortController();

  constructor(options: SubmitOptions, dependencies: SubmitDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  /** Blocks without a verdict. */
  get open_count(): number {
    return this.#open.size;
  }

  /** Takes up what an earlier process left. */
  async start(): Promise<void> {
    for (const hash of await this.#d.files.listOpen()) {
      const block = await this.#d.files.read(hash);
      if (block) this.submit(hash, block.block_hex, block.found_at_ms);
    }
  }

  submit(hash: string, block_hex: string, found_at_ms: number): void {
    if (this.#open.has(hash)) return;
    const work = this.#submit(hash, block_hex, found_at_ms).finally(() => this.#open.delete(hash));
    this.#open.set(hash, work);
  }

  /** A node is back: whoever waits to ask again asks now. */
  poke(): void {
    for (const wake of [...this.#sleepers]) wake();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.allSettled(this.#open.values());
  }

  async #submit(hash: string, block_hex: string, found_at_ms: number): Promise<void> {
    const verdicts = new Map<string, Verdict>();
    let decided = false;
    const decide = async (outcome: Omit<Outcome, "at_ms">) => {
      if (decided || this.#stopped.signal.aborted) return;
      decided = true;
      const stored = { ...outcome, at_ms: this.#d.now_ms() };
      await this.#d.files.storeOutcome(hash, stored);
      this.#d.onOutcome(hash, stored);
    };
    const refused = () => [...verdicts.values()].find((verdict) => verdict.kind === "rejected");

    const ask = async (node: ChainNode) => {
      let retry_ms = this.#options.retry_ms_min;
      for (let attempt = 1; !this.#stopped.signal.aborted; attempt++) {
        const verdict = await this.#call(node, hash, block_hex);
        if (verdict?.kind === "accepted") {
          verdicts.set(node.name, verdict);
          await decide({ accepted: true, note: verdict.note });
          return;
        }
        if (verdict?.kind === "rejected" || (verdict && attempt >= this.#options.attempts_max)) {
          verdicts.set(node.name, { kind: "rejected", note: verdict.note });
          return;
        }
        if (decided && attempt >= this.#options.attempts_max) return;
        const waited_ms = this.#d.now_ms() - found_at_ms;
        if (waited_ms > this.#options.give_up_ms || (refused() && waited_ms > this.#options.undecided_ms)) return;
        await this.#sleep(retry_ms);
        retry_ms = Math.min(retry_ms * 2, this.#options.retry_ms_max);
      }
    };
    await Promise.all(this.#d.nodes.map(ask));
    await decide({ accepted: false, note: refused()?.note ?? "no node could be reached" });
  }

  /** Null when the node is away. */
  async #call(node: ChainNode, hash: string, block_hex: string): Promise<Verdict | null> {
    try {
      const call = { timeout_ms: this.#options.call_ms, signal: this.#stopped.signal };
      return readVerdict(await node.rpc.call("submitblock", [block_hex], call));
    } catch (error) {
      if (error instanceof RpcError && error.code === "node" && error.node_code !== NODE_CODES.warming_up) {
        return { kind: "rejected", note: error.message };
      }
      if (!this.#stopped.signal.aborted) this.#d.onRetry(hash, node.name, (error as Error).message);
      return null;
    }
  }

  #sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = () => {
      clearTimeout(timer);
      this.#sleepers.delete(done);
      this.#stopped.signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    this.#sleepers.add(done);
    this.#stopped.signal.addEventListener("abort", done);
    if (this.#stopped.signal.aborted) done();
    return promise;
  }
}
