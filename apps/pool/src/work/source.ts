/**
 * Templates from the first node that is fit, by long poll, with two nets under it: the best block's hash is asked for every
 * couple of seconds (a long poll can be lost without a sound) and a whole template every refresh.
 *
 * A node that fails is left for the next one in the settings' order; an earlier one that is fit again is gone back to.
 */
import type { ChainNode } from "./node.ts";
import { RpcError } from "./rpc.ts";
import type { Template } from "./template.ts";

export interface SourceOptions {
  poll_ms: number;
  refresh_ms: number;
  long_poll_ms: number;
  call_ms: number;
  retry_ms_min: number;
  retry_ms_max: number;
  /** How often an earlier node is tried again while a later one serves. */
  return_ms: number;
}

export const SOURCE_OPTIONS: SourceOptions = {
  poll_ms: 2_000,
  refresh_ms: 30_000,
  long_poll_ms: 120_000,
  call_ms: 10_000,
  retry_ms_min: 500,
  retry_ms_max: 5_000,
  return_ms: 30_000,
};

export interface SourceDependencies {
  nodes: ChainNode[];
  /** Called the moment a template is parsed. `received_at_ms` is of the monotonic clock. */
  onTemplate: (template: Template, received_at_ms: number, node: ChainNode) => void;
  /** `message` null: the node is fit and serving. */
  onNode: (node: ChainNode, message: string | null) => void;
  monotonic_ms: () => number;
}

export class TemplateSource {
  readonly #options: SourceOptions;
  readonly #d: SourceDependencies;
  readonly #stopped = new AbortController();
  #running: Promise<void> | null = null;
  #tip: { prev_hash: string; height: number } | null = null;
  /** Rises with each accepted template of another tip. */
  #tip_version = 0;
  #active: ChainNode | null = null;

  constructor(options: SourceOptions, dependencies: SourceDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  /** The node that serves, or null while none does. */
  get active(): ChainNode | null {
    return this.#active;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let wait_ms = this.#options.retry_ms_min;
    while (!this.#stopped.signal.aborted) {
      for (const [index, node] of this.#d.nodes.entries()) {
        if (this.#stopped.signal.aborted) return;
        try {
          await node.check();
          await this.#serve(node, index);
          wait_ms = this.#options.retry_ms_min;
          break;
        } catch (error) {
          if (this.#stopped.signal.aborted) return;
          if (this.#active === node) wait_ms = this.#options.retry_ms_min;
          this.#active = null;
          this.#d.onNode(node, sentence(error));
        }
      }
      this.#active = null;
      await this.#sleep(wait_ms);
      wait_ms = Math.min(wait_ms * 2, this.#options.retry_ms_max);
    }
  }

  /** Returns when an earlier node is fit again; throws when this one fails. */
  async #serve(node: ChainNode, index: number): Promise<void> {
    const first = await this.#fetch(node);
    this.#active = node;
    this.#d.onNode(node, null);
    const polls = new AbortController();
    const stop = () => polls.abort();
    this.#stopped.signal.addEventListener("abort", stop);
    const polling = this.#longPoll(node, first.longpollid, polls.signal);
    try {
      let refreshed_at = this.#d.monotonic_ms();
      let looked_back_at = refreshed_at;
      while (!this.#stopped.signal.aborted) {
        await this.#sleep(this.#options.poll_ms);
        if (this.#stopped.signal.aborted) return;
        const best = await node.bestBlockHash();
        const now = this.#d.monotonic_ms();
        if (best !== this.#tip?.prev_hash || now - refreshed_at >= this.#options.refresh_ms) {
          await this.#fetch(node);
          refreshed_at = now;
        }
        if (index > 0 && now - looked_back_at >= this.#options.return_ms) {
          looked_back_at = now;
          if (await this.#anyFit(this.#d.nodes.slice(0, index))) return;
        }
      }
    } finally {
      this.#stopped.signal.removeEventListener("abort", stop);
      polls.abort();
      await polling;
    }
  }

  async #longPoll(node: ChainNode, longpollid: string | null, signal: AbortSignal): Promise<void> {
    let id = longpollid;
    while (id !== null && !signal.aborted) {
      try {
        const template: Template = await node.template({ longpollid: id, timeout_ms: this.#options.long_poll_ms, signal });
        const received_at_ms = this.#d.monotonic_ms();
        if (signal.aborted) return;
        // An answer can be overtaken on its way: only one that goes up the chain is believed without asking again.
        if (this.#tip === null || template.prev_hash === this.#tip.prev_hash || template.height > this.#tip.height) {
          this.#accept(node, template, received_at_ms);
        } else {
          await this.#fetch(node);
        }
        id = template.longpollid;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof RpcError && error.code === "timeout")) await this.#sleep(this.#options.retry_ms_min * 2);
      }
    }
  }

  async #fetch(node: ChainNode): Promise<Template> {
    for (let attempt = 0; ; attempt++) {
      const version = this.#tip_version;
      const template = await node.template({ timeout_ms: this.#options.call_ms, signal: this.#stopped.signal });
      const received_at_ms = this.#d.monotonic_ms();
      // While this was under way another answer moved the tip: which of the two is newer is not known, so ask again.
      if (version !== this.#tip_version && template.prev_hash !== this.#tip?.prev_hash && attempt < 3) continue;
      this.#accept(node, template, received_at_ms);
      return template;
    }
  }

  #accept(node: ChainNode, template: Template, received_at_ms: number): void {
    if (template.prev_hash !== this.#tip?.prev_hash) {
      this.#tip = { prev_hash: template.prev_hash, height: template.height };
      this.#tip_version += 1;
    }
    this.#d.onTemplate(template, received_at_ms, node);
  }

  async #anyFit(nodes: ChainNode[]): Promise<boolean> {
    for (const node of nodes) {
      try {
        await node.check();
        await node.template({ timeout_ms: this.#options.call_ms, signal: this.#stopped.signal });
        return true;
      } catch {
        // Still away; it was reported when it went.
      }
    }
    return false;
  }

  #sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = () => {
      clearTimeout(timer);
      this.#stopped.signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    this.#stopped.signal.addEventListener("abort", done);
    if (this.#stopped.signal.aborted) done();
    return promise;
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
