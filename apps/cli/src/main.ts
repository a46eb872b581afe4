// The command line. bin/otedama sees to the packages and starts this under the Node of the repository.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, ConfigError, loadConfig } from "@otedama/shared/config";
import { buildDashboard, buildNative, generateClient } from "../../../scripts/bootstrap/steps.mjs";
import { ArgumentError, type Arguments, parseArguments } from "./arguments/parse.ts";
import { helpText } from "./commands/help.ts";

const ROOT = join(import.meta.dirname, "../../..");

async function run(): Promise<number> {
  const given = parseArguments(process.argv.slice(2));
  if (given.command === "help") return print(helpText(given.topic));
  if (given.command === "version") return print(`otedama ${version()} (Node ${process.versions.node})\n`);
  if (given.command === "bench") {
    await buildNative();
    return (await import("./commands/bench.ts")).bench(given.words);
  }
  const config = configOf(given);
  const home = config.data_dir ?? join(ROOT, ".otedama");
  const alone = config.mode === "miner" || config.mode === "signer" ? config.mode : null;
  const command = given.command === "start" && alone ? alone : given.command;
  await buildFor(command);
  // What a command does not need is not loaded: `help` answers at once.
  const single = () => import("./commands/single_apps.ts");
  switch (command) {
    case "start": {
      const { start } = await import("./commands/start.ts");
      return start(config, home);
    }
    case "miner":
      return (await single()).runMiner(config, home, false);
    case "agent":
      return (await single()).runMiner(config, home, true);
    case "pool":
      return (await single()).runPool(config, home, given.takeover);
    case "web":
      return (await single()).runWeb(config, home);
    case "signer":
      return (await single()).runSigner(config, home);
    case "prepare":
      return (await single()).prepare(config);
    case "token":
      return (await single()).makeToken(config, given.words);
  }
}

/** A checkout carries sources only; what a command runs is built at its first use and after a change. */
async function buildFor(command: Arguments["command"]): Promise<void> {
  if (["start", "miner", "agent", "pool"].includes(command)) await buildNative();
  if (["start", "pool", "web"].includes(command)) await generateClient();
  if (["start", "web"].includes(command)) await buildDashboard();
}

function configOf(given: Arguments): Config {
  const asked = given.config_file ?? process.env.OTEDAMA_CONFIG;
  const path = asked ?? "config.yaml";
  if (asked && !existsSync(asked)) throw new ArgumentError(`There is no file ${asked}: correct -config, or leave it out`);
  const file = existsSync(path) ? { name: path, text: readFileSync(path, "utf8") } : null;
  return loadConfig({ file, environment: process.env, flags: given.flags });
}

function version(): string {
  return (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string }).version;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

// A pipe that was closed (`otedama start | head`) is no reason to fall over.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

try {
  process.exitCode = await run();
} catch (error) {
  if (process.env.OTEDAMA_DEBUG) throw error;
  const { code, message } = error as NodeJS.ErrnoException;
  process.stderr.write(code === "ENOSPC" ? "The disk is full: free some space and start again\n" : `${message}\n`);
  process.exitCode = error instanceof ArgumentError || error instanceof ConfigError ? 2 : 1;
}
process.exit();
