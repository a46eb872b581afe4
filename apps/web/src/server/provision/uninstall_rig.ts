/** Takes everything of Otedama off one rig. Nothing is staged for it; it may be run over itself. */
import type { HeldSecret } from "./held_secret.ts";
import { STAGE_NAME } from "./install_rig.ts";
import { type RigFacts, readFacts, readStep, toInspection } from "./rig_facts.ts";
import { asRoot } from "./rig_script.ts";
import type { RigWork } from "./rig_work.ts";
import { type SshLink, SshTrouble } from "./ssh_link.ts";

export const UNINSTALL_STEPS = [
  { name: "connect", word: "Sign in" },
  { name: "stop", word: "Stop the agent" },
  { name: "remove", word: "Remove all of it" },
  { name: "retire", word: "Let its identity in no more" },
] as const;

const UNINSTALL_MS = 120_000;

export async function uninstallRig(
  { rig, facts, secret, user }: { rig: RigWork; facts: RigFacts; secret: HeldSecret; user: string },
  { connect, retire }: { connect: () => Promise<SshLink>; retire: (agent_id: string) => Promise<boolean> },
): Promise<void> {
  rig.step("connect", "running");
  const link = await connect();
  try {
    rig.step("connect", "done");
    const done = await asRoot(
      link,
      "uninstall",
      facts.home.startsWith("/") ? [`LEFTOVER=${facts.home.replace(/\/$/, "")}/${STAGE_NAME}`] : [],
      {
        facts,
        secret,
        user,
        timeout_ms: UNINSTALL_MS,
        onLine: (line) => {
          const step = readStep(line);
          if (step !== null) rig.step(step.name, step.state, step.words);
          else if (!line.startsWith("= ")) rig.log(line);
        },
      },
    );
    if (done.code !== 0)
      throw new SshTrouble("refused", rig.failedStep()?.message || "The rig broke the removal off without a word.");
    const agent_id = toInspection(readFacts(done.stdout)).agent_id ?? rig.agent_id;
    rig.step("retire", "running");
    const retired = agent_id !== null && (await retire(agent_id));
    rig.agent_id = agent_id;
    rig.step("retire", "done", retired ? "The control plane lets it in no more." : "No agent of this control plane was on it.");
  } finally {
    link.close();
  }
}
