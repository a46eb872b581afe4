/**
 * SSH provisioning from the browser: a run is opened with targets and credentials, its rigs show their host keys, a person vouches for
 * them, each rig is looked at, and what a person then starts is done. Credentials live in the run's memory only and are forgotten when
 * the run ends, when nobody touches it for a while, and when the control plane stops.
 */
import {
  type Actor,
  endOrphanedRuns,
  getProvisionRun,
  listHostKeyPins,
  listProvisionRuns,
  listSites,
  openProvisionRun,
  startProvisionRun,
  storeProvisionRun,
} from "@otedama/db/web";
import type { OpenProvisionInput, ProvisionLogLine, ProvisionNews, ProvisionOverviewDto, ProvisionRunDto } from "@otedama/shared";
import { BadReleaseError, type CheckedRelease } from "./agent_release.ts";
import { inParallel } from "./bounded.ts";
import { HeldSecret } from "./held_secret.ts";
import { INSTALL_STEPS } from "./install_rig.ts";
import { parseKnownHosts } from "./known_hosts.ts";
import { RigTasks, type RigTasksDependencies, type RigTasksOptions } from "./rig_tasks.ts";
import type { RigWork } from "./rig_work.ts";
import { Run } from "./run.ts";
import { changedKey, privateKeyProblem } from "./ssh_link.ts";
import { parseTargets } from "./targets.ts";
import { UNINSTALL_STEPS } from "./uninstall_rig.ts";

export interface ProvisionerOptions extends RigTasksOptions {
  /** The control plane as rigs reach it, unless a run says otherwise. */
  control_url: string;
  /** The socket of this machine's SSH agent; null where there is none. */
  ssh_agent: string | null;
  /** A secret that nobody uses is forgotten after this. */
  forget_after_ms: number;
  tell_ms: number;
}

export interface ProvisionerDependencies extends RigTasksDependencies {
  /** To the screens of the person whose run it is. */
  tell: (person_id: string, news: ProvisionNews) => void;
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

export class Provisioner {
  readonly #options: ProvisionerOptions;
  readonly #dependencies: ProvisionerDependencies;
  readonly #runs = new Map<number, Run>();
  readonly #tasks: RigTasks;
  #timer: NodeJS.Timeout | null = null;
  #telling: NodeJS.Timeout | null = null;

  constructor(options: ProvisionerOptions, dependencies: ProvisionerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#tasks = new RigTasks(options, dependencies);
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
    this.#tasks.stop();
  }

  async overview(): Promise<ProvisionOverviewDto> {
    const { sql } = this.#dependencies.database;
    const [release, sites, runs, pins] = await Promise.all([
      this.#tasks.offered(),
      listSites(sql),
      listProvisionRuns(sql),
      listHostKeyPins(sql),
    ]);
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
    void this.#busy(run, () => inParallel(run.rigs, SCANS_MAX, (rig) => this.#tasks.ask(run, rig)));
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
    await this.#tasks.pin(actor, confirmed, "confirmed");
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
    await this.#tasks.pin(actor, trusted, "known_hosts");
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
          release = await this.#tasks.release();
        } catch (error) {
          problem =
            error instanceof BadReleaseError ? error.message : "The stored release cannot be read; it is in the server's log.";
          if (!(error instanceof BadReleaseError))
            this.#dependencies.log.error({ err: error }, "the stored release cannot be read");
        }
      }
      await inParallel(rigs, LOOKS_MAX, (rig) =>
        problem === null ? this.#tasks.look(run, rig, release) : Promise.resolve(rig.become("refused", problem)),
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
    const release = purpose === "install" ? await this.#tasks.release() : null;
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
        await this.#tasks.work(run, rig, release, actor);
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
