/**
 * One health of several nodes: fine while all are fit, degraded while some are, down while none is; and who of them came and went. A job that
 * had to be refused degrades it too, until one is made again.
 */
import type { Health } from "./health.ts";

export class NodeHealth {
  readonly #health: Health;
  readonly #names: string[];
  readonly #onMove: (name: string, message: string | null) => void;
  /** Null: fit. Absent: not heard of yet. */
  readonly #messages = new Map<string, string | null>();
  #refused: string | null = null;

  /** `onMove` is told when a node stops being fit (with a sentence) and when it is fit again (null). */
  constructor(names: string[], dependencies: { health: Health; onMove: (name: string, message: string | null) => void }) {
    this.#names = names;
    this.#health = dependencies.health;
    this.#onMove = dependencies.onMove;
  }

  /** `message` null: the node is fit. */
  report(name: string, message: string | null): void {
    const before = this.#messages.get(name);
    this.#messages.set(name, message);
    if (message !== null && (before ?? null) === null) this.#onMove(name, message);
    else if (message === null && typeof before === "string") this.#onMove(name, null);
    this.#tell();
  }

  /** Null: jobs are made. */
  refused(message: string | null): void {
    if (this.#refused === message) return;
    this.#refused = message;
    this.#tell();
  }

  #tell(): void {
    const fit = this.#names.some((name) => this.#messages.get(name) === null);
    const trouble = this.#names.flatMap((name) => this.#messages.get(name) ?? []);
    if (!fit) {
      if (trouble.length > 0) this.#health.set("down", trouble.join(" "));
    } else if (this.#refused) this.#health.set("degraded", this.#refused);
    else if (trouble.length > 0) this.#health.set("degraded", `Mining goes on. ${trouble.join(" ")}`);
    else this.#health.set("ok", null);
  }
}
