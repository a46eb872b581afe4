import type { AgentFacts, AgentSettings } from "@otedama/shared/agent";

/** Who starts this process again when it ends: what the settings say, else what the environment shows. */
export function supervisionOf(
  settings: Pick<AgentSettings, "supervision">,
  { env, ppid }: { env: NodeJS.ProcessEnv; ppid: number },
): AgentFacts["supervision"] {
  if (settings.supervision !== undefined) return settings.supervision;
  if (env.OTEDAMA_SUPERVISE === "1") return "foreground";
  // systemd names each start of a service; a shell below one inherits the name, but not its parent. deploy/agent/launch hands its own on.
  return env.INVOCATION_ID !== undefined && (ppid === 1 || env.OTEDAMA_LAUNCHED_BY === "1") ? "systemd" : "none";
}
