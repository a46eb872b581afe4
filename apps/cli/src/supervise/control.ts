/**
 * How one command asks another that runs: a Unix socket in the folder of pid files, for the same user only. One request and one answer, each
 * a line of JSON: `{"command":"takeover"}` → `{"ok":true,"message":"…"}`.
 */
import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface Answer {
  ok: boolean;
  message: string;
}

const REQUEST_MS = 5_000;
/** Above the time for which a supervisor waits for a process to be ready. */
const ANSWER_MS = 120_000;
const REQUEST_BYTES_MAX = 1_024;
/** Of a Unix socket's address, less the zero at its end. */
const SOCKET_PATH_BYTES_MAX = 107;

const socketPath = (run_dir: string) => join(run_dir, "control.sock");

export class ControlServer {
  readonly #path: string;
  readonly #server: Server;

  /** `takeOverPool` resolves with the sentence for whoever asked, or rejects with one. */
  constructor(options: { run_dir: string }, dependencies: { takeOverPool: () => Promise<string> }) {
    this.#path = socketPath(options.run_dir);
    this.#server = createServer((socket) => void serve(socket, dependencies.takeOverPool));
    this.#server.maxConnections = 8;
  }

  /** For the one supervisor of the folder. Throws a sentence when the socket cannot be made. */
  async start(): Promise<void> {
    if (Buffer.byteLength(this.#path) > SOCKET_PATH_BYTES_MAX) {
      throw new Error(
        `\`otedama pool -takeover\` cannot ask here: ${this.#path} is too long for a socket. Set OTEDAMA_HOME to a shorter path`,
      );
    }
    // What lies there is of a supervisor that is gone.
    rmSync(this.#path, { force: true });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.on("error", (error) =>
      reject(new Error(`\`otedama pool -takeover\` cannot ask here: ${this.#path} cannot be made: ${error.message}`)),
    );
    const mask = process.umask(0o177);
    try {
      this.#server.listen(this.#path, resolve);
    } finally {
      process.umask(mask);
    }
    await promise;
  }

  stop(): void {
    this.#server.close();
  }
}

async function serve(socket: Socket, takeOverPool: () => Promise<string>): Promise<void> {
  socket.on("error", () => {});
  const line = await firstLine(socket, REQUEST_MS, REQUEST_BYTES_MAX);
  const answer = (ok: boolean, message: string) => socket.end(`${JSON.stringify({ ok, message } satisfies Answer)}\n`);
  if ((line as { command?: unknown } | null)?.command !== "takeover") {
    answer(false, "This version understands no such request");
    return;
  }
  try {
    answer(true, await takeOverPool());
  } catch (error) {
    answer(false, (error as Error).message);
  }
}

/** Asks the supervisor of a folder to replace its pool. Throws a sentence when it does not answer. */
export async function askForTakeover(run_dir: string): Promise<Answer> {
  const path = socketPath(run_dir);
  const socket = connect(path);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once("connect", resolve);
  socket.on("error", (error) => reject(new Error(`What runs here cannot be asked for a takeover at ${path}: ${error.message}`)));
  await promise;
  socket.write(`${JSON.stringify({ command: "takeover" })}\n`);
  const { ok, message } = ((await firstLine(socket, ANSWER_MS, 64 * 1024)) ?? {}) as Partial<Answer>;
  socket.destroy();
  if (typeof ok !== "boolean" || typeof message !== "string") throw new Error(`What runs here gave no answer at ${path}`);
  return { ok, message };
}

/** Null when the other side ended before, was too slow, or wrote what is no JSON. */
function firstLine(socket: Socket, limit_ms: number, bytes_max: number): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const timer = setTimeout(() => resolve(null), limit_ms);
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytes_max) resolve(null);
  });
  createInterface({ input: socket })
    .once("line", (line) => {
      try {
        resolve(JSON.parse(line));
      } catch {
        resolve(null);
      }
    })
    .once("close", () => resolve(null));
  return promise.finally(() => clearTimeout(timer));
}
