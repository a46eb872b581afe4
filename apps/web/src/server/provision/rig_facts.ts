/** What the rig script says, read: facts ("= name words"), steps ("@ step state words") and lines of the log. */
import { plainText } from "./plain_text.ts";

export interface RigFacts {
  hostname: string;
  home: string;
  os: string;
  kernel: string;
  arch: string;
  libc: string;
  cpu: string;
  cpu_threads: number | null;
  cpu_flags: string[];
  memory_bytes: number | null;
  gpus: string[];
  opt_free_bytes: number | null;
  home_free_bytes: number | null;
  home_writable: boolean;
  /** The rig's clock less ours. */
  clock_off_ms: number | null;
  reach: { answer: "yes" | "no" | "unknown"; words: string };
  systemd: boolean;
  /** How root's rights are had: already, by sudo without a password, by sudo with one, not at all. */
  sudo: "root" | "free" | "password" | "none";
  missing: string[];
  openssl: string | null;
  installed: string | null;
  miners: string[];
}

/** What of Otedama is on the rig. */
export interface Inspection {
  folders: string[];
  files: string[];
  account: string | null;
  version: string | null;
  half_done: boolean;
  agent_id: string | null;
  enrolled: boolean;
  control_url: string | null;
  running: boolean;
}

const FACTS_MAX = 200;
const VALUE_MAX = 200;

/** Every value as plain text, so that nothing a rig says does more than be read. */
export function readFacts(output: string): Map<string, string[]> {
  const facts = new Map<string, string[]>();
  let count = 0;
  for (const line of output.split("\n")) {
    const found = /^= ([a-z_]{1,32}) (.*)$/.exec(line);
    if (found === null || ++count > FACTS_MAX) continue;
    const [, name = "", value = ""] = found;
    facts.set(name, [...(facts.get(name) ?? []), plainText(value, VALUE_MAX)]);
  }
  return facts;
}

const numberOf = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
const kibOf = (text: string | undefined): number | null => {
  const kib = numberOf(text);
  return kib === null ? null : kib * 1024;
};

export function toRigFacts(
  facts: ReadonlyMap<string, string[]>,
  asked: { sent_at_ms: number; answered_at_ms: number },
): RigFacts {
  const one = (name: string): string => facts.get(name)?.[0] ?? "";
  const clock_s = numberOf(one("clock_s"));
  const reach = one("reach");
  const sudo = one("sudo");
  return {
    hostname: one("hostname") || "(no name)",
    home: one("home"),
    os: one("os") || "unknown",
    kernel: one("kernel"),
    arch: one("arch"),
    libc: one("libc"),
    cpu: one("cpu") || "unknown",
    cpu_threads: numberOf(one("cpu_threads")),
    cpu_flags: one("cpu_flags")
      .split(" ")
      .filter((flag) => flag !== ""),
    memory_bytes: kibOf(one("memory_kib")),
    gpus: (facts.get("gpu") ?? []).map(gpuWords),
    opt_free_bytes: kibOf(one("opt_free_kib")),
    home_free_bytes: kibOf(one("home_free_kib")),
    home_writable: one("home_writable") === "yes",
    clock_off_ms: clockOff(clock_s, asked),
    reach: {
      answer: reach.endsWith("yes") ? "yes" : reach.endsWith("no") ? "no" : "unknown",
      words: reach.replace(/(yes|no|unknown)$/, "").trim(),
    },
    systemd: one("systemd") === "yes",
    sudo: sudo === "root" || sudo === "free" || sudo === "password" ? sudo : "none",
    missing: facts.get("missing") ?? [],
    openssl: facts.get("openssl")?.[0] ?? null,
    installed: facts.get("installed")?.[0] ?? null,
    miners: facts.get("miner") ?? [],
  };
}

/** The rig says whole seconds, some time between our question and its answer: off by what is surely off. */
function clockOff(
  clock_s: number | null,
  { sent_at_ms, answered_at_ms }: { sent_at_ms: number; answered_at_ms: number },
): number | null {
  if (clock_s === null) return null;
  if (clock_s * 1_000 > answered_at_ms) return clock_s * 1_000 - answered_at_ms;
  const latest_ms = clock_s * 1_000 + 999;
  return latest_ms < sent_at_ms ? latest_ms - sent_at_ms : 0;
}

/** PCI vendor numbers of those who make GPUs. */
const GPU_VENDORS: Readonly<Record<string, string>> = { "0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel" };
function gpuWords(pci: string): string {
  const [vendor = "", device = ""] = pci.split(" ");
  return `${GPU_VENDORS[vendor] ?? `vendor ${vendor}`} GPU ${device}`.trim();
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function toInspection(facts: ReadonlyMap<string, string[]>): Inspection {
  const one = (name: string): string | null => facts.get(name)?.[0] ?? null;
  const agent_id = one("agent_id");
  return {
    folders: facts.get("folder") ?? [],
    files: facts.get("file") ?? [],
    account: one("account"),
    version: one("version"),
    half_done: facts.has("half_done"),
    agent_id: agent_id !== null && UUID.test(agent_id) ? agent_id : null,
    enrolled: one("enrolled") === "yes",
    control_url: one("control_url"),
    running: one("running") === "yes",
  };
}

export interface StepWords {
  name: string;
  state: "running" | "done" | "failed";
  words: string;
}

export function readStep(line: string): StepWords | null {
  const found = /^@ ([a-z]{1,20}) (running|done|failed) ?(.*)$/.exec(line);
  if (found === null) return null;
  const [, name = "", state, words = ""] = found;
  return { name, state: state as StepWords["state"], words };
}
