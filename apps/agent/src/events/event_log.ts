/** What happened on this rig: numbered, kept on disk until the control plane has it, and bounded in how fast it may grow. */
import type { AgentEvents } from "@otedama/shared/agent";
import type { OutboxItem } from "../channel/outbox.ts";
import { RateBound } from "../channel/rate_bound.ts";
import type { NumberedBuffer } from "../files/numbered_buffer.ts";

export type AgentEvent = AgentEvents["events"][number];

/** Enough for whatever happens to a rig; a fault that repeats a hundred times a second is told now and then, with its count. */
const RATE = { per_s: 0.2, burst: 60 };
const BATCH = 100;
const BATCH_BYTES_MAX = 64 * 1024;

export interface EventLogDependencies {
  buffer: NumberedBuffer;
  /** The rig's own clock. */
  now_ms: () => number;
  monotonic_ms: () => number;
  onEvent: () => void;
  onTrouble: (text: string) => void;
}

export class EventLog {
  readonly #dependencies: EventLogDependencies;
  readonly #rate = new RateBound(RATE);
  #left_out = 0;

  constructor(dependencies: EventLogDependencies) {
    this.#dependencies = dependencies;
  }

  add(kind: AgentEvent["kind"], severity: AgentEvent["severity"], text: string, device_id: string | null = null): void {
    const { buffer, now_ms, monotonic_ms, onEvent } = this.#dependencies;
    if (!this.#rate.take(monotonic_ms())) {
      this.#left_out += 1;
      return;
    }
    const more = this.#left_out > 0 ? ` (${this.#left_out} events before it were left out: too many at once)` : "";
    this.#left_out = 0;
    const clean = `${text.replace(/\p{Cc}/gu, " ").slice(0, 400)}${more}`;
    buffer.append((number): AgentEvent => ({ number, at_ms: now_ms(), kind, severity, device_id, text: clean }));
    onEvent();
  }

  waiting(): OutboxItem | null {
    const { buffer, onTrouble } = this.#dependencies;
    if (buffer.waiting === 0) return null;
    const found = buffer.oldest(BATCH, BATCH_BYTES_MAX);
    const last = found.at(-1)?.number;
    if (last === undefined) return null;
    return {
      event: "event",
      body: { events: found.map(({ text }) => JSON.parse(text)) },
      stored: () => buffer.acknowledgeUpTo(last),
      dropped: (code, message) => {
        onTrouble(`the control plane does not want ${found.length} events: ${message} (${code})`);
        buffer.acknowledgeUpTo(last);
      },
    };
  }
}
