import { DATABASE_BENCH_OPTIONS } from "@otedama/db/bench-options";
import { STRATUM_BENCH_OPTIONS } from "@otedama/native/bench-options";
import { OPTIONS, type OptionSpec } from "../arguments/options.ts";
import { ArgumentError } from "../arguments/parse.ts";

interface Topic {
  summary: string;
  usage: string;
  text: string;
  examples: [string, string][];
  options: string[];
  /** Options that this command alone takes. */
  own_options?: OptionSpec[];
}

const TOPICS: Record<string, Topic> = {
  start: {
    summary: "Run everything on this machine: dashboard, pool, miner, and a chain to try them on",
    usage: "otedama start [options]",
    text: "Sets up what is missing, starts every part, prints the dashboard's address and looks after the parts until Ctrl-C.",
    examples: [
      ["otedama start", "everything, on a development chain"],
      ["otedama start -mode pool", "dashboard and pool, no miner here"],
      ["otedama start -mode solo -cpu-only -threads 2", "for this machine alone, with two threads"],
      ["otedama start -stratum 0.0.0.0:3333", "let miners of the network in"],
      ["otedama start -config /etc/otedama.yaml", "with the settings of a file"],
    ],
    options: [
      "config",
      "mode",
      "pool",
      "user",
      "password",
      "stratum",
      "p2p",
      "cpu-only",
      "gpu-only",
      "asic-only",
      "threads",
      "log-level",
    ],
  },
  miner: {
    summary: "Mine at any pool with this machine's processor",
    usage: "otedama miner -pool URL -user LOGIN [options]",
    text: "Needs no database and no dashboard. Shows one status line; Ctrl-C ends it.",
    examples: [
      ["otedama miner -pool stratum+tcp://pool.example:3333 -user bc1q….rig1", "all cores"],
      ["otedama miner -pool stratum+tcp://10.0.0.5:3333 -user bc1q….rig1 -threads 4", "four threads"],
    ],
    options: ["pool", "user", "password", "threads", "config", "log-level"],
  },
  agent: {
    summary: "Mine and report to a dashboard on another machine",
    usage: "otedama agent [options]",
    text: "Takes control_plane.url, control_plane.token and mining.pools from config.yaml or the environment.",
    examples: [
      [
        "OTEDAMA_CONTROL_PLANE_URL=https://farm.example OTEDAMA_CONTROL_PLANE_TOKEN=… otedama agent -pool stratum+tcp://farm.example:3333 -user bc1q….rig1",
        "",
      ],
    ],
    options: ["pool", "user", "password", "threads", "config", "log-level"],
  },
  pool: {
    summary: "Run the pool process alone",
    usage: "otedama pool [options]",
    text: [
      "Needs database.url, chain.nodes and p2p_pool.payout_address. Run `otedama prepare` once before.",
      "",
      "-takeover starts the version of now beside the pool that runs from the same folder and takes everything over: listening sockets,",
      "miners' connections, jobs, difficulties. The older process then ends; until that moment it goes on whatever fails. Where `otedama",
      "start` runs the pool, it is asked to replace it and stays its keeper. Where no pool runs it is an ordinary start.",
    ].join("\n"),
    examples: [
      ["DATABASE_URL=postgresql://… otedama pool -config pool.yaml -stratum 0.0.0.0:3333", ""],
      ["otedama pool -takeover", "a new version, without a disconnect: give the options that the one that runs was given"],
    ],
    options: ["config", "stratum", "takeover", "log-level"],
  },
  web: {
    summary: "Run the dashboard and API process alone",
    usage: "otedama web [options]",
    text: "Needs database.url. Run `otedama prepare` once before.",
    examples: [["DATABASE_URL=postgresql://… OTEDAMA_API_HOST=0.0.0.0 otedama web", ""]],
    options: ["config", "log-level"],
  },
  signer: {
    summary: "Run the reference signer: it has the payout key, the pool has not",
    usage: "otedama signer [options]",
    text: "Makes a key at its first start and prints its address, for p2p_pool.payout_address. Signs what reference_signer allows and nothing else.",
    examples: [["OTEDAMA_REFERENCE_SIGNER_PASSPHRASE=… otedama signer -config signer.yaml", ""]],
    options: ["config", "log-level"],
  },
  prepare: {
    summary: "Bring a database up to date and print the one-time set-up link",
    usage: "otedama prepare [options]",
    text: "For pool and web that run alone; `otedama start` does it by itself. Registers control_plane.token where one is set.",
    examples: [["DATABASE_URL=postgresql://… otedama prepare", ""]],
    options: ["config"],
  },
  token: {
    summary: "Make a token that lets a pool or an agent of another machine report to the dashboard",
    usage: "otedama token pool NAME | agent SITE [options]",
    text: [
      "Prints the token once; the database keeps its SHA-256 only. The other machine takes it as OTEDAMA_CONTROL_PLANE_TOKEN. An agent's is",
      "good once and for 15 minutes: with it the machine enrols at that site, and is known by its own key from then on.",
    ].join("\n"),
    examples: [["DATABASE_URL=postgresql://… otedama token agent shed-2", ""]],
    options: ["config"],
  },
  bench: {
    summary: "Measure a pool under load, this machine's kernels, or a large database",
    usage: "otedama bench stratum|kernels|database [options]",
    text: [
      "stratum connects many miners that submit well-formed shares without mining them, and prints a table and one line of JSON:",
      "shares a second, answer times, CPU time a share, memory a connection, and how long a new block takes to the last miner. A pool",
      "that is measured has to be set to a difficulty at which every hash is a share (1e-10); what it refuses is counted. Only load",
      "pools of your own. database fills the empty database that DATABASE_URL names with a large pool's shares, blocks and accounts,",
      "and measures what every page asks of it. kernels compares the SHA-256d kernels of this processor; -quick takes a short look.",
    ].join("\n"),
    examples: [
      ["otedama bench stratum", "our engine, beside a server that answers without hashing"],
      ["otedama bench stratum -workers 1000 -rate 5000 -duration 10 -pool 127.0.0.1:3333", "answer times of a pool at a rate"],
      [
        "otedama bench stratum -pool 127.0.0.1:3333 -pool-pid 4711 -versus 127.0.0.1:3334 -versus-pid 4712",
        "two pools in turns, and how many times the CPU one takes of the other's",
      ],
      [
        "otedama bench stratum -pool 127.0.0.1:3333 -in-flight 0 -connections 10000 -block-command ./new-block.sh",
        "new block to the last of 10,000 miners; the script makes the node find a block",
      ],
      ["otedama bench kernels", "megahashes a second of every kernel"],
      [
        "DATABASE_URL=postgresql://…/empty otedama bench database -accounts 100000 -buckets 10000000 -blocks 5000",
        "database time of every page",
      ],
    ],
    options: [],
    own_options: [...STRATUM_BENCH_OPTIONS, ...DATABASE_BENCH_OPTIONS],
  },
};

export function helpText(topic: string | null): string {
  if (topic === null || topic === "help" || topic === "version") return overview();
  const found = TOPICS[topic];
  if (!found) throw new ArgumentError(`There is no help on ${topic}: try ${Object.keys(TOPICS).join(", ")}`);
  return [
    `${found.summary}.`,
    "",
    `  ${found.usage}`,
    "",
    found.text,
    "",
    "Examples",
    ...exampleLines(found.examples),
    "",
    "Options (one dash or two)",
    ...optionLines([...OPTIONS.filter(({ name }) => found.options.includes(name)), ...(found.own_options ?? [])]),
    "",
  ].join("\n");
}

function overview(): string {
  return [
    "Otedama: run a mining farm and its pool from a browser.",
    "",
    "  otedama COMMAND [options]",
    "",
    "Commands",
    ...Object.entries(TOPICS).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`),
    "",
    "Examples",
    ...exampleLines([
      ["otedama start", "everything on this machine; what `npm start` runs"],
      ["otedama start -mode pool -stratum :3333", "a pool that miners of the network may use"],
      ["otedama miner -pool stratum+tcp://HOST:3333 -user ADDRESS.rig1", "mine at any pool"],
      ["otedama help miner", "more on one command"],
    ]),
    "",
    "Options (one dash or two; without a command they mean `start`)",
    ...optionLines(OPTIONS),
    "",
    "Every setting of config.yaml, and its environment variable: docs/configuration.md",
    "",
  ].join("\n");
}

function exampleLines(examples: [string, string][]): string[] {
  return examples.flatMap(([line, note]) => (note === "" ? [`  ${line}`] : [`  ${line}`, `      ${note}`]));
}

function optionLines(options: OptionSpec[]): string[] {
  return options.map(({ name, value, value_optional, help }) => {
    const left = `-${name}${value ? (value_optional ? ` [${value}]` : ` ${value}`) : ""}`;
    return `  ${left.padEnd(24)} ${help}`;
  });
}
