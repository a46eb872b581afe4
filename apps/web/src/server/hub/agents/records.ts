/** What agents of protocol 2 tell, stored before it is acknowledged. */
import {
  type ArrivalRow,
  type Arrived,
  type CommandReportRow,
  countRefused,
  type EventRow,
  isDatabaseAway,
  noteArrivals,
  noteDesiredHeld,
  type ProofRow,
  type ReportRow,
  type Taken,
  type WebDatabase,
  writeCommandReports,
  writeEvents,
  writeProofs,
  writeReports,
} from "@otedama/db/web";
import type { Logger } from "pino";
import type { Counters } from "../../counters.ts";
import { GroupCommit, QueueFullError } from "../../live/group_commit.ts";
import type { Refusal } from "../inbox.ts";

const SMALL = { interval_ms: 20, batch_max: 1_000, waiting_max: 50_000 };

export class AgentRecords {
  readonly #sql: WebDatabase["sql"];
  readonly #counters: Counters;
  readonly #log: Logger;
  readonly #refused = new Map<string, number>();
  readonly arrivals: GroupCommit<ArrivalRow, Arrived | null>;
  readonly reports: GroupCommit<ReportRow, Taken>;
  readonly events: GroupCommit<EventRow[], null>;
  readonly commands: GroupCommit<CommandReportRow, boolean>;
  readonly proofs: GroupCommit<ProofRow, null>;
  readonly held: GroupCommit<{ agent_id: string; revision: number }, null>;

  constructor(dependencies: { sql: WebDatabase["sql"]; counters: Counters; log: Logger }) {
    const { sql, counters, log } = dependencies;
    this.#sql = sql;
    this.#counters = counters;
    this.#log = log;
    const none = (rows: readonly unknown[]) => rows.map(() => null);
    this.arrivals = new GroupCommit(SMALL, {
      write: async (rows) => {
        const arrived = await noteArrivals(sql, rows);
        return rows.map((row) => arrived.get(row.id) ?? null);
      },
    });
    this.reports = new GroupCommit(
      { interval_ms: 200, batch_max: 500, waiting_max: 20_000 },
      {
        write: async (rows) => {
          const taken = await writeReports(sql, rows);
          counters.add("fleet_rows_written", taken.filter((one) => one === "new").length);
          return taken;
        },
      },
    );
    this.events = new GroupCommit(SMALL, {
      write: async (rows) => {
        await writeEvents(sql, rows.flat());
        return none(rows);
      },
    });
    this.commands = new GroupCommit(SMALL, { write: (rows) => writeCommandReports(sql, rows) });
    this.proofs = new GroupCommit(SMALL, {
      write: async (rows) => {
        await writeProofs(sql, rows);
        return none(rows);
      },
    });
    this.held = new GroupCommit(SMALL, {
      write: async (rows) => {
        await noteDesiredHeld(sql, rows);
        return none(rows);
      },
    });
  }

  /** The refusal that a failed write means for the agent. */
  refusalOf(error: unknown, agent_id: string): Refusal {
    if (error instanceof QueueFullError) {
      this.#counters.add("agents_busy");
      return { code: "busy", message: "The hub has as much to store as it can hold. Try again soon." };
    }
    if (isDatabaseAway(error) || isTransient(error)) {
      return { code: "unavailable", message: "The database does not answer, so nothing can be stored. Try again soon." };
    }
    this.#counters.add("fleet_rows_rejected");
    this.#log.error({ err: error, agent_id }, "a message of an agent could not be stored and was refused");
    return { code: "rejected", message: "The database refuses this message. It is in the hub's log." };
  }

  /** Counted in the agent's row at the next `flush`. */
  refused(agent_id: string): void {
    this.#counters.add("agents_refused_messages");
    this.#refused.set(agent_id, (this.#refused.get(agent_id) ?? 0) + 1);
  }

  async flush(): Promise<void> {
    if (this.#refused.size === 0) return;
    const counts = new Map(this.#refused);
    this.#refused.clear();
    try {
      await countRefused(this.#sql, counts);
    } catch (error) {
      for (const [id, n] of counts) this.#refused.set(id, (this.#refused.get(id) ?? 0) + n);
      throw error;
    }
  }

  async settled(): Promise<void> {
    await Promise.all(
      [this.arrivals, this.reports, this.events, this.commands, this.proofs, this.held].map((one) => one.settled()),
    );
    await this.flush().catch(() => {});
  }
}

/** A deadlock, a serialisation failure or a statement that took too long: the same may succeed later. */
function isTransient(error: unknown): boolean {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === "string" && /^(40...|57014|55P03)$/.test(code);
}
