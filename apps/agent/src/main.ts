/** `otedama-agent --settings FILE`, and its verbs. */
import { startAgent } from "./agent.ts";
import { readSettings, StartError } from "./settings_file.ts";
import { ownRelease } from "./update/own_release.ts";
import { enrolVerb } from "./verbs/enrol.ts";
import { statusVerb } from "./verbs/status.ts";

async function main(args: readonly string[]): Promise<number | null> {
  const [verb, ...rest] = args;
  if (args.includes("--version")) console.log(ownRelease().version);
  else if (verb === "enrol") return enrolVerb(rest);
  else if (verb === "status") return statusVerb(rest);
  else {
    await startAgent(readSettings(args));
    return null;
  }
  return 0;
}

main(process.argv.slice(2)).then(
  (code) => {
    if (code !== null) process.exitCode = code;
  },
  (error: unknown) => {
    if (!(error instanceof StartError)) throw error;
    console.error(error.message);
    process.exit(2);
  },
);
