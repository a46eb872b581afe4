/** One health of several nodes: fine while the first serves, degraded while another does, down while none does. */
import type { Health } from "./health.ts";

export class NodeHealth {
  readonly #health: Health;
  readonly #messages = new Map<string, string | null>();
  readonly #names: string[];

  constructor(names: string[], health: Health) {
    this.#names = names;
    this.#health = health;
  }

  /** `message` null: this node serves. */
  report(name: string, message: string | null): void {
    if (message === null) for (const other of this.#names) if (this.#messages.get(other) === null) this.#messages.delete(other);
    this.#messages.set(name, message);
    const serving = this.#names.find((other) => this.#messages.get(other) === null);
    const trouble = this.#names.flatMap((other) => this.#messages.get(other) ?? []).join(" ");
    if (serving === undefined) this.#health.set("down", trouble);
    else if (serving === this.#names[0]) this.#health.set("ok", null);
    else this.#health.set("degraded", `Mining on ${serving}. ${trouble}`.trim());
  }
}
