/** From what a rig is to what would be done on it, in plain words; and to why it cannot be done. Pure. */
import type { ProvisionFinding, ProvisionPurpose } from "@otedama/shared";
import type { Inspection, RigFacts } from "./rig_facts.ts";

export interface PlannedRelease {
  number: number;
  version: string;
  /** For the platform of the rig; null when the release has nothing for it. */
  file: { bytes: number } | null;
}

export interface Planning {
  purpose: ProvisionPurpose;
  control_url: string;
  site: string | null;
  user: string;
  has_sudo_password: boolean;
  /** What sudo answered, when it was tried. */
  sudo_problem: string | null;
  release: PlannedRelease | null;
  facts: RigFacts;
  /** Null when root's rights were not to be had. */
  inspection: Inspection | null;
  wait_s: number;
}

export interface Plan {
  findings: ProvisionFinding[];
  plan: string[];
  /** Null when it can be done; else the first reason why not. */
  refusal: string | null;
  /** The agent that is there belongs to this control plane and stays who it is. */
  keep_identity: boolean;
}

const CLOCK_WARN_MS = 60_000;
const MIB = 1_048_576;
const mib = (bytes: number): string => `${Math.round(bytes / MIB).toLocaleString("en-US")} MiB`;

/** As Node names them. */
export function platformOf(arch: string): "linux-x64" | "linux-arm64" | null {
  if (arch === "x86_64" || arch === "amd64") return "linux-x64";
  return arch === "aarch64" || arch === "arm64" ? "linux-arm64" : null;
}

export function makePlan(planning: Planning): Plan {
  const { purpose, facts, inspection } = planning;
  const keep_identity =
    inspection?.enrolled === true && inspection.agent_id !== null && sameOrigin(inspection.control_url, planning.control_url);
  const findings = [...machine(facts), ...rights(planning), ...(purpose === "install" ? fitness(planning) : [])];
  const refusal = findings.find(({ level }) => level === "stop")?.text ?? null;
  const plan = refusal !== null ? [] : purpose === "install" ? installPlan(planning, keep_identity) : uninstallPlan(planning);
  return { findings, plan, refusal, keep_identity };
}

const fact = (text: string): ProvisionFinding => ({ level: "fact", text });
const warning = (text: string): ProvisionFinding => ({ level: "warning", text });
const stop = (text: string): ProvisionFinding => ({ level: "stop", text });

function machine(facts: RigFacts): ProvisionFinding[] {
  const threads = facts.cpu_threads === null ? "" : `, ${facts.cpu_threads} threads`;
  const flags = facts.cpu_flags.length === 0 ? "no vector extension that the kernels use" : facts.cpu_flags.join(", ");
  const memory = facts.memory_bytes === null ? "" : `, ${mib(facts.memory_bytes)} of memory`;
  return [
    fact(`${facts.os}, ${facts.kernel}, ${facts.arch}${facts.libc === "" ? "" : `, ${facts.libc}`}`),
    fact(`${facts.cpu}${threads}${memory}; ${flags}`),
    fact(facts.gpus.length === 0 ? "No GPU" : facts.gpus.join(", ")),
  ];
}

function rights({ facts, user, has_sudo_password, sudo_problem }: Planning): ProvisionFinding[] {
  if (facts.sudo === "root") return [fact("The sign-in is root's")];
  if (facts.sudo === "free") return [fact(`${user} may use sudo without a password`)];
  if (facts.sudo === "none")
    return [stop(`${user} is not root and the rig has no sudo: sign in as root, or install sudo there.`)];
  if (!has_sudo_password) return [stop(`sudo asks ${user} for a password and none was given. Begin again and enter it.`)];
  return [sudo_problem === null ? fact(`sudo takes the password of ${user}`) : stop(sudo_problem)];
}

function fitness({ facts, release, control_url, inspection }: Planning): ProvisionFinding[] {
  const findings: ProvisionFinding[] = [];
  const platform = platformOf(facts.arch);
  if (!facts.kernel.startsWith("Linux ")) findings.push(stop(`The agent runs on Linux; this is ${facts.kernel || facts.os}.`));
  else if (platform === null) findings.push(stop(`There is no agent for ${facts.arch}.`));
  else if (release === null) findings.push(stop("There is no signed release of the agent yet: make one first."));
  else if (release.file === null) findings.push(stop(`Release ${release.number} has no agent for ${platform}.`));
  if (/musl/i.test(facts.libc)) findings.push(stop("The agent needs glibc; this rig has musl."));
  if (facts.missing.length > 0)
    findings.push(
      stop(`The rig lacks ${facts.missing.join(", ")}: install ${facts.missing.length === 1 ? "it" : "them"} there.`),
    );
  if (!facts.home_writable)
    findings.push(stop("The home folder of the sign-in cannot be written to: its disk is full or read-only."));
  if (release?.file) {
    const needed_bytes = release.file.bytes + 16 * MIB;
    for (const [where, free_bytes] of [
      ["The home folder", facts.home_free_bytes],
      ["/opt", facts.opt_free_bytes],
    ] as const) {
      if (free_bytes === null) findings.push(warning(`How much room ${where} has could not be found out.`));
      else if (free_bytes < needed_bytes) {
        findings.push(
          stop(`${where} has ${mib(free_bytes)} free and the agent needs ${mib(needed_bytes)}: make room on that disk.`),
        );
      }
    }
  }
  if (facts.clock_off_ms === null) findings.push(warning("Its clock could not be read."));
  else if (Math.abs(facts.clock_off_ms) > CLOCK_WARN_MS) {
    const minutes = Math.round(Math.abs(facts.clock_off_ms) / 6_000) / 10;
    findings.push(
      warning(
        `Its clock is ${minutes} minutes ${facts.clock_off_ms > 0 ? "ahead" : "behind"}: turn on time synchronisation, or reports carry the time of their arrival.`,
      ),
    );
  } else findings.push(fact("Its clock is right"));
  if (facts.reach.answer === "yes") findings.push(fact(`It reaches ${control_url}`));
  else if (facts.reach.answer === "no") {
    findings.push(
      stop(
        `It does not reach the control plane at ${control_url}${facts.reach.words === "" ? "" : ` (${facts.reach.words})`}: mend the name, the route or the firewall between them.`,
      ),
    );
  } else findings.push(warning(`Whether it reaches ${control_url} could not be tried: it has neither curl, wget nor Python.`));
  findings.push(
    facts.systemd
      ? fact("systemd runs services there")
      : warning("It has no systemd: the agent is supervised in the foreground and does not start with the machine by itself."),
  );
  if (!/^OpenSSL [3-9]/.test(facts.openssl ?? "")) {
    findings.push(warning("It has no OpenSSL 3: the rig checks the agent's hash itself, the signature is checked here."));
  }
  if (facts.miners.length > 0) {
    findings.push(
      warning(`Other miners run there: ${facts.miners.join(", ")}. They are left alone and share the hardware with the agent.`),
    );
  }
  if (inspection?.half_done === true) findings.push(warning("An earlier installation was broken off; it is undone first."));
  return findings;
}

function installPlan({ release, facts, inspection, control_url, site, wait_s }: Planning, keep_identity: boolean): string[] {
  const version = `${release?.number}-${release?.version}`;
  const there = inspection?.version ?? null;
  return [
    `Send the agent ${release?.version} (${mib(release?.file?.bytes ?? 0)}) to a private folder of the sign-in, over SFTP.`,
    "Have the rig compare its SHA-256 and the release's signature before anything of it runs.",
    inspection?.account
      ? `Use the system user ${inspection.account}, which is there.`
      : "Make the system user otedama-agent, as whom nobody can sign in.",
    there === null
      ? `Put it in /opt/otedama-agent/versions/${version}.`
      : `Put it in /opt/otedama-agent/versions/${version}, beside ${there}, which stays for the way back.`,
    keep_identity
      ? "Write /etc/otedama-agent/agent.json anew; the agent keeps its identity and its data."
      : inspection?.enrolled === true
        ? `Write /etc/otedama-agent/agent.json and enrol it at ${control_url}${site === null ? "" : `, site ${site}`}; the identity it has at ${inspection.control_url ?? "another control plane"} ends.`
        : `Write /etc/otedama-agent/agent.json with a token that is good once, for 15 minutes, and enrols it at ${control_url}${site === null ? "" : `, site ${site}`}.`,
    facts.systemd
      ? "Install, enable and start the service otedama-agent, which has no rights but to mine and to speak outward."
      : "Start /etc/otedama-agent/supervise.sh, which keeps the agent running in the foreground.",
    `Wait up to ${wait_s} s until the agent reports here; if it does not, put back ${there === null ? "the rig as it was" : `version ${there}`}.`,
    "Remove what was sent, and forget the credentials.",
  ];
}

function uninstallPlan({ inspection }: Planning): string[] {
  const { folders = [], files = [], account = null } = inspection ?? {};
  if (folders.length === 0 && files.length === 0 && account === null)
    return ["Nothing of Otedama is on this rig: nothing is changed."];
  return [
    ...(inspection?.running ? ["Stop the agent. The rig mines no more."] : []),
    ...files.map((file) => `Remove the service ${file}.`),
    ...folders.map((folder) => `Remove the folder ${folder} and all that is in it.`),
    ...(account === null ? [] : [`Remove the system user ${account}.`]),
    "Look that nothing is left, and say what was removed.",
  ];
}

function sameOrigin(one: string | null, other: string): boolean {
  return one !== null && URL.canParse(one) && URL.canParse(other) && new URL(one).origin === new URL(other).origin;
}
