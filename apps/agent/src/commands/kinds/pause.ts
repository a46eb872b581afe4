import { type CommandKind, failed, type Outcome, proved } from "../kind.ts";
import type { PauseHold } from "../pause_hold.ts";
import { type CounterReader, readUntil } from "../read_back.ts";

/** `{"kind":"pause","reason":"curtailment","until_ms":null}`: proved by counters that stand still. */
export function pauseCommand({ hold, read }: { hold: PauseHold; read: CounterReader }): CommandKind<"pause"> {
  return {
    run({ number, body }, signal) {
      hold.pause({ number, reason: body.reason, until_ms: body.until_ms });
      return standsStill(read, signal);
    },
    async recover({ number }, _earlier, signal) {
      if (hold.number === number && hold.paused) return standsStill(read, signal);
      return failed("The agent ended before mining was paused, and nothing was changed: send it again.");
    },
  };
}

async function standsStill(read: CounterReader, signal: AbortSignal): Promise<Outcome> {
  const { ok, ...evidence } = await readUntil(read, false, signal);
  return ok
    ? proved(`Mining is paused: not one hash in ${evidence.over_ms} ms.`, evidence)
    : failed("The miner was told to pause and still counts hashes: restart the agent.", evidence);
}
