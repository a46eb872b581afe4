import type { CommandOf, Outcome } from "../commands/kind.ts";

/** Moves this rig to another signed release. An agent that runs from source has none. */
export interface Updater {
  /** Fetches, verifies and installs the release, and restarts into it; resolves only with what went wrong. */
  run(command: CommandOf<"update">, signal: AbortSignal): Promise<Outcome>;
  /** After a restart in the middle: what runs now, and whether it is what was asked for. */
  recover(command: CommandOf<"update">, signal: AbortSignal): Promise<Outcome>;
}
