/**
 * SSH provisioning from the browser: a run is opened with targets and credentials, its rigs show their host keys, a person vouches for
 * them, each rig is looked at, and what a person then starts is done. Credentials live in the run's memory only and are forgotten when
 * the run ends, when nobody touches it for a while, and when the control plane stops.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Actor,
  endOrphanedRuns,
  getProvisionRun,
  hostKeyPins,
  listHostKeyPins,
  listProvisionRuns,
  listSites,
  openProvisionRun,
  pinHostKeys,
  startProvisionRun,
  storeProvisionRun,
  type WebDatabase,
} from "@otedama/db/web";
import type { OpenProvisionInput, ProvisionLogLine, ProvisionNews, ProvisionOverviewDto, ProvisionRunDto } from "@otedama/shared";
import type { Logger } from "pino";
import type { Counters } from "../counters.ts";
import { type AgentReleases, BadReleaseError, type CheckedRelease, checkRelease } from "./agent_release.ts";
import { inParallel } from "./bounded.ts";
import { HeldSecret } from "./held_secret.ts";
import { INSTALL_STEPS, type InstallDependencies, InstallFailed, installRig } from "./install_rig.ts";
import { parseKnownHosts } from "./known_hosts.ts";
import { plainText } from "./plain_text.ts";
import { makePlan, platformOf } from "./plan.ts";
import { type Inspection, readFacts, toInspection, toRigFacts } from "./rig_facts.ts";
import { asRoot, look } from "./rig_script.ts";
import type { RigWork } from "./rig_work.ts";
import { Run } from "./run.ts";
import { askHostKey, changedKey, privateKeyProblem, type SshLink, type SshTiming, SshTrouble, signIn } from "./ssh_link.ts";
import { parseTargets } from "./targets.ts";
import { UNINSTALL_STEPS, uninstallRig } from "./uninstall_rig.ts";

export interface ProvisionerOptions {
  /** The control plane as rigs reach it, unless a run says otherwise. */
  control_url: string;
  /** The socket of this machine's SSH agent; null where there is none. */
  ssh_agent: string | null;
  /** Raw, base64: what releases must be signed by. */
  control_key: string;
  timing: SshTiming;
  /** How long an agent may take to report. */
  wait_s: number;
  /** How much longer a rig waits for our word before it decides for itself. */
  grace_s: number;
  retry_ms: readonly number[];
  /** A secret that nobody uses is forgotten after this. */
  forget_after_ms: number;
  tell_ms: number;
}

export interface ProvisionerDependencies {
  database: WebDatabase;
  releases: AgentReleases;
  createToken: (actor: Actor, site_id: number) => Promise<{ id: number; token: string }>;
  revokeToken: (actor: Actor, id: number) => Promise<void>;
  arrived: InstallDependencies["arrived"];
  retire: (actor: Actor, agent_id: string) => Promise<boolean>;
  /** To the screens of the person whose run it is. */
  tell: (person_id: string, news: ProvisionNews) => void;
  counters: Counters;
  log: Logger;
  now: () => number;
}

/** What a person is told instead of what they asked for; `field` names what to change. */
export class ProvisionRefusal extends Error {
  readonly field: string | null;

  constructor(message: string, field: string | null = null) {
    super(message);
    this.field = field;
  }
}

const OPEN_RUNS_MAX = 8;
/** Runs that are over are kept for their logs. */
const KEPT_RUNS_MAX = 20;
const SCANS_MAX = 64;
const LOOKS_MAX = 16;
const INSPECT_MS = 45_000;
const UNIT = readFileSync(join(import.meta.dirname, "../../../../../deploy/otedama-agent.service"));

export class Provisioner {
  readonly #options: ProvisionerOptions;
  readonly #dependencies: ProvisionerDependencies;
  readonly #runs = new Map<number, Run>();
  readonly #links = new Set<SshLink>();
  #timer: NodeJS.Timeout | null = null;
  #telling: NodeJS.Timeout | null = null;

  constructor(options: ProvisionerOptions, dependencies: ProvisionerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  start(): void {
    const { database, log } = this.#dependencies;
    endOrphanedRuns(database.sql).catch((error: unknown) => log.debug({ err: error }, "old runs could not be ended"));
    this.#timer = setInterval(() => this.forgetIdle(), 5_000);
    this.#timer.unref();
  }

  /** Rigs that are being worked on decide for themselves: what is not committed is undone there. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#telling !== null) clearTimeout(this.#telling);
    for (const run of this.#runs.values()) {
      run.cancelled = true;
      run.secret.forget();
    }
    for (const link of this.#links) link.close();
  }

  async overview(): Promise<ProvisionOverviewDto> {
    const { sql } = this.#dependencies.database;
    const [stored, sites, runs, pins] = await Promise.all([
      this.#dependencies.releases.newest(),
      listSites(sql),
      listProvisionRuns(sql),
      listHostKeyPins(sql),
    ]);
    const release = stored === null ? null : await this.#checked(stored).catch(() => null);
    return {
      release:
        release === null
          ? null
          : { number: release.number, version: release.version, platforms: release.files.map((file) => file.platform) },
      ssh_agent: this.#options.ssh_agent !== null,
      sites,
      runs: runs.map((row) => ({ ...row, rigs: row.rigs || (this.#runs.get(row.id)?.rigs.length ?? 0) })),
      pins,
    };
  }

  /** Throws a ProvisionRefusal. What it answers is the run's number; its rigs are being asked for their host keys. */
  async open(actor: Actor, name: string, input: OpenProvisionInput): Promise<number> {
    const { database, now } = this.#dependencies;
    const {
      purpose,
      port = 22,
      user,
      credential,
      sudo_password = "",
      site_id = null,
      parallel = 8,
      mining = null,
      control_url = null,
    } = input;
    const parsed = parseTargets(input.targets, port);
    if ("problem" in parsed) throw new ProvisionRefusal(parsed.problem, "targets");
    if (credential.kind === "agent" && this.#options.ssh_agent === null) {
      throw new ProvisionRefusal(
        "The control plane's machine has no SSH agent: start it with SSH_AUTH_SOCK set, or use a key.",
        "credential",
      );
    }
    const site = (await listSites(database.sql)).find((one) => one.id === site_id) ?? null;
    if (purpose === "install" && site === null) throw new ProvisionRefusal("Choose the site that the rigs stand at.", "site_id");
    if (purpose === "install" && mining === null) throw new ProvisionRefusal("Say what the rigs mine at first.", "mining");
    if ([...this.#runs.values()].filter((run) => run.secret.held).length >= OPEN_RUNS_MAX) {
      throw new ProvisionRefusal(`${OPEN_RUNS_MAX} runs are open, as many as there may be. End one first.`);
    }
    const secret = new HeldSecret(credential, sudo_password, this.#options.ssh_agent);
    const problem = privateKeyProblem(secret.credential());
    if (problem !== null) {
      secret.forget();
      throw new ProvisionRefusal(problem, "credential");
    }
    const { targets } = parsed;
    const id = await openProvisionRun(database.prisma, actor, {
      purpose,
      site_id: site?.id ?? null,
      user,
      credential: credential.kind,
      rigs: targets,
    });
    const run = new Run(
      {
        id,
        purpose,
        targets,
        site,
        user,
        parallel,
        mining,
        control_url: control_url ?? this.#options.control_url,
        opened_by: { id: actor.id, name },
        opened_at_ms: now(),
      },
      { secret, now, changed: () => this.#tellSoon() },
    );
    this.#runs.set(id, run);
    this.#dropOldRuns();
    void this.#busy(run, () => inParallel(run.rigs, SCANS_MAX, (rig) => this.#ask(run, rig)));
    return id;
  }

  /** Null when there is no such run. One that this process does not know is told from the database. */
  async get(id: number): Promise<ProvisionRunDto | null> {
    const run = this.#runs.get(id);
    if (run !== undefined) return run.toDto(this.#options.forget_after_ms);
    const stored = await getProvisionRun(this.#dependencies.database.sql, id);
    if (stored === null) return null;
    const { purpose, site, user, opened_at_ms, opened_by, ended_at_ms, results } = stored;
    const credential = stored.credential as ProvisionRunDto["credential"];
    return {
      ...{ id, purpose, site, user, credential, opened_at_ms, opened_by, ended_at_ms },
      ...{ secret_held: false, forgotten_at_ms: null, parallel: 0, rigs: results },
    };
  }

  logOf(id: number, rig: number): ProvisionLogLine[] {
    return [...(this.#runs.get(id)?.rigs[rig]?.lines ?? [])];
  }

  /** Pins what the person saw. A key that is another one by now is not pinned; answers how many were. */
  async confirm(actor: Actor, id: number, keys: readonly { rig: number; fingerprint: string }[]): Promise<number> {
    const run = this.#own(actor, id);
    const confirmed = keys.flatMap(({ rig: index, fingerprint }) => {
      const rig = run.rigs[index];
      return rig?.state === "unknown_key" && rig.host_key?.fingerprint === fingerprint ? [rig] : [];
    });
    await this.#pin(actor, confirmed, "confirmed");
    return confirmed.length;
  }

  async importKnownHosts(actor: Actor, id: number, text: string) {
    const run = this.#own(actor, id);
    const { hosts, problems } = parseKnownHosts(text);
    const trusted: RigWork[] = [];
    let changed = 0;
    for (const rig of run.rigs) {
      const shown = rig.host_key;
      if (rig.state !== "unknown_key" || shown === null) continue;
      const lines = hosts.filter((line) => line.matches(rig.target.host, rig.target.port));
      const same = lines.filter((line) => line.key.key.equals(shown.key));
      const others = lines.filter((line) => !line.revoked && line.key.type === shown.type);
      if (same.some((line) => line.revoked)) {
        changed += 1;
        rig.become("changed_key", "known_hosts says that this key was revoked. Nothing was sent to it.");
      } else if (same.length > 0) trusted.push(rig);
      else if (others.length > 0) {
        changed += 1;
        rig.pins = others.map((line) => line.key);
        rig.become("changed_key", changedKey(shown, rig.pins));
      }
    }
    await this.#pin(actor, trusted, "known_hosts");
    return { trusted: trusted.length, changed, problems };
  }

  /** Looks at every rig that is trusted and was not looked at, in the background. */
  check(actor: Actor, id: number): void {
    const run = this.#own(actor, id);
    const rigs = run.rigs.filter((rig) => ["trusted", "refused", "failed"].includes(rig.state));
    if (rigs.length === 0) throw new ProvisionRefusal("No rig's host key is confirmed yet.");
    for (const rig of rigs) rig.become("checking");
    void this.#busy(run, async () => {
      let release: CheckedRelease | null = null;
      let problem: string | null = null;
      if (run.options.purpose === "install") {
        try {
          release = await this.#release();
        } catch (error) {
          problem =
            error instanceof BadReleaseError ? error.message : "The stored release cannot be read; it is in the server's log.";
          if (!(error instanceof BadReleaseError))
            this.#dependencies.log.error({ err: error }, "the stored release cannot be read");
        }
      }
      await inParallel(rigs, LOOKS_MAX, (rig) =>
        problem === null ? this.#look(run, rig, release) : Promise.resolve(rig.become("refused", problem)),
      );
    });
  }

  /** Begins the work on rigs that are ready, at most `parallel` at once. */
  async begin(actor: Actor, id: number, indexes: readonly number[]): Promise<void> {
    const run = this.#own(actor, id);
    const rigs = [...new Set(indexes)].flatMap((index) => {
      const rig = run.rigs[index];
      return rig?.state === "ready" ? [rig] : [];
    });
    if (rigs.length === 0) throw new ProvisionRefusal("None of these rigs is ready: look at them first.");
    const { purpose, parallel } = run.options;
    const release = purpose === "install" ? await this.#release() : null;
    for (const rig of rigs) {
      rig.planSteps(purpose === "install" ? INSTALL_STEPS : UNINSTALL_STEPS);
      rig.become("waiting");
    }
    await startProvisionRun(this.#dependencies.database.prisma, actor, {
      id,
      purpose,
      hosts: rigs.map((rig) => rig.target.host),
    });
    void this.#busy(run, async () => {
      await inParallel(rigs, parallel, async (rig) => {
        if (run.cancelled) return rig.become("cancelled", "It was not begun.");
        await this.#work(run, rig, release, actor);
      });
      // Everything that could be done was done: there is nothing left to hold the secret for.
      if (run.busy === 1 && !run.rigs.some((rig) => rig.state === "ready" || rig.state === "failed")) await this.#end(run);
      else await this.#store(run);
    });
  }

  /** Forgets the secret. What is being worked on comes to its end first; nothing new is begun. */
  async end(actor: Actor, id: number): Promise<void> {
    const run = this.#own(actor, id);
    run.cancelled = true;
    if (run.busy === 0) await this.#end(run);
  }

  #own(actor: Actor, id: number): Run {
    const run = this.#runs.get(id);
    if (run === undefined) throw new ProvisionRefusal("This run is over: its credentials were forgotten. Open a new one.");
    // The credentials are somebody's own: nobody else acts with them.
    if (run.options.opened_by.id !== actor.id)
      throw new ProvisionRefusal(`Only ${run.options.opened_by.name}, whose credentials it holds, can go on with this run.`);
    if (!run.secret.held || run.cancelled)
      throw new ProvisionRefusal("This run is over: its credentials were forgotten. Open a new one.");
    run.touched_at_ms = this.#dependencies.now();
    return run;
  }

  async #busy(run: Run, work: () => Promise<void>): Promise<void> {
    run.busy += 1;
    try {
      await work();
    } catch (error) {
      this.#dependencies.log.error({ err: error, run: run.options.id }, "a provisioning run failed");
    } finally {
      run.busy -= 1;
      run.touched_at_ms = this.#dependencies.now();
      if (run.cancelled && run.busy === 0 && run.secret.held) await this.#end(run);
      run.mark();
      this.#tellSoon();
    }
  }

  async #ask(run: Run, rig: RigWork): Promise<void> {
    try {
      rig.pins = (await hostKeyPins(this.#dependencies.database.sql, rig.target.host, rig.target.port)).map(
        ({ key_type, key, fingerprint }) => ({
          type: key_type,
          key,
          fingerprint,
        }),
      );
      if (run.cancelled) return rig.become("cancelled");
      const shown = await askHostKey(
        rig.target,
        rig.pins.map((pin) => pin.type),
        this.#options.timing,
      );
      rig.host_key = shown;
      if (rig.pins.length === 0) rig.become("unknown_key");
      else if (rig.pins.some((pin) => pin.key.equals(shown.key))) rig.become("trusted");
      else {
        this.#dependencies.counters.add("provision_changed_keys");
        rig.become("changed_key", changedKey(shown, rig.pins));
      }
    } catch (error) {
      rig.become("unreachable", this.#sentence(error));
    }
  }

  async #pin(actor: Actor, rigs: readonly RigWork[], source: "confirmed" | "known_hosts"): Promise<void> {
    const shown = rigs.flatMap((rig) => (rig.host_key === null ? [] : [{ rig, key: rig.host_key }]));
    await pinHostKeys(
      this.#dependencies.database.prisma,
      actor,
      shown.map(({ rig, key }) => ({ ...rig.target, key_type: key.type, key: key.key, fingerprint: key.fingerprint, source })),
    );
    for (const { rig, key } of shown) {
      rig.pins = [key];
      rig.become("trusted");
    }
  }

  async #connect(run: Run, rig: RigWork): Promise<SshLink> {
    const link = await signIn({ ...rig.target, user: run.options.user }, run.secret.credential(), rig.pins, this.#options.timing);
    this.#links.add(link);
    return link;
  }

  #release(): Promise<CheckedRelease | null> {
    return this.#dependencies.releases.newest().then((stored) => (stored === null ? null : this.#checked(stored)));
  }

  #checked(stored: NonNullable<Awaited<ReturnType<AgentReleases["newest"]>>>): Promise<CheckedRelease> {
    return checkRelease(stored, this.#options.control_key);
  }

  async #look(run: Run, rig: RigWork, release: CheckedRelease | null): Promise<void> {
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
      this.#close(link);
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

  async #work(run: Run, rig: RigWork, release: CheckedRelease | null, actor: Actor): Promise<void> {
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
      rig.stopSteps(this.#sentence(error));
      this.#fail(rig, error, "failed");
    }
  }

  #fail(rig: RigWork, error: unknown, state: "refused" | "failed"): void {
    const sentence = this.#sentence(error);
    if (error instanceof SshTrouble && error.code === "host_key") {
      this.#dependencies.counters.add("provision_changed_keys");
      rig.become("changed_key", sentence);
    } else {
      rig.become(state, sentence);
    }
    rig.log(sentence);
  }

  #sentence(error: unknown): string {
    if (error instanceof SshTrouble || error instanceof InstallFailed) return error.message;
    this.#dependencies.log.error({ err: error }, "a rig could not be worked on");
    return plainText(error instanceof Error ? error.message : String(error), 300);
  }

  #close(link: SshLink | null): void {
    if (link === null) return;
    this.#links.delete(link);
    link.close();
  }

  async #end(run: Run): Promise<void> {
    run.secret.forget();
    run.ended_at_ms = this.#dependencies.now();
    run.mark();
    this.#tellSoon();
    await this.#store(run);
  }

  async #store(run: Run): Promise<void> {
    const rigs = run.rigs.map((rig) => rig.toDto());
    await storeProvisionRun(this.#dependencies.database.sql, run.options.id, rigs, run.ended_at_ms !== null);
  }

  /** Ends what nobody touched for long. */
  forgetIdle(): void {
    const now_ms = this.#dependencies.now();
    for (const run of this.#runs.values()) {
      if (run.secret.held && run.busy === 0 && now_ms - run.touched_at_ms >= this.#options.forget_after_ms) {
        this.#end(run).catch((error: unknown) =>
          this.#dependencies.log.debug({ err: error }, "a run's end could not be written"),
        );
      }
    }
  }

  #dropOldRuns(): void {
    for (const [id, run] of this.#runs) {
      if (this.#runs.size <= KEPT_RUNS_MAX) return;
      if (!run.secret.held && run.busy === 0) this.#runs.delete(id);
    }
  }

  /** Coalesced: a rig that speaks all the time is told of at most this often. */
  #tellSoon(): void {
    if (this.#telling !== null) return;
    this.#telling = setTimeout(() => {
      this.#telling = null;
      let more = false;
      for (const run of this.#runs.values()) {
        const news = run.takeNews();
        if (news === null) continue;
        more = true;
        this.#dependencies.tell(run.options.opened_by.id, news);
      }
      if (more) this.#tellSoon();
    }, this.#options.tell_ms);
    this.#telling.unref();
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
