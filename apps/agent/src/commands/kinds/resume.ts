import type { Rig } from "../../mining/rig.ts";
import { type CommandKind, failed, type Outcome, proved } from "../kind.ts";
import type { PauseHold } from "../pause_hold.ts";
import { type CounterReader, readUntil } from "../read_back.ts";

/** `{"kind":"resume"}`: proved by counters that move. */
export function resumeCommand({ hold, rig, read }: { hold: PauseHold; rig: Rig; read: CounterReader }): CommandKind<"resume"> {
  return {
    run({ number }, signal) {
      hold.resume(number);
      return moves(rig, read, signal);
    },
    async recover({ number }, _earlier, signal) {
      if (hold.number === number) return moves(rig, read, signal);
      return failed("The agent ended before mining was resumed, and nothing was changed: send it again.");
    },
  };
}

/** That the rig mines again, or why it does not. */
export async function moves(rig: Rig, read: CounterReader, signal: AbortSignal): Promise<Outcome> {
  const { held } = rig;
  if (held) return failed(`The pause is over, and mining is still held: ${held.reason}.`, { held_by: held.holder });
  const { ok, ...evidence } = await readUntil(read, true, signal);
  if (ok) {
    return proved(
      `Mining goes on: ${evidence.hashes_after - evidence.hashes_before} hashes in ${evidence.over_ms} ms.`,
      evidence,
    );
  }
  const { pool } = rig.figures();
  const why = pool.message ?? `the pool connection is ${pool.state}`;
  return failed(`No hash was counted until the deadline: ${why}.`, { ...evidence, pool_state: pool.state });
}
