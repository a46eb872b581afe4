/** One option of the command line, with one dash or two. Those with a `path` set what config.yaml sets under the same name. */
export interface OptionSpec {
  name: string;
  /** Placeholder of its value; absent for a switch. */
  value?: string;
  /** The value may be left out. */
  value_optional?: boolean;
  help: string;
}

export const OPTIONS: OptionSpec[] = [
  { name: "config", value: "FILE", help: "Read this file instead of ./config.yaml" },
  { name: "mode", value: "MODE", help: "auto, solo, pool, miner or signer" },
  { name: "pool", value: "URL", help: "Mine at this pool: stratum+tcp://HOST:PORT" },
  { name: "user", value: "LOGIN", help: "Login at that pool, usually ADDRESS.WORKER" },
  { name: "password", value: "TEXT", help: "Password at that pool (default: x)" },
  { name: "stratum", value: "HOST:PORT", value_optional: true, help: "Run the Stratum server, here if an address is given" },
  { name: "takeover", help: "Take over from the pool that runs: no miner is disconnected" },
  { name: "p2p", help: "Join the peer-to-peer pool" },
  { name: "cpu-only", help: "Mine on the processor alone" },
  { name: "gpu-only", help: "Mine on graphics cards alone" },
  { name: "asic-only", help: "Drive ASIC miners alone" },
  { name: "threads", value: "N", help: "Mining threads; 0 takes one for each core" },
  { name: "log-level", value: "LEVEL", help: "debug, info, warn or error" },
  { name: "version", help: "Say which version this is" },
  { name: "help", help: "Show help, also `otedama help COMMAND`" },
];

export const COMMANDS = [
  "start",
  "miner",
  "pool",
  "web",
  "agent",
  "signer",
  "prepare",
  "token",
  "bench",
  "help",
  "version",
] as const;
export type Command = (typeof COMMANDS)[number];
