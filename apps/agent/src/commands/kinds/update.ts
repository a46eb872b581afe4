import type { Updates } from "../../update/updates.ts";
import type { CommandKind } from "../kind.ts";

/** `{"kind":"update","release_number":7}`: goes to that signed release; what comes after proves it. */
export function updateCommand({ updates }: { updates: Pick<Updates, "run" | "recover"> }): CommandKind<"update"> {
  return {
    run: (command, signal) => updates.run(command, signal),
    recover: (command, _earlier, signal) => updates.recover(command, signal),
  };
}
