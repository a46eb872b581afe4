/**
 * Which of several nodes' templates is mined: that of the best tip, and of those the one that pays most. Pure but for its own memory;
 * time comes in with each call.
 *
 * - A higher tip wins at once. Of two at one height the one that is mined stays, as nodes do with two blocks at one height.
 * - A node that itself turns away from the tip (a reorganisation) takes the pool with it, unless another node still stands there.
 * - A node that dies does not: what it told last is mined on until the others have caught up, or `abandon_ms` have passed.
 */
import type { Template } from "./template.ts";

export interface RaceOptions {
  /** How long a tip is mined on after the last node that had it went away. */
  abandon_ms: number;
}

export interface Held<N> {
  node: N;
  template: Template;
  received_at_ms: number;
}

export class TemplateRace<N> {
  readonly #options: RaceOptions;
  readonly #held = new Map<N, Held<N>>();
  #tip: { prev_hash: string; height: number } | null = null;
  /** Since when no node stands on the tip any more because the last one died; null while one does, or when it turned away. */
  #deserted_at_ms: number | null = null;
  #winner: Held<N> | null = null;

  constructor(options: RaceOptions) {
    this.#options = options;
  }

  /** What is mined now; its node may have gone since. */
  get winner(): Held<N> | null {
    return this.#winner;
  }

  held(node: N): Held<N> | null {
    return this.#held.get(node) ?? null;
  }

  /** A node's newest template, in place of the one it gave before. Returns a template that is to be mined instead, or null. */
  hold(node: N, template: Template, now_ms: number): Held<N> | null {
    this.#held.set(node, { node, template, received_at_ms: now_ms });
    // Whoever stood on the tip alone and is elsewhere now has left it by its own will.
    if (this.#winner?.node === node && template.prev_hash !== this.#tip?.prev_hash) this.#deserted_at_ms = null;
    return this.#decide(now_ms);
  }

  /** The node went away, or must not be mined on any more. */
  drop(node: N, now_ms: number): Held<N> | null {
    const before = this.#held.get(node);
    if (!before) return null;
    this.#held.delete(node);
    if (before.template.prev_hash === this.#tip?.prev_hash && !this.#stood()) this.#deserted_at_ms = now_ms;
    return this.#decide(now_ms);
  }

  /** Time has passed. */
  tick(now_ms: number): Held<N> | null {
    return this.#deserted_at_ms === null ? null : this.#decide(now_ms);
  }

  #stood(): boolean {
    return [...this.#held.values()].some(({ template }) => template.prev_hash === this.#tip?.prev_hash);
  }

  #decide(now_ms: number): Held<N> | null {
    const all = [...this.#held.values()];
    if (all.length === 0) return null;
    const highest = Math.max(...all.map(({ template }) => template.height));
    const stood = this.#stood();
    if (stood) this.#deserted_at_ms = null;
    if (this.#tip && highest < this.#tip.height && this.#deserted_at_ms !== null) {
      if (now_ms - this.#deserted_at_ms < this.#options.abandon_ms) return null;
    }
    let tip = this.#tip;
    if (!tip || !stood || highest > tip.height) {
      const first = all
        .filter(({ template }) => template.height === highest)
        .reduce((a, b) => (b.received_at_ms < a.received_at_ms ? b : a));
      tip = { prev_hash: first.template.prev_hash, height: highest };
      this.#tip = tip;
      this.#deserted_at_ms = null;
    }
    const here = all.filter(({ template }) => template.prev_hash === tip.prev_hash);
    const best = here.reduce((a, b) => (this.#better(b, a) ? b : a));
    if (best.template === this.#winner?.template) return null;
    this.#winner = best;
    return best;
  }

  /** More for the miners; of two that pay the same the one that serves already. */
  #better(a: Held<N>, b: Held<N>): boolean {
    if (a.template.coinbasevalue_sats !== b.template.coinbasevalue_sats)
      return a.template.coinbasevalue_sats > b.template.coinbasevalue_sats;
    return a.node === this.#winner?.node && b.node !== this.#winner?.node;
  }
}
