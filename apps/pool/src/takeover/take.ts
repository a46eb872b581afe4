/**
 * The newer process: reaches the one that serves, learns its jobs, takes its connections over, and waits for its end. Every step before the
 * engines' handover can fail without a miner noticing.
 */
import { connect, type Socket } from "node:net";
import type { StratumEngine } from "@otedama/native/engine-types";
import type { Network } from "@otedama/shared";
import type { Job } from "../work/job.ts";
import { JobReader } from "./job_lines.ts";
import { MessageLine } from "./message_line.ts";
import { FromOlder, LINE_BYTES_MAX, TAKEOVER_PROTOCOL, TOTAL_BYTES_MAX, takeoverPaths } from "./messages.ts";

export interface EarlierPoolOptions {
  data_dir: string;
  version: string;
  instance_id: string;
  network: Network;
}

const ANSWER_MS = 20_000;
/** Well under the time for which the older process holds its templates back. */
const HELD_MS_MAX = 10_000;

export class EarlierPool {
  readonly #line: MessageLine;
  readonly #engine_path: string;
  readonly #monotonic_ms: () => number;
  #reader: JobReader | null = new JobReader();
  #go_at_ms = 0;
  /** Of the older process. */
  pid = 0;
  version = "";

  private constructor(line: MessageLine, engine_path: string, monotonic_ms: () => number) {
    this.#line = line;
    this.#engine_path = engine_path;
    this.#monotonic_ms = monotonic_ms;
  }

  /**
   * Resolves when the older process makes no more jobs and all are known here; with null when no pool serves from this folder. Throws a
   * sentence when there is one that does not hand over: it then goes on.
   */
  static async reach(options: EarlierPoolOptions, dependencies: { monotonic_ms: () => number }): Promise<EarlierPool | null> {
    const { data_dir, ...identity } = options;
    const paths = takeoverPaths(data_dir);
    const socket = await reachSocket(paths.door);
    if (!socket) return null;
    const line = new MessageLine({ line_bytes_max: LINE_BYTES_MAX, total_bytes_max: TOTAL_BYTES_MAX }, { socket });
    const earlier = new EarlierPool(line, paths.engine, dependencies.monotonic_ms);
    try {
      await line.send({ kind: "hello", protocol: TAKEOVER_PROTOCOL, ...identity }, ANSWER_MS);
      await earlier.#learn();
      return earlier;
    } catch (error) {
      line.close();
      throw new Error(`The pool that runs was not taken over: ${(error as Error).message}`);
    }
  }

  /** Live ones, oldest first. To be taken once. */
  takeJobs(): Job[] {
    const jobs = this.#reader?.jobs ?? [];
    this.#reader = null;
    return jobs;
  }

  /** The moment itself. Throws a sentence when it fails; the older process then goes on. */
  takeOver(engine: Pick<StratumEngine, "takeOver">): { host: string; port: number }[] {
    try {
      if (this.#monotonic_ms() - this.#go_at_ms > HELD_MS_MAX) throw new Error("this process was too slow");
      return engine.takeOver(this.#engine_path);
    } catch (error) {
      this.close();
      throw new Error(`The pool that runs was not taken over: ${(error as Error).message}`);
    }
  }

  /** Resolves with true when the older process has ended, with false when it has not for so long. */
  async ended(limit_ms: number): Promise<boolean> {
    try {
      return (await this.#line.receive(limit_ms)) === null;
    } catch (error) {
      // A line that was cut is as much an end as one that was closed.
      return (error as NodeJS.ErrnoException).code !== undefined;
    } finally {
      this.close();
    }
  }

  close(): void {
    this.#line.close();
  }

  async #learn(): Promise<void> {
    for (;;) {
      const message = await this.#receive();
      if (message.kind === "refused") throw new Error(message.message);
      if (message.kind === "welcome") {
        this.pid = message.pid;
        this.version = message.version;
      } else if (message.kind === "jobs_sent") {
        this.#go_at_ms = this.#monotonic_ms();
        await this.#line.send({ kind: "go" }, ANSWER_MS);
      } else if (message.kind === "held") {
        if (this.#go_at_ms === 0) throw new Error("it spoke out of turn");
        return;
      } else this.#reader?.take(message);
    }
  }

  async #receive(): Promise<FromOlder> {
    const message = await this.#line.receive(ANSWER_MS);
    if (message === null) throw new Error("it ended. Start again");
    const parsed = FromOlder.safeParse(message);
    if (!parsed.success) throw new Error("it said something that this version does not understand");
    return parsed.data;
  }
}

/** Null when nobody listens there. */
async function reachSocket(path: string): Promise<Socket | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket | null>();
  const socket = connect(path, () => resolve(socket));
  socket.once("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ECONNREFUSED") resolve(null);
    else reject(new Error(`The pool that runs cannot be reached at ${path}: ${error.message}`));
  });
  return promise;
}
