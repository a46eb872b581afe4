import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { explainExit, type ReadyLine, readyLine } from "./app_output.ts";
import type { PidFiles } from "./process_identity.ts";
import { RotatingLog } from "./rotating_log.ts";

export interface AppSpec {
  name: string;
  /** Program that `node MAIN --settings FILE` runs. */
  main: string;
  settings: unknown;
  ready_timeout_ms: number;
}

export interface SupervisedAppOptions {
  settings_dir: string;
  log_dir: string;
  /** Waits before the first and every further restart in a row; the last one repeats. */
  backoff_ms: number[];
  /** Restarts in a row after which the app is given up. */
  restarts_max: number;
  /** Time after which a running app counts as well again. */
  healthy_after_ms: number;
}

export interface SupervisedAppDependencies {
  pid_files: PidFiles;
  /** One line for the person at the terminal. */
  report: (line: string) => void;
  /** The app was given up. */
  onGivenUp: (name: string, message: string) => void;
}

/** An app that could not be started, with the sentence it left. */
export class AppStartError extends Error {}

/** One process of the app. */
interface Run {
  child: ChildProcess;
  /** Rejects with `AppStartError` when it ends or stays silent before. */
  ready: Promise<ReadyLine>;
  gone: Promise<void>;
  /** How it ended; null while it runs. */
  end: string | null;
}

/**
 * One app as a process of its own: started, waited for until it is ready, started again when it ends by itself, replaced by a newer one
 * that takes over from it, and stopped. The app gets an IPC channel, whose end tells it that its supervisor is gone, and a process group of
 * its own, so that Ctrl-C in the terminal reaches the supervisor alone.
 */
export class SupervisedApp {
  readonly spec: AppSpec;
  readonly #options: SupervisedAppOptions;
  readonly #dependencies: SupervisedAppDependencies;
  readonly #log: RotatingLog;
  #run: Run | null = null;
  /** Takes over from `#run` just now. */
  #successor: Run | null = null;
  #stopping = false;
  #restarts = 0;
  #restart_timer: NodeJS.Timeout | null = null;
  #healthy_timer: NodeJS.Timeout | null = null;

  constructor(spec: AppSpec, options: SupervisedAppOptions, dependencies: SupervisedAppDependencies) {
    this.spec = spec;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#log = new RotatingLog(join(options.log_dir, `${spec.name}.log`));
  }

  get pid(): number | undefined {
    return this.#run?.child.pid;
  }

  /** Resolves with the app's first line. Rejects with `AppStartError` when it ends or stays silent before. */
  async start(): Promise<ReadyLine> {
    const run = this.#spawn(this.spec.name, []);
    this.#run = run;
    const line = await run.ready;
    this.#watch(run);
    return line;
  }

  /**
   * Starts the app's program of now beside the process that runs, which hands everything over to it and ends. Resolves with the newer one's
   * first line; rejects with `AppStartError` when there is none, and then the older one goes on.
   */
  async takeOver(): Promise<ReadyLine> {
    const { name } = this.spec;
    const { pid_files } = this.#dependencies;
    const older = this.#run;
    if (!older || older.end !== null || this.#stopping) throw new AppStartError(`The ${name} does not run just now`);
    if (this.#successor) throw new AppStartError(`Another process takes over from the ${name} just now`);
    const newer = this.#spawn(`${name}-next`, ["--takeover"]);
    this.#successor = newer;
    try {
      const line = await newer.ready;
      this.#run = newer;
      if (newer.child.pid) pid_files.write(name, newer.child.pid);
      this.#watch(newer);
      // It has nothing left, and had its time to go.
      if (older.end === null) older.child.kill("SIGKILL");
      return line;
    } finally {
      this.#successor = null;
      pid_files.remove(`${name}-next`);
      if (this.#run !== newer && older.end !== null && !this.#stopping) this.#restartLater(older.end);
    }
  }

  /** Asks the app to stop; after `grace_ms` it is killed. */
  async stop(grace_ms: number): Promise<void> {
    this.#stopping = true;
    if (this.#restart_timer) clearTimeout(this.#restart_timer);
    if (this.#healthy_timer) clearTimeout(this.#healthy_timer);
    const runs = [this.#run, this.#successor].filter((run) => run !== null);
    for (const { child } of runs) child.kill("SIGTERM");
    const timer = setTimeout(() => {
      for (const { child } of runs) child.kill("SIGKILL");
    }, grace_ms);
    await Promise.all(runs.map(({ gone }) => gone));
    clearTimeout(timer);
    this.#log.close();
  }

  get #logPath(): string {
    return join(this.#options.log_dir, `${this.spec.name}.log`);
  }

  #spawn(pid_name: string, words: string[]): Run {
    const { name, main, settings, ready_timeout_ms } = this.spec;
    const { settings_dir } = this.#options;
    const { pid_files } = this.#dependencies;
    mkdirSync(settings_dir, { recursive: true, mode: 0o700 });
    const file = join(settings_dir, `${name}.json`);
    writeFileSync(file, JSON.stringify(settings, null, 2), { mode: 0o600 });
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, "--settings", file, ...words], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
      env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
    });
    if (child.pid) pid_files.write(pid_name, child.pid);
    const ready = Promise.withResolvers<ReadyLine>();
    const gone = Promise.withResolvers<void>();
    const run: Run = { child, ready: ready.promise, gone: gone.promise, end: null };
    const timer = setTimeout(() => {
      ready.reject(new AppStartError(`The ${name} was not ready within ${ready_timeout_ms / 1000} s: see ${this.#logPath}`));
      child.kill("SIGKILL");
    }, ready_timeout_ms);
    const last_words: string[] = [];
    child.once("error", (error) => {
      ready.reject(new AppStartError(`The ${name} could not be started: ${error.message}`));
      gone.resolve();
    });
    child.once("exit", (code, signal) => {
      run.end = explainExit(name, last_words, code, signal);
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      // By now everything that it said was read.
      run.end = explainExit(name, last_words, code, signal);
      ready.reject(new AppStartError(run.end));
      // Of two processes the name belongs to the one that goes on.
      if (this.#run === run) {
        this.#run = null;
        pid_files.remove(name);
      }
      gone.resolve();
    });
    const keep = (line: string) => {
      this.#log.write(line);
      if (line.trim() === "") return;
      last_words.push(line);
      if (last_words.length > 20) last_words.shift();
    };
    let said = false;
    if (child.stdout) {
      createInterface({ input: child.stdout }).on("line", (line) => {
        const first = said ? null : readyLine(line);
        if (!first) return keep(line);
        said = true;
        clearTimeout(timer);
        ready.resolve(first);
      });
    }
    if (child.stderr) createInterface({ input: child.stderr }).on("line", keep);
    return run;
  }

  #watch(run: Run): void {
    if (this.#healthy_timer) clearTimeout(this.#healthy_timer);
    this.#healthy_timer = setTimeout(() => {
      this.#restarts = 0;
    }, this.#options.healthy_after_ms);
    this.#healthy_timer.unref();
    const ended = () => {
      // Whoever was taken over from may go; `takeOver` sees to it when that comes to nothing.
      if (!this.#stopping && !this.#successor && this.#run === run && run.end !== null) this.#restartLater(run.end);
    };
    run.child.once("exit", ended);
  }

  #restartLater(why: string): void {
    const { backoff_ms, restarts_max } = this.#options;
    const { report, onGivenUp } = this.#dependencies;
    if (this.#healthy_timer) clearTimeout(this.#healthy_timer);
    if (this.#restarts >= restarts_max) {
      onGivenUp(
        this.spec.name,
        `${why}. It ended ${this.#restarts + 1} times in a row and is not started again: see ${this.#logPath}`,
      );
      return;
    }
    const wait_ms = backoff_ms[Math.min(this.#restarts, backoff_ms.length - 1)] ?? 1_000;
    this.#restarts++;
    report(`${why}. Starting it again in ${wait_ms / 1000} s`);
    this.#restart_timer = setTimeout(() => {
      this.start().then(
        () => report(`The ${this.spec.name} runs again`),
        (error: Error) => {
          if (!this.#stopping) this.#restartLater(error.message);
        },
      );
    }, wait_ms);
  }
}
