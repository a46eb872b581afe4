import { type CommandKind, failed, proved } from "../kind.ts";

export interface RestartAgentDependencies {
  supervised: boolean;
  /** Of this process. */
  run: string;
  started_at_ms: number;
  /** Ends the process with success, soon. */
  restart: (why: string) => void;
}

/** `{"kind":"restart_agent"}`: the process ends and its supervisor starts it again; proved by the one that comes after. */
export function restartAgentCommand({
  supervised,
  run,
  started_at_ms,
  restart,
}: RestartAgentDependencies): CommandKind<"restart_agent"> {
  return {
    run(_command, signal) {
      if (!supervised) {
        return Promise.resolve(failed("Nobody would start this agent again: it was started by hand. Restart it on the rig."));
      }
      restart("restart by command");
      // The next process answers; where this one does not end, the deadline does.
      const { promise, resolve } = Promise.withResolvers<ReturnType<typeof failed>>();
      signal.addEventListener("abort", () => resolve(failed("The process was told to end and has not ended.")), { once: true });
      return promise;
    },
    async recover(_command, earlier) {
      if (earlier.run === run) return failed("The process was told to end and has not ended.");
      return proved("Another process of the agent runs now.", { run_before: earlier.run, run_now: run, started_at_ms });
    },
  };
}
