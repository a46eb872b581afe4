import pino, { type Logger } from "pino";
import type { LogRing } from "./log_ring.ts";

export interface LogOptions {
  level: "debug" | "info" | "warn" | "error";
  /** A person reads status lines: the log goes beside them, and only for faults. */
  status_line: boolean;
}

const LEVELS = { debug: 20, info: 30, warn: 40, error: 50 } as const;

/** The log as JSON lines: what the level lets through to the terminal, and all from info on to the ring. */
export function agentLog({ level, status_line }: LogOptions, ring: LogRing): Logger {
  const shown = LEVELS[status_line && level !== "debug" ? "error" : level];
  const terminal = pino.destination({ dest: status_line ? 2 : 1, sync: true });
  return pino(
    { level: level === "debug" ? "debug" : "info", base: { app: "agent" } },
    {
      write(line: string) {
        const found = Number(/^\{"level":(\d+)/.exec(line)?.[1] ?? LEVELS.error);
        if (found >= LEVELS.info) ring.write(line);
        if (found >= shown) terminal.write(line);
      },
    },
  );
}
