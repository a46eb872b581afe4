import { type FlagValue, nearest } from "@otedama/shared/config";
import { COMMANDS, type Command, OPTIONS } from "./options.ts";

export interface Arguments {
  command: Command;
  /** What `help` is asked about. */
  topic: string | null;
  /** Plain words after the command. */
  words: string[];
  config_file: string | null;
  flags: FlagValue[];
  /** `otedama pool` goes on from the pool that runs. */
  takeover: boolean;
}

/** What is wrong with the command line, in one sentence. */
export class ArgumentError extends Error {}

/**
 * Reads the command line: `otedama COMMAND -option VALUE`, options with one dash or two, values after a space or an equals sign.
 * Options without a command mean `start`; nothing at all means `help`.
 */
export function parseArguments(words: readonly string[]): Arguments {
  if (words[0] === "bench") return benchArguments(words.slice(1));
  const given = new Map<string, string | true>();
  const plain: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    const match = /^--?([a-z0-9][^=]*)(?:=(.*))?$/is.exec(word);
    if (!match) {
      plain.push(word);
      continue;
    }
    const [, written = "", inline] = match;
    const name = { h: "help", v: "version" }[written] ?? written.replaceAll("_", "-");
    const option = OPTIONS.find((spec) => spec.name === name);
    if (!option)
      throw new ArgumentError(
        unknown(
          "option",
          word.split("=")[0] ?? word,
          name,
          OPTIONS.map((spec) => spec.name),
          "-",
        ),
      );
    if (given.has(name)) throw new ArgumentError(`-${name} is given twice`);
    if (!option.value) {
      if (inline !== undefined) throw new ArgumentError(`-${name} takes no value`);
      given.set(name, true);
      continue;
    }
    const next = words[i + 1];
    if (inline !== undefined) given.set(name, inline);
    else if (next !== undefined && (option.value_optional ? /^(\S*:)?\d+$/.test(next) : !/^--?[a-z]/i.test(next))) {
      given.set(name, next);
      i++;
    } else if (option.value_optional) given.set(name, true);
    else throw new ArgumentError(`-${name} needs a value: -${name} ${option.value}`);
  }

  const [first, second] = plain;
  if (first !== undefined && !COMMANDS.includes(first as Command))
    throw new ArgumentError(unknown("command", first, first, COMMANDS, ""));
  const extra = plain[first === "token" ? 3 : first === "help" ? 2 : 1];
  if (extra !== undefined)
    throw new ArgumentError(`“${extra}” means nothing here: see \`otedama help${first ? ` ${first}` : ""}\``);
  const wantsHelp = given.has("help") || first === "help" || (first === undefined && given.size === 0);
  const command = given.has("version") ? "version" : wantsHelp ? "help" : ((first ?? "start") as Command);
  if (given.has("takeover") && command !== "pool" && command !== "help") {
    throw new ArgumentError("-takeover replaces a pool that runs: `otedama pool -takeover`");
  }
  return {
    command,
    topic: command === "help" ? ((first === "help" ? second : first) ?? null) : null,
    words: plain.slice(1),
    config_file: (given.get("config") as string | undefined) ?? null,
    flags: flagsOf(given, command),
    takeover: given.has("takeover"),
  };
}

/** The benchmarks have options of their own, which they read themselves. */
function benchArguments(words: readonly string[]): Arguments {
  const asks = words.length === 0 || words.some((word) => /^(--?help|-h)$/.test(word));
  return {
    command: asks ? "help" : "bench",
    topic: asks ? "bench" : null,
    words: [...words],
    config_file: null,
    flags: [],
    takeover: false,
  };
}

function unknown(what: string, written: string, name: string, known: readonly string[], dash: string): string {
  const meant = nearest(name, known);
  return `There is no ${what} ${written}${meant ? `, did you mean ${dash}${meant}?` : ""} \`otedama help\` shows them all`;
}

function flagsOf(given: Map<string, string | true>, command: Command): FlagValue[] {
  const flags: FlagValue[] = [];
  const set = (name: string, path: string, value: unknown) => flags.push({ path, value, option: `-${name}` });
  const only = ["cpu-only", "gpu-only", "asic-only"].filter((name) => given.has(name));
  if (only.length > 1) throw new ArgumentError(`-${only.join(" and -")} exclude each other`);

  if (given.has("mode")) set("mode", "mode", given.get("mode"));
  if (given.has("threads")) set("threads", "mining.threads", given.get("threads"));
  if (given.has("log-level")) set("log-level", "log_level", given.get("log-level"));
  if (given.has("p2p")) set("p2p", "p2p_pool.enabled", true);
  const [kind] = only;
  if (kind) {
    set(kind, "mining.cpu", kind === "cpu-only");
    if (kind === "gpu-only") set(kind, "mining.gpu", true);
    if (kind === "asic-only") set(kind, "mining.asic", true);
  }
  const url = given.get("pool");
  if (url === undefined && (given.has("user") || given.has("password"))) {
    throw new ArgumentError("-user and -password say how to log in at a pool: give its address with -pool URL");
  }
  if (url !== undefined) {
    const user = given.get("user");
    if (user === undefined) throw new ArgumentError("-pool needs -user LOGIN, usually ADDRESS.WORKER");
    set("pool", "mining.pools", [{ url, user, ...(given.has("password") ? { password: given.get("password") } : {}) }]);
  }
  const stratum = given.get("stratum");
  if (stratum !== undefined) {
    set("stratum", "stratum.enabled", true);
    if (stratum !== true) setAddress(stratum, set);
  }
  if (command === "miner" || command === "agent") set("mode", "mode", "miner");
  if (command === "signer") set("mode", "mode", "signer");
  return flags;
}

/** `HOST:PORT`, `:PORT` or `PORT`. */
function setAddress(address: string, set: (name: string, path: string, value: unknown) => void): void {
  const match = /^(?:(.*):)?(\d{1,5})$/.exec(address);
  if (!match) throw new ArgumentError("-stratum takes HOST:PORT, :PORT or PORT");
  const host = match[1]?.replace(/^\[(.*)\]$/, "$1");
  if (match[1] !== undefined) set("stratum", "stratum.host", host === "" ? "0.0.0.0" : host);
  set("stratum", "stratum.port", match[2]);
}
