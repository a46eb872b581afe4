import type { Rig } from "../../mining/rig.ts";
import { type CommandKind, failed, proved } from "../kind.ts";
import type { CounterReader } from "../read_back.ts";
import { moves } from "./resume.ts";

/** `{"kind":"restart_mining"}`: new threads, a new connection to the pool; proved by counters that move again. */
export function restartMiningCommand({ rig, read }: { rig: Rig; read: CounterReader }): CommandKind<"restart_mining"> {
  return {
    async run(_command, signal) {
      const { held } = rig;
      rig.restart();
      if (held) return proved(`The miner was set up anew; it is held as before: ${held.reason}.`, { held_by: held.holder });
      return moves(rig, read, signal);
    },
    async recover(_command, earlier) {
      return failed(
        "The agent itself ended while this ran. Mining began anew with the agent; whether it did so before, nobody saw.",
        { began_at_ms: earlier.began_at_ms },
      );
    },
  };
}
