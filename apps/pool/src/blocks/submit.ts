/**
 * Hands blocks to every node at once and does not let go before a node has said yes, or all have said no. The queue is the folder of
 * stored blocks, so it outlives the process.
 */
import type { ChainNode } from "../work/node.ts";
import { Pauses } from "../work/pauses.ts";
import { NODE_CODES, RpcError } from "../work/rpc.ts";
import type { Answers, BlockFiles, NodeAnswer, Outcome } from "./block_files.ts";
import { readVerdict, type Verdict } from "./verdict.ts";

export interface SubmitOptions {
  call_ms: number;
  retry_ms_min: number;
  retry_ms_max: number;
  /** Tries for each node once another one has accepted. */
  attempts_max: number;
  /** How long nodes are asked again that do not know the block before: they may be catching up. */
  unsure_ms: number;
  /** After this long (of this process) without any node to ask, a block is worth nothing. */
  give_up_ms: number;
  /** How long a node that is away is waited for after the others refused. */
  undecided_ms: number;
}

export const SUBMIT_OPTIONS: SubmitOptions = {
  call_ms: 30_000,
  retry_ms_min: 250,
  retry_ms_max: 5_000,
  attempts_max: 20,
  unsure_ms: 3_600_000,
  give_up_ms: 24 * 3_600_000,
  undecided_ms: 10 * 60_000,
};

export interface SubmitDependencies {
  nodes: ChainNode[];
  files: BlockFiles;
  now_ms: () => number;
  /** For how long something was tried: a clock that jumps must not make a block hopeless. */
  monotonic_ms: () => number;
  onOutcome: (hash: string, outcome: Outcome) => void;
  /** What each node has said so far. */
  onAnswers: (hash: string, answers: Answers) => void;
  onRetry: (hash: string, node: string, message: string) => void;
  /** What became of a block cannot be written down yet. */
  onTrouble: (hash: string, message: string) => void;
}

export class Submitter {
  readonly #options: SubmitOptions;
  readonly #d: SubmitDependencies;
  readonly #open = new Map<string, Promise<void>>();
  readonly #pauses = new Pauses();

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
      if (block) this.submit(hash, block.block_hex);
    }
  }

  submit(hash: string, block_hex: string): void {
    if (this.#open.has(hash)) return;
    const work = this.#submit(hash, block_hex).finally(() => this.#open.delete(hash));
    this.#open.set(hash, work);
  }

  /** A node is back: whoever waits to ask again asks now. */
  poke(): void {
    this.#pauses.wake();
  }

  async stop(): Promise<void> {
    this.#pauses.stop();
    await Promise.allSettled(this.#open.values());
  }

  async #submit(hash: string, block_hex: string): Promise<void> {
    const asked = this.#d.nodes.map((node) => new Asked(node.name, this.#d.now_ms()));
    const began_ms = this.#d.monotonic_ms();
    let decided = false;
    const decide = async (outcome: Omit<Outcome, "at_ms">) => {
      if (decided || this.#pauses.stopped) return;
      decided = true;
      const stored = { ...outcome, at_ms: this.#d.now_ms() };
      if (await this.#keep(hash, stored)) this.#d.onOutcome(hash, stored);
    };
    let complete = false;
    const told = () => this.#d.onAnswers(hash, { complete, answers: asked.map((one) => one.answer) });
    const refusal = () => asked.find(({ answer }) => answer.result === "rejected")?.answer;
    const given_up = (attempt: number, unsure: boolean) => {
      const waited_ms = this.#d.monotonic_ms() - began_ms;
      if (decided) return attempt >= this.#options.attempts_max;
      if (refusal()) return waited_ms > this.#options.undecided_ms;
      return waited_ms > (unsure ? this.#options.unsure_ms : this.#options.give_up_ms);
    };

    const ask = async (node: ChainNode, record: Asked) => {
      let retry_ms = this.#options.retry_ms_min;
      for (let attempt = 1; !this.#pauses.stopped; attempt++) {
        const verdict = await this.#call(node, hash, block_hex, record);
        if (this.#pauses.stopped) return;
        if (verdict?.kind === "accepted") await decide({ accepted: true, note: verdict.note });
        if (record.changed()) told();
        if (verdict?.kind === "accepted" || verdict?.kind === "rejected") return;
        if (given_up(attempt, verdict?.kind === "unsure")) return;
        await this.#pauses.wait(retry_ms);
        retry_ms = Math.min(retry_ms * 2, this.#options.retry_ms_max);
      }
    };
    await Promise.all(this.#d.nodes.map((node, index) => ask(node, asked[index] as Asked)));
    if (this.#pauses.stopped) return;
    const unsure = asked.find(({ answer }) => answer.result === "unsure")?.answer;
    await decide({ accepted: false, note: (refusal() ?? unsure)?.answer ?? "no node could be reached" });
    complete = true;
    told();
  }

  /** A disk that is full is waited for; a process that ends before has the block submitted again by the next one. */
  async #keep(hash: string, outcome: Outcome): Promise<boolean> {
    let troubled = false;
    while (!this.#pauses.stopped) {
      try {
        await this.#d.files.storeOutcome(hash, outcome);
        return true;
      } catch (error) {
        if (!troubled) this.#d.onTrouble(hash, `the nodes' verdict cannot be written to disk: ${(error as Error).message}`);
        troubled = true;
        await this.#pauses.wait(this.#options.retry_ms_max);
      }
    }
    return false;
  }

  /** Null when the node is away. */
  async #call(node: ChainNode, hash: string, block_hex: string, record: Asked): Promise<Verdict | null> {
    const asked_at_ms = this.#d.now_ms();
    try {
      const call = { timeout_ms: this.#options.call_ms, signal: this.#pauses.signal };
      const verdict = readVerdict(await node.rpc.call("submitblock", [block_hex], call));
      record.verdict(verdict, asked_at_ms, this.#d.now_ms());
      return verdict;
    } catch (error) {
      const { message } = error as Error;
      if (error instanceof RpcError && error.code === "node" && error.node_code !== NODE_CODES.warming_up) {
        const verdict: Verdict = { kind: "rejected", note: message };
        record.verdict(verdict, asked_at_ms, this.#d.now_ms());
        return verdict;
      }
      if (!this.#pauses.stopped) {
        record.away(message);
        this.#d.onRetry(hash, node.name, message);
      }
      return null;
    }
  }
}

/** What one node was asked and said about one block. */
class Asked {
  readonly answer: NodeAnswer;
  #told = "";

  constructor(node: string, now_ms: number) {
    this.answer = {
      node,
      result: "away",
      answer: null,
      attempts: 0,
      first_at_ms: Math.round(now_ms),
      answered_at_ms: null,
      latency_ms: null,
    };
  }

  verdict(verdict: Verdict, asked_at_ms: number, now_ms: number): void {
    Object.assign(this.answer, {
      result: verdict.kind,
      answer: verdict.note,
      attempts: this.answer.attempts + 1,
      answered_at_ms: Math.round(now_ms),
      latency_ms: Math.max(0, now_ms - asked_at_ms),
    });
  }

  away(message: string): void {
    Object.assign(this.answer, { result: "away", answer: message.slice(0, 300), attempts: this.answer.attempts + 1 });
  }

  /** Whether it says something else than at the last question; more attempts alone are nothing new. */
  changed(): boolean {
    const { result, answer } = this.answer;
    const now = `${result} ${answer}`;
    const changed = now !== this.#told;
    this.#told = now;
    return changed;
  }
}
