import { keptEnrolment } from "../identity/enrolment.ts";
import { existingIdentity } from "../identity/identity.ts";
import { askAgent } from "../local_socket.ts";
import { readSettings, StartError } from "../settings_file.ts";
import { ownRelease } from "../update/own_release.ts";
import { readOptions } from "./options.ts";

const USAGE = "otedama-agent status (--settings FILE | --data-dir FOLDER)";
/** By the Linux Standard Base, what a status answers for a service that is not running. */
const NOT_RUNNING = 3;

/** How the agent that runs here is, as JSON: from itself, or what lies on disk where none runs. */
export async function statusVerb(args: readonly string[]): Promise<number> {
  const options = readOptions(args, ["settings", "data-dir"], USAGE);
  const data_dir =
    options["data-dir"] ?? (options.settings === undefined ? undefined : readSettings(["--settings", options.settings]).data_dir);
  if (data_dir === undefined) throw new StartError(USAGE);
  const answer = await askAgent(data_dir);
  if (answer !== null) {
    console.log(JSON.stringify({ running: true, ...(answer as object) }, null, 2));
    return 0;
  }
  try {
    const identity = existingIdentity(data_dir);
    const enrolment = keptEnrolment(data_dir);
    const known = { agent_id: identity?.agent_id ?? null, fingerprint: identity?.fingerprint ?? null };
    const enrolled = { hub_url: enrolment?.hub_url ?? null, site: enrolment?.site ?? null };
    console.log(JSON.stringify({ running: false, version: ownRelease().version, ...known, ...enrolled }, null, 2));
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error));
  }
  return NOT_RUNNING;
}
