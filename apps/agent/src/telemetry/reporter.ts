/**
 * Makes a report at each interval, keeps it on disk, and hands it to the outbox: the newest first, so that the dashboard shows what is,
 * and what was missed after it.
 */
import type { AgentReport } from "@otedama/shared/agent";
import type { OutboxItem } from "../channel/outbox.ts";
import type { NumberedBuffer } from "../files/numbered_buffer.ts";

export interface ReporterOptions {
  interval_ms: number;
}

export interface ReporterDependencies {
  buffer: NumberedBuffer;
  make: (number: number) => AgentReport;
  /** GPUs, which are read aside. */
  refresh: () => Promise<void>;
  onReport: () => void;
  onTrouble: (text: string) => void;
}

const BACKLOG_COUNT_MAX = 60;
/** With its envelope a message stays below what the control plane takes. */
const BACKLOG_BYTES_MAX = 100 * 1024;

export class Reporter {
  readonly #dependencies: ReporterDependencies;
  #interval_ms: number;
  #newest: AgentReport | null = null;
  #first_number: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #welcomed = false;

  constructor(options: ReporterOptions, dependencies: ReporterDependencies) {
    this.#interval_ms = options.interval_ms;
    this.#dependencies = dependencies;
  }

  start(): void {
    void this.#report();
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** The control plane's wishes, and what it has: numbers up to there need not be sent. */
  welcomed(interval_ms: number, report_number: number): void {
    const { buffer, onTrouble } = this.#dependencies;
    const first = this.#first_number ?? buffer.next_number;
    if (!this.#welcomed && report_number >= first) {
      // A power cut took the last numbers back, and this process gave them again: the control plane would take these for what it has.
      onTrouble(`reports ${first} to ${Math.min(report_number, buffer.next_number - 1)} bear numbers that were used before`);
      this.#newest = null;
    }
    this.#welcomed = true;
    buffer.acknowledgeUpTo(report_number);
    buffer.skipTo(report_number + 1);
    if (interval_ms === this.#interval_ms) return;
    this.#interval_ms = interval_ms;
    if (this.#timer) this.#schedule();
  }

  /** A last one, now. */
  async flush(): Promise<void> {
    this.stop();
    await this.#make();
  }

  live(): OutboxItem | null {
    const body = this.#newest;
    return (
      body &&
      this.#item("telemetry", body, [body.number], () => {
        if (this.#newest === body) this.#newest = null;
      })
    );
  }

  backlog(): OutboxItem | null {
    const { buffer } = this.#dependencies;
    if (buffer.waiting === 0) return null;
    const found = buffer.oldest(BACKLOG_COUNT_MAX, BACKLOG_BYTES_MAX);
    const last = found.at(-1)?.number;
    if (last === undefined) return null;
    // Whatever lies before the last of them was acknowledged, or cannot be read: either way it need not be looked for again.
    return this.#item("backlog", { reports: found.map(({ text }) => JSON.parse(text)) }, [], () => buffer.acknowledgeUpTo(last));
  }

  #item(event: "telemetry" | "backlog", body: object, numbers: number[], done: () => void): OutboxItem {
    const { buffer, onTrouble } = this.#dependencies;
    const settle = () => {
      buffer.acknowledge(numbers);
      done();
    };
    return {
      event,
      body,
      stored: settle,
      dropped: (code, message) => {
        onTrouble(`the control plane does not want a report: ${message} (${code})`);
        settle();
      },
    };
  }

  async #report(): Promise<void> {
    this.#schedule();
    await this.#make();
  }

  async #make(): Promise<void> {
    const { buffer, make, refresh, onReport } = this.#dependencies;
    await refresh();
    this.#first_number ??= buffer.next_number;
    this.#newest = buffer.append(make);
    onReport();
  }

  #schedule(): void {
    this.stop();
    this.#timer = setTimeout(() => void this.#report(), this.#interval_ms);
  }
}
