import {
  deleteEventsBefore,
  deleteExpired,
  deleteOldNotices,
  deleteSamplesBefore,
  isDatabaseAway,
  type Sql,
} from "@otedama/db/web";
import type { Logger } from "pino";

export interface SweepOptions {
  interval_ms: number;
  /** Reports of rigs older than this are deleted; the longest chart shows less. */
  keep_samples_ms: number;
  keep_events_ms: number;
  /** Rows deleted in one statement, so that none of them holds locks for long. */
  rows_max: number;
}

/** Removes what nobody will ask for again, once at start and then at intervals. */
export function startSweep(options: SweepOptions, dependencies: { sql: Sql; log: Logger; now: () => number }): { stop(): void } {
  const { sql, log, now } = dependencies;
  let stopped = false;

  async function sweep(): Promise<void> {
    try {
      await deleteExpired(sql);
      const before_ms = now() - options.keep_samples_ms;
      while (!stopped && (await deleteSamplesBefore(sql, before_ms, options.rows_max)) === options.rows_max);
      const events_before_ms = now() - options.keep_events_ms;
      while (!stopped && (await deleteEventsBefore(sql, events_before_ms, options.rows_max)) === options.rows_max);
      while (!stopped && (await deleteOldNotices(sql, options.rows_max)) === options.rows_max);
    } catch (error) {
      if (!stopped && !isDatabaseAway(error)) log.error({ err: error }, "old rows could not be removed");
    }
  }

  void sweep();
  const timer = setInterval(() => void sweep(), options.interval_ms);
  return {
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}
