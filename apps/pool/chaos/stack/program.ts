/** One program of the stack as a process of its own, which can be killed outright and started again. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface ProgramOptions {
  name: string;
  /** For node: the program's file and its arguments. */
  args: string[];
  env?: NodeJS.ProcessEnv;
}

export interface ProgramDependencies {
  /** It ended without having been killed; `said` is the end of what it wrote. */
  onCrash: (name: string, how: string, said: string) => void;
  onLine?: (line: string) => void;
}

const SAID_BYTES_MAX = 8_000;
const START_ATTEMPTS = 5;
const READY_MS = 240_000;

export class Program {
  readonly name: string;
  readonly #options: ProgramOptions;
  readonly #d: ProgramDependencies;
  #child: ChildProcess | null = null;
  #said = "";
  #killed = false;

  constructor(options: ProgramOptions, dependencies: ProgramDependencies) {
    this.name = options.name;
    this.#options = options;
    this.#d = dependencies;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Resolves with the line by which it says that it is ready. A start that fails is tried again, and told of when it goes on failing. */
  async start(): Promise<Record<string, unknown>> {
    for (let attempt = 1; ; attempt++) {
      const line = await this.#launch();
      if (line) return line;
      if (attempt === START_ATTEMPTS) throw new Error(`${this.name} does not start: ${this.#said.slice(-2_000)}`);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    const hard = setTimeout(() => this.#child?.kill("SIGKILL"), 10_000);
    await this.#end("SIGTERM");
    clearTimeout(hard);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#killed = true;
    const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : null;
    child.kill(signal);
    await ended;
  }

  async #launch(): Promise<Record<string, unknown> | null> {
    this.#killed = false;
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...this.#options.args], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: { ...process.env, ...this.#options.env },
    });
    this.#child = child;
    child.stderr?.on("data", (chunk: Buffer) => this.#note(chunk.toString()));
    const { promise, resolve } = Promise.withResolvers<Record<string, unknown> | null>();
    let ready = false;
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      this.#note(`${line}\n`);
      this.#d.onLine?.(line);
      if (ready || !line.includes('"ready"')) return;
      ready = true;
      resolve(JSON.parse(line) as Record<string, unknown>);
    });
    child.once("exit", (code, signal) => {
      if (this.#child === child) this.#child = null;
      resolve(null);
      if (ready && !this.#killed) this.#d.onCrash(this.name, signal ?? `code ${code}`, this.#said.slice(-2_000));
    });
    const late = setTimeout(() => child.kill("SIGKILL"), READY_MS);
    const line = await promise;
    clearTimeout(late);
    return line;
  }

  #note(text: string): void {
    this.#said = (this.#said + text).slice(-SAID_BYTES_MAX);
  }
}
