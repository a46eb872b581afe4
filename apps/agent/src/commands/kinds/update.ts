import type { Updater } from "../../update/updater.ts";
import { type CommandKind, failed } from "../kind.ts";

/** `{"kind":"update","release_number":7}`: goes to that signed release; what comes after proves it. */
export function updateCommand({ updater }: { updater: Updater | null }): CommandKind<"update"> {
  const none = failed("This agent runs from source and cannot update itself: update the checkout on the rig and start it again.");
  return {
    run: async (command, signal) => updater?.run(command, signal) ?? none,
    recover: async (command, _earlier, signal) => updater?.recover(command, signal) ?? none,
  };
}
