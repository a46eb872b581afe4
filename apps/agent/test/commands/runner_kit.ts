import { join } from "node:path";
import type { AgentCommand } from "@otedama/shared/agent";
import { Journal } from "../../src/commands/journal.ts";
import { type CommandKind, type CommandKinds, failed, proved } from "../../src/commands/kind.ts";
import { CommandRunner, RUNNER_OPTIONS } from "../../src/commands/runner.ts";
import type { Disk } from "../../src/files/atomic_file.ts";

export const COMMAND: AgentCommand = {
  id: "0a9d2f6e-31f4-4cf2-8a53-5d8f5f0c2b11",
  agent_id: "5a1c1c0e-88d3-4ef5-9d63-2ac6b9f6a0f2",
  number: 7,
  issued_at_ms: 1_000,
  deadline_ms: 100_000,
  body: { kind: "resume" },
};

/** Every kind does the same: what is done can be counted. After a kill it only looks. */
export function effectKinds(act: () => void): CommandKinds {
  const kind: CommandKind<never> = {
    run: async () => {
      act();
      return proved("done");
    },
    recover: async () => failed("ended in the middle"),
  };
  return {
    pause: kind,
    resume: kind,
    restart_mining: kind,
    restart_agent: kind,
    read_log: kind,
    update: kind,
  } as unknown as CommandKinds;
}

export interface RunnerKit {
  disk?: Disk;
  run: string;
  kinds: CommandKinds;
  now_ms?: () => number;
}

/** `finished` resolves with the first command that ends. */
export function openRunner(folder: string, { disk, run, kinds, now_ms = () => 2_000 }: RunnerKit) {
  const troubles: string[] = [];
  const onTrouble = (text: string) => troubles.push(text);
  const journal = new Journal({ path: join(folder, "commands.journal"), run }, disk ? { disk, onTrouble } : { onTrouble });
  const { promise: finished, resolve } = Promise.withResolvers<AgentCommand>();
  const runner = new CommandRunner(
    { ...RUNNER_OPTIONS, disk_wait_ms: 5 },
    { journal, kinds, now_ms, own_ms: now_ms, onReport: () => undefined, onFinished: resolve, onTrouble },
  );
  return { runner, journal, finished, troubles };
}
