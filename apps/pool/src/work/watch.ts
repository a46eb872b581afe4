/**
 * Watches one node: whether it is fit, and its templates. It hears of a new tip in three ways side by side, because each can fail without a
 * sound: the publisher's message (ZeroMQ), a long poll, and a question for the best block every couple of seconds; a whole template is
 * fetched every refresh besides.
 */
import type { TipSignal } from "@otedama/shared";
import { type ChainNode, NodeUnfitError } from "./node.ts";
import type { NodeFigures } from "./node_figures.ts";
import { Pauses } from "./pauses.ts";
import { RpcError } from "./rpc.ts";
import type { Template } from "./template.ts";
import { TipSocket } from "./zmq.ts";

export interface WatchOptions {
  poll_ms: number;
  refresh_ms: number;
  long_poll_ms: number;
  call_ms: number;
  retry_ms_min: number;
  retry_ms_max: number;
  /** How often the node is asked for all that it says of itself. */
  status_ms: number;
  /** A template without transactions is not believed at once where the node has some: it is asked again this often, this long apart. */
  empty_tries: number;
  empty_wait_ms: number;
  /** Times in a row that a node's templates may build on another block than the one it calls its best. */
  astray_max: number;
}

export interface WatchDependencies {
  node: ChainNode;
  /** Address of the node's publisher; null for none. */
  zmq: string | null;
  figures: NodeFigures;
  /** Block 0 of the chain that the pool's nodes are on; null while none has told. */
  genesis: () => string | null;
  onGenesis: (genesis: string) => void;
  onTip: (hash: string, signal: TipSignal, at_ms: number) => void;
  /** The node is watched from here on; it holds a template. */
  onFit: () => void;
  /** The moment a template is parsed. `received_at_ms` is of the monotonic clock. */
  onTemplate: (template: Template, received_at_ms: number) => void;
  onLost: (message: string) => void;
  onEmpty: () => void;
  monotonic_ms: () => number;
  now_ms: () => number;
}

interface FetchLine {
  fetching: Promise<void> | null;
  again: boolean;
}

/** Answers that crossed are asked for again at most this often in a row. */
const CROSSED_MAX = 3;

export class NodeWatch {
  readonly #options: WatchOptions;
  readonly #d: WatchDependencies;
  readonly #pauses = new Pauses();
  readonly #socket: TipSocket | null;
  #running: Promise<void> | null = null;
  readonly #clockwork: FetchLine = { fetching: null, again: false };
  readonly #news: FetchLine = { fetching: null, again: false };
  #held: Template | null = null;
  /** Rises with each template of another tip. */
  #version = 0;
  #serving = false;
  #published_last: string | null = null;

  constructor(options: WatchOptions, dependencies: WatchDependencies) {
    this.#options = options;
    this.#d = dependencies;
    const { figures, zmq } = dependencies;
    this.#socket =
      zmq === null
        ? null
        : new TipSocket(
            { url: zmq },
            {
              onHash: (hash) => this.#published(hash),
              onState: (state, message) => figures.zmq(state, message),
              onMissed: (messages) => figures.zmqMissed(messages),
            },
          );
  }

  start(): void {
    this.#running ??= this.#run();
    this.#socket?.start();
  }

  async stop(): Promise<void> {
    this.#pauses.stop();
    await Promise.all([this.#running, this.#socket?.stop()]);
  }

  get #stopped(): boolean {
    return this.#pauses.stopped;
  }

  async #run(): Promise<void> {
    let wait_ms = this.#options.retry_ms_min;
    while (!this.#stopped) {
      try {
        await this.#check();
        await this.#serve();
      } catch (error) {
        if (this.#stopped) return;
        if (this.#serving) wait_ms = this.#options.retry_ms_min;
        this.#serving = false;
        this.#published_last = null;
        this.#held = null;
        const message = error instanceof Error ? error.message : String(error);
        this.#d.figures.lost(error instanceof NodeUnfitError ? "unfit" : "away", message);
        this.#d.onLost(message);
      }
      await this.#pauses.wait(wait_ms);
      wait_ms = Math.min(wait_ms * 2, this.#options.retry_ms_max);
    }
  }

  async #check(): Promise<void> {
    const status = await this.#d.node.status(this.#call());
    this.#d.figures.status(status);
    this.#d.node.judge(status, this.#d.genesis());
    if (status.genesis !== null) this.#d.onGenesis(status.genesis);
  }

  /** Throws when the node fails. */
  async #serve(): Promise<void> {
    await this.#fetch("poll");
    this.#serving = true;
    this.#d.figures.fit();
    this.#d.onFit();
    const polls = new AbortController();
    const end = this.#pauses.onStop(() => polls.abort());
    const polling = this.#longPoll(polls.signal);
    try {
      let refreshed_at_ms = this.#d.monotonic_ms();
      let checked_at_ms = refreshed_at_ms;
      let astray = 0;
      while (!this.#stopped) {
        await this.#pauses.wait(this.#options.poll_ms);
        if (this.#stopped) return;
        const best = await this.#best();
        const now_ms = this.#d.monotonic_ms();
        if (best !== this.#held?.prev_hash || now_ms - refreshed_at_ms >= this.#options.refresh_ms) {
          await this.#fetch("poll");
          refreshed_at_ms = now_ms;
          astray = best === this.#held?.prev_hash ? 0 : astray + 1;
          if (astray >= this.#options.astray_max) {
            throw new NodeUnfitError(
              `The templates of ${this.#d.node.name} build on another block than ${best.slice(0, 16)}…, which it calls its best: it answers from the past.`,
            );
          }
        }
        if (now_ms - checked_at_ms >= this.#options.status_ms) {
          checked_at_ms = now_ms;
          await this.#check();
        }
      }
    } finally {
      end();
      polls.abort();
      await polling;
    }
  }

  async #best(): Promise<string> {
    const asked_at_ms = this.#d.monotonic_ms();
    const best = await this.#d.node.bestBlockHash(this.#call());
    const at_ms = this.#d.monotonic_ms();
    this.#d.figures.answered(at_ms - asked_at_ms);
    this.#d.figures.best(best);
    this.#d.onTip(best, "poll", at_ms);
    return best;
  }

  #published(hash: string): void {
    this.#d.onTip(hash, "zmq", this.#d.monotonic_ms());
    // A node that publishes both topics tells each block twice.
    if (!this.#serving || hash === this.#held?.prev_hash || hash === this.#published_last) return;
    this.#published_last = hash;
    // Should it fail, the poll finds that out and says so.
    this.#fetch("zmq").catch(() => {});
  }

  async #longPoll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const longpollid = this.#held?.longpollid;
      if (!longpollid) {
        await this.#pauses.wait(this.#options.retry_ms_max);
        continue;
      }
      try {
        const version = this.#version;
        const call = { longpollid, timeout_ms: this.#options.long_poll_ms, signal };
        const template = await this.#d.node.template(call);
        const at_ms = this.#d.monotonic_ms();
        if (signal.aborted) return;
        this.#d.onTip(template.prev_hash, "long_poll", at_ms);
        // One that crossed with another answer, or that came back empty, is asked for again.
        const whole = template.transactions.length > 0 || !(await this.#hasTransactions());
        if (signal.aborted) return;
        if (whole && this.#mayTake(template, version)) this.#take(template, at_ms, null);
        else await this.#fetch("long_poll");
      } catch (error) {
        if (signal.aborted) return;
        // Silence is how a long poll goes; anything else the poll will find too.
        if (!(error instanceof RpcError && error.code === "timeout")) await this.#pauses.wait(this.#options.retry_ms_min * 2);
      }
    }
  }

  /**
   * One at a time: who comes while one is under way has it done once more, since that answer may be from before. News does not wait behind
   * the clock's questions, which may be slow to be answered: it has a line of its own.
   */
  #fetch(signal: TipSignal): Promise<void> {
    const line = signal === "poll" ? this.#clockwork : this.#news;
    if (line.fetching) {
      line.again = true;
      return line.fetching;
    }
    line.fetching = this.#fetchNow(signal, line).finally(() => {
      line.fetching = null;
    });
    return line.fetching;
  }

  async #fetchNow(signal: TipSignal, line: FetchLine): Promise<void> {
    let crossed = 0;
    let empty = 0;
    for (;;) {
      line.again = false;
      const version = this.#version;
      const asked_at_ms = this.#d.now_ms();
      const template = await this.#d.node.template(this.#call());
      const at_ms = this.#d.monotonic_ms();
      this.#d.onTip(template.prev_hash, signal, at_ms);
      if (!this.#mayTake(template, version) && crossed++ < CROSSED_MAX) continue;
      if (template.transactions.length === 0 && empty < this.#options.empty_tries && (await this.#hasTransactions())) {
        empty += 1;
        await this.#pauses.wait(this.#options.empty_wait_ms);
        if (this.#stopped) return;
        continue;
      }
      if (empty >= this.#options.empty_tries && template.transactions.length === 0) this.#d.onEmpty();
      this.#take(template, at_ms, asked_at_ms);
      if (!line.again || crossed++ >= CROSSED_MAX) return;
    }
  }

  /** Whether a template without transactions should have some. */
  async #hasTransactions(): Promise<boolean> {
    return (await this.#d.node.mempoolTransactions(this.#call()).catch(() => 0)) > 0;
  }

  /** False where another answer moved the tip while this one was under way, and nothing says which of the two is newer. */
  #mayTake(template: Template, version: number): boolean {
    const held = this.#held;
    return held === null || version === this.#version || template.prev_hash === held.prev_hash || template.height > held.height;
  }

  #take(template: Template, received_at_ms: number, asked_at_ms: number | null): void {
    const { figures, node } = this.#d;
    if (asked_at_ms !== null) {
      figures.template(template, asked_at_ms);
      node.judgeClock(figures.skew_s);
    } else figures.template(template, null);
    if (template.prev_hash !== this.#held?.prev_hash) this.#version += 1;
    this.#held = template;
    this.#d.onTemplate(template, received_at_ms);
  }

  #call() {
    return { timeout_ms: this.#options.call_ms, signal: this.#pauses.signal };
  }
}
