/**
 * The command `update`: brings a signed release, puts it beside the running version, and goes over to it on trial. Whatever kills this
 * process on the way, what `current` points to can run: the running version until the switch, and from then on one of two versions
 * that both ran on this machine.
 */
import type { CommandReport } from "@otedama/shared/agent";
import { releasePath, SignedMessage } from "@otedama/shared/agent";
import { type InstallDisk, REAL_INSTALL_DISK } from "./disk.ts";
import { type DownloadTiming, download } from "./download.ts";
import type { HubFetch } from "./fetch.ts";
import { checkRoom, downloadPath, install, tryExecutable } from "./install.ts";
import { type Layout, versionName } from "./layout.ts";
import { fileFor, openManifest } from "./manifest.ts";
import type { OwnRelease } from "./own_release.ts";
import { beginTrial, currentName, readRolledBack, readTrial, type TrialFacts } from "./trial.ts";
import { type Health, type TrialEnd, type TrialTiming, watchTrial } from "./trial_watch.ts";

export interface UpdateCommand {
  id: string;
  body: { release_number: number };
}

export interface UpdateOutcome {
  state: "proved" | "failed";
  message: string;
  evidence: CommandReport["evidence"];
}

export interface UpdatesOptions {
  /** Null: this process does not belong to an install, and is not updated. */
  layout: Layout | null;
  own: OwnRelease;
  platform: string;
  /** Raw, base64: pinned at enrolment. */
  control_key: string;
  /** Whether something starts the agent again when it ends. */
  supervised: boolean;
  download: DownloadTiming;
  trial: TrialTiming;
}

export interface UpdatesDependencies {
  fetch: HubFetch;
  health: () => Health;
  /** Ends this process so that it is started again. */
  restart: () => void;
  onEvent: (severity: "info" | "warning" | "error", text: string) => void;
  random: () => number;
  now_ms: () => number;
  disk?: InstallDisk;
}

export class Updates {
  readonly #options: UpdatesOptions;
  readonly #dependencies: UpdatesDependencies;
  readonly #disk: InstallDisk;
  #trial: { facts: TrialFacts; ended: Promise<TrialEnd>; stop(): void } | null = null;

  constructor(options: UpdatesOptions, dependencies: UpdatesDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#disk = dependencies.disk ?? REAL_INSTALL_DISK;
  }

  /** Once, when the agent has started: a version on trial begins to watch itself, whether or not anybody asks what became of it. */
  start(): void {
    const { layout, own, trial: timing } = this.#options;
    const trial = layout && readTrial(layout);
    if (layout === null || trial === null || trial.candidate !== currentName(layout) || trial.release_number !== own.number)
      return;
    const { onEvent, health, now_ms, restart } = this.#dependencies;
    onEvent("info", `${trial.candidate} is on trial; before it ran ${trial.previous}`);
    const watch = watchTrial(layout, trial, timing, { health, now_ms, restart, disk: this.#disk });
    this.#trial = { facts: trial, ...watch };
    void watch.ended.then((end) => {
      if (end.kept)
        onEvent(
          "info",
          `${trial.candidate} stays: it was connected and well ${Math.round(end.after_ms / 1000)} s after its start`,
        );
      else onEvent("error", `${trial.candidate} is given up, ${end.why}; back to ${trial.previous}`);
    });
  }

  stop(): void {
    this.#trial?.stop();
  }

  /** Fetches, verifies, installs, switches, and ends the process; so it comes back only with what went wrong. */
  async run(command: UpdateCommand, signal: AbortSignal): Promise<UpdateOutcome> {
    const { layout, own, control_key, platform, supervised } = this.#options;
    const { fetch, random, restart, health, onEvent } = this.#dependencies;
    const { release_number } = command.body;
    if (own.number === release_number)
      return { state: "proved", message: `Release ${release_number} runs already.`, evidence: this.#evidence() };
    let step = "prepare";
    try {
      if (layout === null || own.number === null) {
        throw new Error(
          "this agent was not installed as a release (it runs from source, or was copied by hand): install it with the provisioning wizard once",
        );
      }
      if (!supervised) throw new Error("nothing would start it again: run it under systemd, or with OTEDAMA_SUPERVISE=1");
      if (release_number < own.number) {
        throw new Error(
          `release ${release_number} is older than ${own.number}, which runs: publish the old files under a new number to go back to them`,
        );
      }
      const previous = currentName(layout);
      if (previous === null || readTrial(layout)?.candidate === previous) throw new Error("another update is not finished yet");
      step = "manifest";
      const body = await fetch.json(releasePath(release_number), signal);
      const manifest = openManifest(body, control_key, release_number);
      const file = fileFor(manifest, platform);
      step = "download";
      checkRoom(layout, file);
      const name = versionName(manifest);
      onEvent("info", `fetching release ${name}, ${(file.bytes / 1e6).toFixed(0)} MB`);
      await download(file, downloadPath(layout, file.sha256), this.#options.download, { fetch, random, signal });
      step = "install";
      await install(layout, name, file, SignedMessage.parse(body), this.#disk);
      await tryExecutable(layout, name, manifest.version);
      signal.throwIfAborted();
      step = "switch";
      const { mining } = health();
      beginTrial(
        layout,
        { candidate: name, previous, command_id: command.id, release_number, mining_before: mining, sha256: file.sha256 },
        this.#disk,
      );
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { state: "failed", message: `Not updated: ${why}.`.slice(0, 1_000), evidence: { ...this.#evidence(), step } };
    }
    onEvent("info", `going over to release ${release_number}`);
    restart();
    // What becomes of it is for the next process to say.
    return new Promise(() => {});
  }

  /** The process that began it has ended: what became of it. */
  async recover(command: UpdateCommand, signal: AbortSignal): Promise<UpdateOutcome> {
    const { layout, own } = this.#options;
    const { release_number } = command.body;
    const trial = this.#trial;
    if (trial?.facts.command_id === command.id) {
      const end = await Promise.race([trial.ended, aborted(signal)]);
      if (end === null) {
        const message = `Release ${release_number} was still on trial when the time was over; it is kept or given up without anybody's help.`;
        return { state: "failed", message, evidence: this.#evidence() };
      }
      // Given up: this process is about to end, and the one before it, started again, says so.
      if (!end.kept) return new Promise(() => {});
      return this.#kept(release_number, trial.facts.sha256, end.after_ms);
    }
    if (own.number === release_number) return this.#kept(release_number, null, null);
    const rolled_back = layout && readRolledBack(layout);
    if (rolled_back?.candidate.startsWith(`${release_number}-`)) {
      const message = `Release ${rolled_back.candidate} was given up, ${rolled_back.why}; ${rolled_back.previous} runs again.`;
      return { state: "failed", message, evidence: { ...this.#evidence(), step: "trial", why: rolled_back.why } };
    }
    const message =
      "The agent ended before the new version was in its place; what runs is what ran before. Send the command again.";
    return { state: "failed", message, evidence: { ...this.#evidence(), step: "interrupted" } };
  }

  #kept(release_number: number, sha256: string | null, after_ms: number | null): UpdateOutcome {
    const { version } = this.#options.own;
    return {
      state: "proved",
      message: `Release ${release_number} (${version}) runs, and was connected and mining as it should be.`,
      evidence: { ...this.#evidence(), sha256, confirmed_after_ms: after_ms },
    };
  }

  #evidence(): NonNullable<CommandReport["evidence"]> {
    const { own } = this.#options;
    return { running_release: own.number, running_version: own.version };
  }
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener("abort", () => resolve(null), { once: true });
  });
}
