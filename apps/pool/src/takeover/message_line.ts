/** Lines of JSON over a socket, each read when it is asked for, within bounds of time and size. */
import type { Socket } from "node:net";

export interface MessageLineOptions {
  line_bytes_max: number;
  total_bytes_max: number;
}

export class MessageLine {
  readonly #socket: Socket;
  readonly #options: MessageLineOptions;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #lines: Buffer[] = [];
  /** Of a line whose end has not come. */
  #parts: Buffer[] = [];
  #part_bytes = 0;
  #total_bytes = 0;

  constructor(options: MessageLineOptions, dependencies: { socket: Socket }) {
    this.#options = options;
    this.#socket = dependencies.socket;
    this.#socket.on("error", () => {});
    this.#chunks = this.#socket.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  }

  /** The next message; null when the other side has ended. Throws when nothing comes in time, or too much. */
  async receive(limit_ms: number): Promise<unknown> {
    const timer = setTimeout(() => this.#socket.destroy(new Error(`nothing came for ${limit_ms / 1000} s`)), limit_ms);
    try {
      for (;;) {
        const line = this.#lines.shift();
        if (line) return JSON.parse(line.toString());
        const { done, value } = await this.#chunks.next();
        if (done) return null;
        this.#cut(value);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when there is room for more. Throws when the other side is gone, or takes nothing for so long. */
  async send(message: unknown, limit_ms: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => this.#socket.destroy(new Error(`nothing was taken for ${limit_ms / 1000} s`)), limit_ms);
    this.#socket.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
    await promise.finally(() => clearTimeout(timer));
  }

  close(): void {
    this.#socket.destroy();
  }

  #cut(chunk: Buffer): void {
    this.#total_bytes += chunk.length;
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      this.#lines.push(Buffer.concat([...this.#parts, chunk.subarray(from, at)]));
      this.#parts = [];
      this.#part_bytes = 0;
      from = at + 1;
    }
    this.#parts.push(chunk.subarray(from));
    this.#part_bytes += chunk.length - from;
    if (this.#part_bytes <= this.#options.line_bytes_max && this.#total_bytes <= this.#options.total_bytes_max) return;
    this.#socket.destroy();
    throw new Error("too much came at once");
  }
}
