import type { Logger } from "pino";
import type { MiningObserver } from "./mining.ts";

/** What happens, as log lines: shares only at debug, for there are many. */
export function logObserver(log: Logger): MiningObserver {
  return {
    pool: ({ state, pool, message }) => log.info({ state, pool: pool?.url ?? null, message }, "pool connection"),
    job: ({ job_id, difficulty, clean }) => log.debug({ job_id, difficulty, clean }, "job"),
    share({ result, difficulty }) {
      if (result.result === "accepted") log.debug({ ...result, difficulty }, "share");
      else log.warn({ ...result, difficulty }, "share not accepted");
    },
    notice: (level, text) => log[level](text),
  };
}
