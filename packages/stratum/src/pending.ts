import type { WireError } from "./messages.ts";

export type Answer = { kind: "answered"; result: unknown; error: WireError | null } | { kind: "unanswered"; reason: string };

interface Waiting {
  settle: (answer: Answer) => void;
  timer: NodeJS.Timeout;
}

/** Requests that wait for their answer: bounded in number and in time. */
export class PendingRequests {
  readonly #max: number;
  readonly #waiting = new Map<number, Waiting>();
  #next_id = 1;

  constructor(max: number) {
    this.#max = max;
  }

  /** Gives the request an id and hands it to `send`; the promise always settles, within `timeout_ms`. */
  request(timeout_ms: number, send: (id: number) => void): Promise<Answer> {
    if (this.#waiting.size >= this.#max) {
      return Promise.resolve({ kind: "unanswered", reason: `${this.#max} requests are waiting for the pool's answer already` });
    }
    const id = this.#next_id++;
    return new Promise((settle) => {
      const timer = setTimeout(
        () => this.#settle(id, { kind: "unanswered", reason: `no answer in ${timeout_ms / 1000} s` }),
        timeout_ms,
      );
      this.#waiting.set(id, { settle, timer });
      send(id);
    });
  }

  /** False when nobody asked (or asked too long ago). */
  answer(id: number | string | null, result: unknown, error: WireError | null): boolean {
    // Some pools answer with the number as a string.
    return this.#settle(Number(id ?? Number.NaN), { kind: "answered", result, error });
  }

  closeAll(reason: string): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id, { kind: "unanswered", reason });
  }

  #settle(id: number, answer: Answer): boolean {
    const waiting = this.#waiting.get(id);
    if (!waiting) return false;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    waiting.settle(answer);
    return true;
  }
}
