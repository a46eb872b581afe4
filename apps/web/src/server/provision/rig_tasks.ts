/** What is done with one rig of a run, from its host key to its end. Each task answers for its own failures: they become the rig's state. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Actor, hostKeyPins, pinHostKeys, type WebDatabase } from "@otedama/db/web";
import type { Logger } from "pino";
import type { Counters } from "../counters.ts";
import { type AgentReleases, type CheckedRelease, checkRelease, readRelease, type SignedRelease } from "./agent_release.ts";
import { type InstallDependencies, InstallFailed, installRig } from "./install_rig.ts";
import { plainText } from "./plain_text.ts";
import { makePlan, platformOf } from "./plan.ts";
import { type Inspection, readFacts, toInspection, toRigFacts } from "./rig_facts.ts";
import { asRoot, look } from "./rig_script.ts";
import type { RigWork } from "./rig_work.ts";
import type { Run } from "./run.ts";
import { askHostKey, changedKey, type SshLink, type SshTiming, SshTrouble, signIn } from "./ssh_link.ts";
import { uninstallRig } from "./uninstall_rig.ts";

export interface RigTasksOptions {
  /** Raw, base64: what releases must be signed by. */
  control_key: string;
  timing: SshTiming;
  /** How long an agent may take to report. */
  wait_s: number;
  /** How much longer a rig waits for our word before it decides for itself. */
  grace_s: number;
  retry_ms: readonly number[];
}

export interface RigTasksDependencies {
  database: WebDatabase;
  releases: AgentReleases;
  createToken: (actor: Actor, site_id: number) => Promise<{ id: number; token: string }>;
  revokeToken: (actor: Actor, id: number) => Promise<void>;
  arrived: InstallDependencies["arrived"];
  retire: (actor: Actor, agent_id: string) => Promise<boolean>;
  counters: Counters;
  log: Logger;
  now: () => number;
}

const INSPECT_MS = 45_000;
const UNIT = readFileSync(join(import.meta.dirname, "../../../../../deploy/otedama-agent.service"));

export class RigTasks {
  readonly #options: RigTasksOptions;
  readonly #dependencies: RigTasksDependencies;
  readonly #links = new Set<SshLink>();

  constructor(options: RigTasksOptions, dependencies: RigTasksDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  stop(): void {
    for (const link of this.#links) link.close();
  }

  async ask(run: Run, rig: RigWork): Promise<void> {
    try {
      await this.#readPins(rig);
      if (run.cancelled) return rig.become("cancelled");
      const pinned_types = rig.pins.map((pin) => pin.type);
      rig.host_key = await askHostKey(rig.target, pinned_types, this.#options.timing);
      await this.#judge(rig);
    } catch (error) {
      rig.become("unreachable", this.sentence(error));
    }
  }

  /** What somebody else pinned meanwhile stands: a pin is never replaced. */
  async pin(actor: Actor, rigs: readonly RigWork[], source: "confirmed" | "known_hosts"): Promise<void> {
    const shown = rigs.flatMap((rig) => (rig.host_key === null ? [] : [{ rig, key: rig.host_key }]));
    await pinHostKeys(
      this.#dependencies.database.prisma,
      actor,
      shown.map(({ rig, key }) => ({ ...rig.target, key_type: key.type, key: key.key, fingerprint: key.fingerprint, source })),
    );
    await Promise.all(rigs.map((rig) => this.#judge(rig)));
  }

  /** By the key that it showed and those that are pinned. */
  async #judge(rig: RigWork): Promise<void> {
    await this.#readPins(rig);
    const shown = rig.host_key;
    if (shown === null) return;
    if (rig.pins.length === 0) rig.become("unknown_key");
    else if (rig.pins.some((pin) => pin.key.equals(shown.key))) rig.become("trusted");
    else {
      this.#dependencies.counters.add("provision_changed_keys");
      rig.become("changed_key", changedKey(shown, rig.pins));
    }
  }

  async #readPins(rig: RigWork): Promise<void> {
    const pins = await hostKeyPins(this.#dependencies.database.sql, rig.target.host, rig.target.port);
    rig.pins = pins.map(({ key_type, key, fingerprint }) => ({ type: key_type, key, fingerprint }));
  }

  async #connect(run: Run, rig: RigWork): Promise<SshLink> {
    const link = await signIn({ ...rig.target, user: run.options.user }, run.secret.credential(), rig.pins, this.#options.timing);
    this.#links.add(link);
    link.onGone(() => this.#links.delete(link));
    return link;
  }

  /** What would be installed, by its manifest; null while there is none that is ours. */
  async offered(): Promise<SignedRelease | null> {
    const stored = await this.#dependencies.releases.newest();
    try {
      return stored === null ? null : readRelease(stored.signed, this.#options.control_key);
    } catch {
      return null;
    }
  }

  /** The same with its files looked at. Throws a BadReleaseError. */
  async release(): Promise<CheckedRelease | null> {
    const stored = await this.#dependencies.releases.newest();
    return stored === null ? null : checkRelease(stored, this.#options.control_key);
  }

  async look(run: Run, rig: RigWork, release: CheckedRelease | null): Promise<void> {
    const { now } = this.#dependencies;
    const { purpose, user, site, control_url } = run.options;
    let link: SshLink | null = null;
    try {
      link = await this.#connect(run, rig);
      const sent_at_ms = now();
      const looked = await look(link, control_url);
      const facts = toRigFacts(readFacts(looked.stdout), { sent_at_ms, answered_at_ms: now() });
      if (facts.kernel === "")
        throw new SshTrouble("refused", "The rig has no POSIX shell, or its shell says other things than it is asked.");
      rig.facts = facts;
      const { inspection, problem } = await this.#inspect(run, rig, link);
      const platform = platformOf(facts.arch);
      const made = makePlan({
        ...{ purpose, user, facts, inspection, site: site?.name ?? null, wait_s: this.#options.wait_s },
        control_url,
        has_sudo_password: run.secret.hasSudoPassword,
        sudo_problem: problem,
        release:
          release === null
            ? null
            : {
                number: release.number,
                version: release.version,
                file: release.files.find((file) => file.platform === platform) ?? null,
              },
      });
      rig.inspection = inspection;
      rig.findings = made.findings;
      rig.plan = made.plan;
      rig.keep_identity = made.keep_identity;
      rig.agent_id = inspection?.agent_id ?? null;
      rig.become(made.refusal === null ? "ready" : "refused", made.refusal);
    } catch (error) {
      this.#fail(rig, error, "refused");
    } finally {
      link?.close();
    }
  }

  async #inspect(run: Run, rig: RigWork, link: SshLink): Promise<{ inspection: Inspection | null; problem: string | null }> {
    const facts = rig.facts;
    if (facts === null || facts.sudo === "none" || (facts.sudo === "password" && !run.secret.hasSudoPassword)) {
      return { inspection: null, problem: null };
    }
    try {
      const inspected = await asRoot(link, "inspect", [], {
        facts,
        secret: run.secret,
        user: run.options.user,
        timeout_ms: INSPECT_MS,
      });
      return { inspection: toInspection(readFacts(inspected.stdout)), problem: null };
    } catch (error) {
      if (error instanceof SshTrouble && error.code === "credentials") return { inspection: null, problem: error.message };
      throw error;
    }
  }

  async work(run: Run, rig: RigWork, release: CheckedRelease | null, actor: Actor): Promise<void> {
    const { createToken, revokeToken, arrived, retire, now, counters } = this.#dependencies;
    const { facts } = rig;
    if (facts === null) return;
    rig.become("running");
    const connect = () => this.#connect(run, rig);
    const { secret } = run;
    const { user, site } = run.options;
    try {
      if (run.options.purpose === "uninstall") {
        await uninstallRig({ rig, facts, secret, user }, { connect, retire: (agent_id) => retire(actor, agent_id) });
      } else {
        const file = release?.files.find((one) => one.platform === platformOf(facts.arch));
        if (release === null || file === undefined || site === null)
          throw new InstallFailed("There is no signed release for this rig.");
        await installRig(
          {
            ...{ rig, facts, secret, user, release, file, unit: UNIT },
            settings: (token) => agentSettings(run, rig, token),
            wait_s: this.#options.wait_s,
            grace_s: this.#options.grace_s,
            retry_ms: this.#options.retry_ms,
          },
          {
            connect,
            createToken: () => createToken(actor, site.id),
            revokeToken: (id) => revokeToken(actor, id),
            ...{ arrived, now },
          },
        );
      }
      counters.add(run.options.purpose === "install" ? "provision_installed" : "provision_uninstalled");
      rig.become("done");
    } catch (error) {
      counters.add("provision_failed");
      rig.stopSteps(this.sentence(error));
      this.#fail(rig, error, "failed");
    }
  }

  #fail(rig: RigWork, error: unknown, state: "refused" | "failed"): void {
    const sentence = this.sentence(error);
    if (error instanceof SshTrouble && error.code === "host_key") {
      this.#dependencies.counters.add("provision_changed_keys");
      rig.become("changed_key", sentence);
    } else {
      rig.become(state, sentence);
    }
    rig.log(sentence);
  }

  sentence(error: unknown): string {
    if (error instanceof SshTrouble || error instanceof InstallFailed) return error.message;
    this.#dependencies.log.error({ err: error }, "a rig could not be worked on");
    return plainText(error instanceof Error ? error.message : String(error), 300);
  }
}

function agentSettings(run: Run, rig: RigWork, token: string | null): object {
  const { mining, control_url } = run.options;
  const name = (rig.facts?.hostname ?? rig.target.host).replace(/[^\x21-\x7e]/g, "-").slice(0, 64);
  return {
    data_dir: "/var/lib/otedama-agent",
    log_level: "info",
    name,
    hub: token === null ? { url: control_url } : { url: control_url, enrol_token: token },
    pools: mining === null ? [] : [{ url: mining.pool_url, user: mining.user, password: "x" }],
    supervision: rig.facts?.systemd ? "systemd" : "foreground",
  };
}
