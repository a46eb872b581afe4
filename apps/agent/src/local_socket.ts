/**
 * `data_dir/agent.sock`: one agent to a data folder, and whoever may read the folder may ask it how it is. Two agents on one journal
 * would each undo what the other wrote.
 */
import { chmodSync, closeSync, existsSync, openSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";

/** A Unix socket's address holds 107 bytes (unix(7)). */
const ADDRESS_BYTES_MAX = 107;
const ANSWER_BYTES_MAX = 64 * 1024;
const ANSWER_TIMEOUT_MS = 2_000;

export class LocalSocket {
  readonly #server: Server;
  readonly #close: () => void;

  private constructor(server: Server, close: () => void) {
    this.#server = server;
    this.#close = close;
  }

  /** Null when another agent has the folder. `status` is what it answers, as JSON. */
  static async claim(data_dir: string, status: () => object): Promise<LocalSocket | null> {
    const { path, close } = address(data_dir);
    if ((await ask(path)) !== null) {
      close();
      return null;
    }
    rmSync(path, { force: true });
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end(`${JSON.stringify(status())}\n`);
    });
    try {
      await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve));
      chmodSync(path, 0o600);
    } catch (error) {
      close();
      // Two that start at once: one of them was first.
      if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return null;
      throw error;
    }
    return new LocalSocket(server, close);
  }

  close(): void {
    this.#server.close();
    this.#close();
  }
}

/** What the agent that runs from that folder says of itself; null when none does. */
export async function askAgent(data_dir: string): Promise<unknown> {
  if (!existsSync(data_dir)) return null;
  const { path, close } = address(data_dir);
  const answer = await ask(path);
  close();
  return answer;
}

function ask(path: string): Promise<unknown> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let held = "";
    socket.setEncoding("utf8");
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy());
    socket.on("data", (chunk) => {
      held += chunk;
      if (held.length > ANSWER_BYTES_MAX) socket.destroy();
    });
    socket.on("error", () => resolve(null));
    // One that is there and says nothing is there all the same.
    socket.on("connect", () => socket.on("close", () => resolve(parsed(held) ?? {})));
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Through an open folder where its path is too long for a socket's address. */
function address(data_dir: string): { path: string; close: () => void } {
  const path = join(data_dir, "agent.sock");
  if (Buffer.byteLength(path) <= ADDRESS_BYTES_MAX) return { path, close: () => undefined };
  const folder = openSync(data_dir, "r");
  return { path: `/proc/self/fd/${folder}/agent.sock`, close: () => closeSync(folder) };
}
