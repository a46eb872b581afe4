import { type Document, isMap, isScalar, LineCounter, type Node, parse, parseDocument } from "yaml";
import type { z } from "zod";
import { parseAddress } from "../bitcoin/address.ts";
import { FOUR_EYES_ABOVE_SATS } from "./areas/payouts.ts";
import { type ConfigKey, configKeys, environmentName } from "./keys.ts";
import { nearest } from "./nearest.ts";
import { type Config, ConfigSchema } from "./schema.ts";

/** A value from the command line: `-threads 4` is `{ path: "mining.threads", value: "4", option: "-threads" }`. */
export interface FlagValue {
  path: string;
  value: unknown;
  option: string;
}

export interface ConfigSources {
  /** Text of config.yaml and the name to call it by in messages; null when there is none. */
  file: { name: string; text: string } | null;
  environment: Record<string, string | undefined>;
  flags: FlagValue[];
}

/** One sentence for each thing that is wrong, each beginning with where it stands. */
export class ConfigError extends Error {
  readonly problems: string[];

  constructor(problems: string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** Names that mean a setting without being spelled after it. */
const ALIASES: Record<string, string> = { DATABASE_URL: "database.url", OTEDAMA_HOME: "data_dir" };
/** Read by the program before any configuration is. */
const OTHER_VARIABLES = ["OTEDAMA_CONFIG", "OTEDAMA_DEBUG"];

/** Puts config.yaml, the environment and the command line together, in rising precedence. Throws `ConfigError`. */
export function loadConfig(sources: ConfigSources): Config {
  const keys = configKeys();
  const file = readFile(sources.file);
  const origins = new Map<string, string>();
  const values = file.values;
  applyEnvironment(sources.environment, keys, values, origins);
  for (const { path, value, option } of sources.flags) {
    setAt(values, path, typedValue(keys, path, value));
    origins.set(path, `option ${option}`);
  }

  const where = (path: PropertyKey[]): string => {
    for (let depth = path.length; depth > 0; depth--) {
      const origin = origins.get(path.slice(0, depth).join("."));
      if (origin) return origin;
    }
    return file.where(path);
  };
  const parsed = ConfigSchema.safeParse(values);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.flatMap((issue) => explain(issue, keys, values, where)));
  const problems = [...notBuiltProblems(keys, parsed.data, where), ...conflicts(parsed.data, where)];
  if (problems.length > 0) throw new ConfigError(problems);
  return parsed.data;
}

interface ReadFile {
  values: Record<string, unknown>;
  where: (path: PropertyKey[]) => string;
}

function readFile(file: ConfigSources["file"]): ReadFile {
  if (!file) return { values: {}, where: () => "config" };
  const lines = new LineCounter();
  const document = parseDocument(file.text, { lineCounter: lines });
  const lineOf = (offset: number) => `${file.name} line ${lines.linePos(offset).line}`;
  const [error] = document.errors;
  if (error) throw new ConfigError([`${lineOf(error.pos[0])}: ${error.message.split("\n")[0]?.replace(/ at line \d+.*$/, "")}`]);
  const values = toValues(document, file.name);
  const where = (path: PropertyKey[]): string => {
    let node: unknown = document.contents;
    let offset = 0;
    for (const part of path) {
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
        if (!pair) break;
        offset = (pair.key as Node).range?.[0] ?? offset;
        node = pair.value;
      } else if (node && typeof node === "object" && "items" in node) {
        node = (node as { items: unknown[] }).items[Number(part)];
        offset = (node as Node | undefined)?.range?.[0] ?? offset;
      }
    }
    return lineOf(offset);
  };
  return { values: values as Record<string, unknown>, where };
}

function toValues(document: Document, name: string): unknown {
  let values: unknown;
  try {
    values = document.toJS({ maxAliasCount: 10 }) ?? {};
  } catch (error) {
    // An alias without its anchor, or one that multiplies; the parser does not say where.
    throw new ConfigError([`${name} line 1: ${(error as Error).message.split("\n")[0]}`]);
  }
  if (typeof values !== "object" || Array.isArray(values)) {
    throw new ConfigError([`${name} line 1: a configuration is a list of \`key: value\` lines`]);
  }
  return values;
}

function applyEnvironment(
  environment: ConfigSources["environment"],
  keys: ConfigKey[],
  values: Record<string, unknown>,
  origins: Map<string, string>,
): void {
  const settable = keys.filter(({ path, kind }) => kind !== "section" && !path.includes("[]"));
  const byName = new Map(settable.map((key) => [environmentName(key.path), key.path]));
  for (const [name, path] of Object.entries(ALIASES)) byName.set(name, path);
  const problems: string[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (text === undefined || text === "" || OTHER_VARIABLES.includes(name)) continue;
    const path = byName.get(name);
    if (path) {
      setAt(values, path, typedValue(keys, path, text));
      origins.set(path, `environment variable ${name}`);
    } else if (name.startsWith("OTEDAMA_")) {
      const meant = nearest(name, [...byName.keys()]);
      problems.push(`environment variable ${name}: there is no such setting${meant ? `, did you mean ${meant}?` : ""}`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
}

/** Environment and command line carry text; what a key takes decides how it is read. */
function typedValue(keys: ConfigKey[], path: string, value: unknown): unknown {
  const kind = keys.find((key) => key.path === path)?.kind;
  if (typeof value !== "string" || kind === "text" || kind === "choice") return value;
  try {
    return parse(value);
  } catch {
    return value;
  }
}

function setAt(values: Record<string, unknown>, path: string, value: unknown): void {
  const parts = path.split(".");
  const last = parts.pop() as string;
  let at = values;
  for (const part of parts) {
    const next = at[part];
    // A section that the file gives as something else is reported by the schema, at its own place.
    if (next !== undefined && next !== null && (typeof next !== "object" || Array.isArray(next))) return;
    at[part] = { ...((next as object | null) ?? {}) };
    at = at[part] as Record<string, unknown>;
  }
  at[last] = value;
}

function explain(issue: z.core.$ZodIssue, keys: ConfigKey[], values: unknown, where: (path: PropertyKey[]) => string): string[] {
  const dotted = dottedPath(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const full = dotted === "" ? key : `${dotted}.${key}`;
      const meant = meantKey(full, key, dotted, keys);
      return `${where([...issue.path, key])}: there is no setting ${full}${meant ? `, did you mean ${meant}?` : ""}`;
    });
  }
  const given = issue.path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part], values);
  const key = keys.find(({ path }) => path === dotted.replace(/\[\d+\]/g, "[]"));
  const shown = given === undefined ? "is missing" : `${showable(key, given)} will not do`;
  return [`${where(issue.path)}: ${dotted || "the configuration"}: ${shown}: ${wanted(issue, key, given)}`];
}

/** The nearest key of the same section; else the same word in another section; else the nearest over all. */
function meantKey(full: string, key: string, section: string, keys: ConfigKey[]): string | null {
  const prefix = section === "" ? "" : `${section.replace(/\[\d+\]/g, "[]")}.`;
  const siblings = keys
    .map(({ path }) => path)
    .filter((path) => path.startsWith(prefix) && !/[.[]/.test(path.slice(prefix.length)));
  const sibling = nearest(
    key,
    siblings.map((path) => path.slice(prefix.length)),
  );
  if (sibling) return `${prefix}${sibling}`;
  const elsewhere = keys.find(({ path }) => path.split(".").at(-1) === key);
  return (
    elsewhere?.path ??
    nearest(
      full,
      keys.map(({ path }) => path),
    )
  );
}

function wanted(issue: z.core.$ZodIssue, key: ConfigKey | undefined, given: unknown): string {
  if (key?.kind === "choice") {
    const choices = key.allowed.split(", ");
    const meant = typeof given === "string" ? nearest(given, choices) : null;
    if (key.choices_note) return `choose ${choices.join(", ")}: ${key.choices_note}`;
    return `choose ${choices.join(", ")}${meant ? ` (did you mean ${meant}?)` : ""}`;
  }
  if (given === undefined) return "it has no default";
  if (key?.kind === "text" && typeof given === "number") return "this is text: put it in quotes";
  if (key?.kind === "boolean") return "choose true or false";
  if (key?.kind === "section") return "a section holds indented `key: value` lines";
  if (key?.kind === "list") return "a list of entries, each beginning with a dash";
  if (key?.kind === "number" && key.allowed !== "") return `a number, ${key.allowed}`;
  return issue.message.replace(/^Invalid input: /, "").replace(/^Invalid URL$/, "an address such as http://127.0.0.1:8332");
}

function notBuiltProblems(keys: ConfigKey[], config: Config, where: (path: PropertyKey[]) => string): string[] {
  return keys.flatMap(({ path, not_built, default_value }) => {
    if (!not_built) return [];
    const parts = path.split(".");
    const value = parts.reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], config);
    return value === default_value
      ? []
      : [`${where(parts)}: ${path}: ${not_built}: leave it at ${JSON.stringify(default_value)}`];
  });
}

/** Settings that are fine alone but not together. */
function conflicts(config: Config, where: (path: PropertyKey[]) => string): string[] {
  const { mode, network, chain, p2p_pool, mining, stratum, payouts } = config;
  const problems: string[] = [];
  const say = (path: string, sentence: string) => problems.push(`${where(path.split("."))}: ${path}: ${sentence}`);
  if (mode !== "miner" && mode !== "signer" && network.name !== "regtest") {
    if (chain.nodes.length === 0) say("network.name", `the ${network.name} network needs the address of a node in chain.nodes`);
    if (!p2p_pool.payout_address)
      say("network.name", `the ${network.name} network needs an address of your wallet in p2p_pool.payout_address`);
  }
  if (mode === "miner" && mining.pools.length === 0)
    say("mode", "mode miner needs a pool in mining.pools, or -pool URL with -user");
  if (mode === "miner" && !mining.cpu) say("mining.cpu", "mode miner has nothing to mine with: set it to true");
  const { url, token } = config.control_plane;
  if (url !== undefined && token === undefined) say("control_plane.url", "needs control_plane.token");
  if (stratum.min_diff !== undefined && stratum.min_diff > stratum.max_diff)
    say("stratum.min_diff", "must not be above stratum.max_diff");
  if (p2p_pool.donation_percentage > 0 && p2p_pool.donation_address === undefined)
    say("p2p_pool.donation_percentage", "needs p2p_pool.donation_address");
  const wrongAddress = (address: string) => {
    try {
      parseAddress(address, network.name);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const addresses = [
    ...p2p_pool.fee_exempt_addresses.map((address, index) => [`p2p_pool.fee_exempt_addresses.${index}`, address] as const),
    ...(p2p_pool.donation_address === undefined ? [] : [["p2p_pool.donation_address", p2p_pool.donation_address] as const]),
    ...(payouts.fee_address === undefined ? [] : [["payouts.fee_address", payouts.fee_address] as const]),
  ];
  for (const [path, address] of addresses) {
    const wrong = wrongAddress(address);
    if (wrong) say(path, wrong);
  }
  if (payouts.min_fee_rate > payouts.max_fee_rate) say("payouts.min_fee_rate", "must not be above payouts.max_fee_rate");
  if (payouts.min_threshold_sats > payouts.threshold_sats)
    say("payouts.min_threshold_sats", "must not be above payouts.threshold_sats");
  const { unattended_max_sats, four_eyes_above_sats = FOUR_EYES_ABOVE_SATS[network.name === "regtest" ? "regtest" : "other"] } =
    payouts;
  if (unattended_max_sats !== undefined && unattended_max_sats > four_eyes_above_sats)
    say("payouts.unattended_max_sats", "must not be above payouts.four_eyes_above_sats");
  const { cert_file, key_file } = stratum.tls;
  if (cert_file !== undefined && key_file === undefined) say("stratum.tls.cert_file", "needs stratum.tls.key_file");
  if (key_file !== undefined && cert_file === undefined) say("stratum.tls.key_file", "needs stratum.tls.cert_file");
  const { smtp } = config.notices;
  if (smtp.host !== undefined && smtp.from === undefined)
    say("notices.smtp.host", "needs notices.smtp.from, the sender's address");
  problems.push(...signerConflicts(config, where));
  return problems;
}

function signerConflicts({ signer, mode }: Config, where: (path: PropertyKey[]) => string): string[] {
  const problems: string[] = [];
  const say = (path: string, sentence: string) => problems.push(`${where(path.split("."))}: ${path}: ${sentence}`);
  if (mode === "signer" || mode === "miner") return problems;
  const { kind, url, token, command, psbt_version } = signer;
  if (kind === "wallet" && !/^https?:/.test(url ?? "")) say("signer.kind", "wallet needs the wallet's RPC address in signer.url");
  if (kind === "command" && command.length === 0) say("signer.kind", "command needs the program in signer.command");
  if (kind === "reference" && url !== undefined && token === undefined) say("signer.url", "needs signer.token");
  if (psbt_version === 1) say("signer.psbt_version", "choose 0 or 2: there is no version 1");
  return problems;
}

function dottedPath(path: PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text ? `${text}.${String(part)}` : String(part)),
    "",
  );
}

/** Passwords do not belong in messages, which end up in logs. */
function showable(key: ConfigKey | undefined, value: unknown): string {
  return key?.path === "database.url" || /(password|passphrase|token)$/.test(key?.path ?? "")
    ? "the value given"
    : shorten(value);
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
