import type { LogRing } from "../../log/log_ring.ts";
import { type CommandKind, proved } from "../kind.ts";

/** With its report a message to the control plane stays below what that takes (128 KiB), whatever JSON makes of the lines. */
const EVIDENCE_BYTES_MAX = 48 * 1024;

/** `{"kind":"read_log","lines":100}`: the newest lines, as many as fit. Reading twice does no harm, so an interrupted one is read again. */
export function readLogCommand({ log }: { log: LogRing }): CommandKind<"read_log"> {
  const read = (lines: number) => {
    const found = log.last(lines, EVIDENCE_BYTES_MAX);
    return proved(`${found.length} lines of the log.`, { lines: found });
  };
  return {
    run: async ({ body }) => read(body.lines),
    recover: async ({ body }) => read(body.lines),
  };
}
