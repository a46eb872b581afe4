import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { PidFiles } from "./process_identity.ts";
import { RotatingLog } from "./rotating_log.ts";

export interface AppSpec {
  name: string;
  /** Program that `node MAIN --settings FILE` runs. */
  main: string;
  settings: unknown;
  ready_timeout_ms: number;
}

/** What an app says on its first line: `{"ready":true,"app":"pool",...}` and the ports it bound. */
export type ReadyLine = Record<string, unknown>;

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

/**
 * One app as a process of its own: started, waited for until it is ready, started again when it ends by itself, and stopped. The app
 * gets an IPC channel, whose end tells it that its supervisor is gone, and a process group of its own, so that Ctrl-C in the
 * terminal reaches the supervisor alone.
 */
export class SupervisedApp {
  readonly spec: AppSpec;
  readonly #options: SupervisedAppOptions;
  readonly #dependencies: SupervisedAppDependencies;
  readonly #log: RotatingLog;
  #child: ChildProcess | null = null;
  #gone: Promise<void> = Promise.resolve();
  #stopping = false;
  #restarts = 0;
  #restart_timer: NodeJS.Timeout | null = null;
  #healthy_timer: NodeJS.Timeout | null = null;
  #last_words: string[] = [];

  constructor(spec: AppSpec, options: SupervisedAppOptions, dependencies: SupervisedAppDependencies) {
    this.spec = spec;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#log = new RotatingLog(join(options.log_dir, `${spec.name}.log`));
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves with the app's first line. Rejects with `AppStartError` when it ends or stays silent before. */
  async start(): Promise<ReadyLine> {
    const { name, ready_timeout_ms } = this.spec;
    const child = this.#spawn();
    return new Promise((done, fail) => {
      const timer = setTimeout(() => {
        fail(new AppStartError(`The ${name} was not ready within ${ready_timeout_ms / 1000} s: see ${this.#logPath}`));
        child.kill("SIGKILL");
      }, ready_timeout_ms);
      child.once("error", (error) => fail(new AppStartError(`The ${name} could not be started: ${error.message}`)));
      child.once("exit", (code, signal) => {
        clearTimeout(timer);
        fail(new AppStartError(this.#explainExit(code, signal)));
      });
      this.#onReady = (line) => {
        clearTimeout(timer);
        this.#watch(child);
        done(line);
      };
    });
  }

  /** Asks the app to stop; after `grace_ms` it is killed. */
  async stop(grace_ms: number): Promise<void> {
    this.#stopping = true;
    if (this.#restart_timer) clearTimeout(this.#restart_timer);
    if (this.#healthy_timer) clearTimeout(this.#healthy_timer);
    const child = this.#child;
    if (child) {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), grace_ms);
      await this.#gone;
      clearTimeout(timer);
    }
    this.#log.close();
  }

  #onReady: (line: ReadyLine) => void = () => {};

  get #logPath(): string {
    return join(this.#options.log_dir, `${this.spec.name}.log`);
  }

  #spawn(): ChildProcess {
    const { name, main, settings } = this.spec;
    const { settings_dir } = this.#options;
    mkdirSync(settings_dir, { recursive: true, mode: 0o700 });
    const file = join(settings_dir, `${name}.json`);
    writeFileSync(file, JSON.stringify(settings, null, 2), { mode: 0o600 });
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, "--settings", file], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
      env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
    });
    this.#child = child;
    this.#last_words = [];
    this.#gone = new Promise((done) => {
      child.once("error", () => done());
      child.once("close", () => {
        this.#child = null;
        this.#dependencies.pid_files.remove(name);
        done();
      });
    });
    if (child.pid) this.#dependencies.pid_files.write(name, child.pid);
    let ready = false;
    if (child.stdout) {
      createInterface({ input: child.stdout }).on("line", (line) => {
        const first = ready ? null : readyLine(line);
        if (first) {
          ready = true;
          this.#onReady(first);
        } else this.#keep(line);
      });
    }
    if (child.stderr) createInterface({ input: child.stderr }).on("line", (line) => this.#keep(line));
    return child;
  }

  #keep(line: string): void {
    this.#log.write(line);
    if (line.trim() === "") return;
    this.#last_words.push(line);
    if (this.#last_words.length > 20) this.#last_words.shift();
  }

  #watch(child: ChildProcess): void {
    if (this.#healthy_timer) clearTimeout(this.#healthy_timer);
    this.#healthy_timer = setTimeout(() => {
      this.#restarts = 0;
    }, this.#options.healthy_after_ms);
    this.#healthy_timer.unref();
    child.once("exit", (code, signal) => {
      if (!this.#stopping) this.#restartLater(this.#explainExit(code, signal));
    });
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

  #explainExit(code: number | null, signal: NodeJS.Signals | null): string {
    const said = this.#last_words.map(sentenceOf).findLast((line) => line !== null);
    const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
    return `The ${this.spec.name} ${how}${said ? `: ${said}` : ""}`;
  }
}

function readyLine(line: string): ReadyLine | null {
  if (!line.startsWith("{")) return null;
  try {
    const parsed = JSON.parse(line) as ReadyLine;
    return parsed.ready === true ? parsed : null;
  } catch {
    return null;
  }
}

/** What a person wants to read of a log line: the message of a JSON error, a plain sentence, but no stack. */
function sentenceOf(line: string): string | null {
  if (line.startsWith("{")) {
    try {
      const { level, msg, err } = JSON.parse(line) as { level?: unknown; msg?: string; err?: { message?: string } };
      const bad = level === "error" || level === "fatal" || (typeof level === "number" && level >= 50);
      return bad ? [msg, err?.message].filter(Boolean).join(": ") || null : null;
    } catch {
      return null;
    }
  }
  return /^\s|^Node\.js v|^node:|^\^|^}$|Warning:|^\(Use /.test(line) ? null : line.trim().slice(0, 400);
}
