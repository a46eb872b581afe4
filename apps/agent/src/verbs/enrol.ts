import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { AgentHub } from "@otedama/shared/agent";
import { ENROL_TIMING, EnrolRefused, enrol } from "../identity/enrol.ts";
import { keepEnrolment } from "../identity/enrolment.ts";
import { agentFacts } from "../identity/facts.ts";
import { keptIdentity } from "../identity/identity.ts";
import { postJson } from "../identity/post_json.ts";
import { readSettings, StartError } from "../settings_file.ts";
import { detectMachine } from "../telemetry/machine.ts";
import { ownRelease } from "../update/own_release.ts";
import { readOptions } from "./options.ts";

const USAGE = "otedama-agent enrol --hub URL --token-file FILE|- (--settings FILE | --data-dir FOLDER) [--name NAME]";

/** Enrols this rig, and says which key to look for on the dashboard. The token comes from a file or from standard input, never from the command line, where others could read it. */
export async function enrolVerb(args: readonly string[]): Promise<number> {
  const options = readOptions(args, ["hub", "token-file", "settings", "data-dir", "name"], USAGE);
  const settings = options.settings === undefined ? null : readSettings(["--settings", options.settings]);
  const data_dir = options["data-dir"] ?? settings?.data_dir;
  const name = (options.name ?? settings?.name ?? hostname()).slice(0, 64) || "rig";
  const token_file = options["token-file"];
  if (data_dir === undefined || token_file === undefined) throw new StartError(USAGE);
  const hub = AgentHub.safeParse({ url: options.hub ?? settings?.hub?.url, enrol_token: readToken(token_file) });
  if (!hub.success) {
    const [issue] = hub.error.issues;
    throw new StartError(`${issue?.path[0] === "url" ? "--hub" : "The token"}: ${issue?.message}\n${USAGE}`);
  }
  const { url, enrol_token = "" } = hub.data;
  try {
    const identity = keptIdentity(data_dir);
    console.log(`This rig's key has the fingerprint ${identity.fingerprint}`);
    const release = ownRelease();
    const facts = agentFacts({
      name,
      version: release.version,
      release_number: release.number,
      supervision: "none",
      machine: detectMachine(),
    });
    const enrolment = await enrol(
      { hub_url: url, token: enrol_token, identity, facts, timing: ENROL_TIMING },
      { post: postJson, now_ms: Date.now, random: Math.random, wait: (ms) => wait(ms), onNotice: (text) => console.error(text) },
    );
    keepEnrolment(data_dir, enrolment);
    console.log(`Enrolled at ${url}, site ${enrolment.site}, as ${identity.agent_id}`);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return error instanceof EnrolRefused ? 1 : 2;
  }
}

function readToken(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8").trim();
  } catch (error) {
    throw new StartError(`The token file ${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}
