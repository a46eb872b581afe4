/**
 * The older process: listens for a newer one from its first day on, tells it what it must know, and learns from its engine whether the
 * newer one has everything. Until then nothing is given up: whatever goes wrong, this process serves on.
 */
import { existsSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import type { FaultEvent, HandedOverEvent } from "@otedama/native/engine-types";
import type { Network } from "@otedama/shared";
import type { Job } from "../work/job.ts";
import { JobWriter } from "./job_lines.ts";
import { MessageLine } from "./message_line.ts";
import { AnyHello, type FromOlder, Go, Hello, JOBS_HANDED_MAX, TAKEOVER_PROTOCOL, takeoverPaths } from "./messages.ts";
import type { TemplateGate } from "./template_gate.ts";

export interface TakeoverOfferOptions {
  data_dir: string;
  version: string;
  instance_id: string;
  network: Network;
}

export interface TakeoverOfferDependencies {
  offerEngine: (path: string) => void;
  /** The newest jobs with numbers above this one, oldest first. */
  jobsAfter: (job_number: number, count_max: number) => Job[];
  gate: TemplateGate;
  onAsked: (version: string) => void;
  /** This process goes on. */
  onFailed: (message: string) => void;
  /** Another one has everything. */
  onHandedOver: () => void;
}

const HELLO_MS = 5_000;
/** Time for the newer process to look at the jobs. */
const GO_MS = 60_000;
/** From holding templates back to the engines' handover being over. */
const HANDOVER_MS = 30_000;
const ENGINE_MS = 5_000;
const SEND_MS = 20_000;
const HELLO_BYTES_MAX = 4_096;

export class TakeoverOffer {
  readonly #options: TakeoverOfferOptions;
  readonly #d: TakeoverOfferDependencies;
  #server: Server | null = null;
  #line: MessageLine | null = null;
  #handed_over = false;
  #engine_trouble = "";
  /** Ends the handover under way. */
  #abort: ((error: Error) => void) | null = null;

  constructor(options: TakeoverOfferOptions, dependencies: TakeoverOfferDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  get handed_over(): boolean {
    return this.#handed_over;
  }

  /** For the one process that holds the data folder. A pool that cannot offer a takeover serves all the same: `onFailed` says why. */
  async start(): Promise<void> {
    try {
      const paths = takeoverPaths(this.#options.data_dir);
      // What lies there is of a process that is gone.
      rmSync(paths.door, { force: true });
      const server = createServer((socket) => void this.#serve(socket, paths.engine));
      server.maxConnections = 4;
      await listen(server, paths.door);
      this.#server = server;
      this.#d.offerEngine(paths.engine);
    } catch (error) {
      this.#d.onFailed((error as Error).message);
    }
  }

  handle(event: HandedOverEvent | FaultEvent): void {
    if (event.kind === "fault") {
      this.#engineFailed(event.message ?? "");
      return;
    }
    this.#handed_over = true;
    // The newer process makes its own at the same path: this one must be gone first, and is unlinked here and now.
    this.#server?.close();
    this.#server = null;
    this.#d.onHandedOver();
  }

  /** A line on which everything was handed over stays open until the process ends: that is how the newer one knows. */
  stop(): void {
    this.#server?.close();
    this.#server = null;
    if (!this.#handed_over) this.#line?.close();
  }

  /** Tells the same only once where the engine tries again and again. */
  #engineFailed(message: string): void {
    if (this.#abort) this.#abort(new Error(message));
    else if (message !== this.#engine_trouble) this.#d.onFailed(message);
    this.#engine_trouble = message;
  }

  async #serve(socket: Socket, engine_path: string): Promise<void> {
    const line = new MessageLine({ line_bytes_max: HELLO_BYTES_MAX, total_bytes_max: HELLO_BYTES_MAX }, { socket });
    const send = (message: FromOlder) => line.send(message, SEND_MS);
    try {
      const hello = await line.receive(HELLO_MS);
      const refusal = this.#line ? "another takeover is under way" : this.#refusal(hello);
      if (refusal) {
        this.#d.onFailed(`a takeover was refused: ${refusal}`);
        await send({ kind: "refused", message: refusal });
        socket.destroySoon();
        return;
      }
      this.#line = line;
      this.#d.onAsked((hello as Hello).version);
      await this.#handOver(line, send, engine_path);
    } catch (error) {
      if (this.#line === line && !this.#handed_over)
        this.#d.onFailed(`a takeover failed, and this process goes on: ${(error as Error).message}`);
      line.close();
    } finally {
      if (this.#line === line && !this.#handed_over) {
        this.#line = null;
      }
    }
  }

  #refusal(hello: unknown): string | null {
    const any = AnyHello.safeParse(hello);
    if (!any.success) return "what came is no greeting of a pool";
    if (any.data.protocol !== TAKEOVER_PROTOCOL) {
      return `version ${any.data.version} speaks protocol ${any.data.protocol} and this one, ${this.#options.version}, protocol ${TAKEOVER_PROTOCOL}. Stop this pool and start the new one.`;
    }
    const ours = Hello.safeParse(hello);
    if (!ours.success) return "the greeting has a wrong field";
    for (const key of ["instance_id", "network"] as const) {
      if (ours.data[key] !== this.#options[key]) {
        return `the new process has ${key} ${ours.data[key]} and this one has ${this.#options[key]}. Only a restart can change that.`;
      }
    }
    return null;
  }

  /** Ends when the line does, or throws. */
  async #handOver(line: MessageLine, send: (message: FromOlder) => Promise<void>, engine_path: string): Promise<void> {
    const writer = new JobWriter();
    let last = 0;
    const sendJobs = async () => {
      for (const job of this.#d.jobsAfter(last, JOBS_HANDED_MAX)) {
        last = job.engine.job_number;
        for (const message of writer.lines(job)) await send(message);
      }
    };
    await send({ kind: "welcome", version: this.#options.version, pid: process.pid });
    await sendJobs();
    await send({ kind: "jobs_sent" });
    const go = await line.receive(GO_MS);
    if (go === null) throw new Error("the new process has ended");
    Go.parse(go);
    await made(engine_path);
    this.#d.gate.hold();
    try {
      await sendJobs();
      await send({ kind: "held" });
      const failed = new Promise<never>((_, reject) => {
        this.#abort = reject;
      });
      const end = await Promise.race([line.receive(HANDOVER_MS), failed]);
      if (!this.#handed_over) throw new Error(end === null ? "the new process has ended" : "the new process spoke out of turn");
    } finally {
      this.#abort = null;
      if (!this.#handed_over) this.#d.gate.open();
    }
  }
}

/** The engine makes its socket on a thread of its own, and after a handover that failed again a moment later. */
async function made(path: string): Promise<void> {
  const end = performance.now() + ENGINE_MS;
  while (!existsSync(path)) {
    if (performance.now() > end) throw new Error(`its engine does not listen at ${path}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Nobody but the user of the pool may connect. */
async function listen(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.on("error", reject);
  const mask = process.umask(0o177);
  try {
    server.listen(path, resolve);
  } finally {
    process.umask(mask);
  }
  await promise.catch((error: Error) => {
    throw new Error(`Takeovers are not possible: ${path} cannot be made: ${error.message}.`);
  });
}
