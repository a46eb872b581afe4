import type { AgentCommand, CommandBody, CommandReport } from "@otedama/shared/agent";

/** How a command ended: with what was read back, or with what went wrong and what to do about it. */
export interface Outcome {
  state: "proved" | "failed";
  message: string;
  evidence: CommandReport["evidence"];
}

export type CommandOf<Kind extends CommandBody["kind"]> = AgentCommand & { body: Extract<CommandBody, { kind: Kind }> };

/** Of the process that began a command and did not finish it. */
export interface EarlierRun {
  /** When it began, by the rig's clock. */
  began_at_ms: number;
  /** Names that process; it is this one's own only by mistake. */
  run: string;
}

export interface CommandKind<Kind extends CommandBody["kind"]> {
  /** Does it, once, and reads back whether it is done. Ends soon after `signal` does. */
  run(command: CommandOf<Kind>, signal: AbortSignal): Promise<Outcome>;
  /** The process ended while it ran: reads back whether it was done, and does nothing. */
  recover(command: CommandOf<Kind>, earlier: EarlierRun, signal: AbortSignal): Promise<Outcome>;
}

export type CommandKinds = { [Kind in CommandBody["kind"]]: CommandKind<Kind> };

export const proved = (message: string, evidence: Outcome["evidence"] = null): Outcome => ({
  state: "proved",
  message,
  evidence,
});
export const failed = (message: string, evidence: Outcome["evidence"] = null): Outcome => ({
  state: "failed",
  message,
  evidence,
});
