/**
 * Carries the reports of agents of protocol 1 from memory to the database, a batch at a time. While the database is away the newest report of each
 * agent and a bounded history of samples wait; what does not fit any more is dropped, oldest first, and counted.
 */
import { type AgentRow, type FleetSample, isDatabaseAway, type Sql, writeFleet } from "@otedama/db/web";
import type { Logger } from "pino";
import type { Counters } from "../counters.ts";

export interface FleetWriterOptions {
  interval_ms: number;
  /** Longest wait between two tries while the database is away. */
  retry_ms_max: number;
  samples_max: number;
  batch_max: number;
}

export class FleetWriter {
  readonly #options: FleetWriterOptions;
  readonly #sql: Sql;
  readonly #counters: Counters;
  readonly #log: Logger;
  #agents = new Map<string, AgentRow>();
  #samples: FleetSample[] = [];
  #timer: NodeJS.Timeout | null = null;
  #failures = 0;
  #stopped = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: FleetWriterOptions, dependencies: { sql: Sql; counters: Counters; log: Logger }) {
    this.#options = options;
    this.#sql = dependencies.sql;
    this.#counters = dependencies.counters;
    this.#log = dependencies.log;
  }

  start(): void {
    this.#schedule(this.#options.interval_ms);
  }

  /** Writes what is left, once, and ends. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#writing;
    if (this.#failures === 0) await this.#flush().catch(() => {});
  }

  agent(row: AgentRow): void {
    this.#agents.set(row.id, row);
  }

  sample(row: FleetSample): void {
    this.#samples.push(row);
    const excess = this.#samples.length - this.#options.samples_max;
    if (excess > 0) {
      this.#samples.splice(0, excess);
      this.#counters.add("fleet_samples_dropped", excess);
    }
  }

  #schedule(wait_ms: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#writing = this.#turn();
    }, wait_ms);
  }

  async #turn(): Promise<void> {
    try {
      await this.#flush();
      this.#failures = 0;
    } catch (error) {
      this.#failures = Math.min(this.#failures + 1, 16);
      if (this.#failures === 1) this.#log.warn({ err: error }, "reports of agents wait for the database");
    }
    this.#schedule(Math.min(this.#options.interval_ms * 2 ** this.#failures, this.#options.retry_ms_max));
  }

  async #flush(): Promise<void> {
    while (this.#agents.size > 0 || this.#samples.length > 0) {
      const agents = [...this.#agents.values()].slice(0, this.#options.batch_max);
      const samples = this.#samples.slice(0, this.#options.batch_max);
      // Written before they are taken off, so that a failure loses nothing; a second write of the same rows changes nothing.
      await this.#write(agents, samples);
      for (const agent of agents) if (this.#agents.get(agent.id) === agent) this.#agents.delete(agent.id);
      const written = new Set(samples);
      this.#samples = this.#samples.filter((sample) => !written.has(sample));
    }
  }

  async #write(agents: AgentRow[], samples: FleetSample[]): Promise<void> {
    try {
      await writeFleet(this.#sql, agents, samples);
      this.#counters.add("fleet_rows_written", agents.length + samples.length);
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      await this.#writeOneByOne(agents, samples);
    }
  }

  /** One row that the database refuses must not hold up the others for ever. */
  async #writeOneByOne(agents: AgentRow[], samples: FleetSample[]): Promise<void> {
    const single: [AgentRow[], FleetSample[]][] = [
      ...agents.map((agent): [AgentRow[], FleetSample[]] => [[agent], []]),
      ...samples.map((sample): [AgentRow[], FleetSample[]] => [[], [sample]]),
    ];
    for (const [agent, sample] of single) {
      try {
        await writeFleet(this.#sql, agent, sample);
        this.#counters.add("fleet_rows_written");
      } catch (error) {
        if (isDatabaseAway(error)) throw error;
        this.#counters.add("fleet_rows_rejected");
        this.#log.error(
          { err: error, agent_id: agent[0]?.id ?? sample[0]?.agent_id },
          "a report could not be stored and was dropped",
        );
      }
    }
  }
}
