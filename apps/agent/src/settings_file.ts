import { readFileSync } from "node:fs";
import { AgentSettings } from "@otedama/shared/agent";

/** A start that cannot go on; the message is the sentence that people read. */
export class StartError extends Error {}

/** The settings named by `--settings FILE`. Throws StartError naming the field and what is wrong with it. */
export function readSettings(args: readonly string[]): AgentSettings {
  const path = args[args.indexOf("--settings") + 1];
  if (!args.includes("--settings") || !path)
    throw new StartError("The agent is started with --settings FILE; `otedama miner` does it for you.");
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new StartError(`The settings file ${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  const settings = AgentSettings.safeParse(value);
  if (settings.success) return settings.data;
  const issue = settings.error.issues[0];
  throw new StartError(`The settings file ${path} is wrong: ${issue?.path.join(".") || "it"}: ${issue?.message}`);
}
