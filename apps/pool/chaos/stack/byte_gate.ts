/** A TCP line that can be held (bytes wait in both directions, and come later) or cut. */
import { connect, createServer, type Server, type Socket } from "node:net";

export class ByteGate {
  readonly #target: { host: string; port: number };
  readonly #pairs = new Set<[Socket, Socket]>();
  #server: Server | null = null;
  #held = false;
  port = 0;

  constructor(target: { host: string; port: number }) {
    this.#target = target;
  }

  async open(): Promise<void> {
    const server = createServer({ pauseOnConnect: true }, (inner) => this.#join(inner));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.port = (server.address() as { port: number }).port;
    this.#server = server;
  }

  /** Nothing gets through until `release`; connections stay, new ones are taken and wait too. */
  hold(): void {
    this.#held = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  release(): void {
    this.#held = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  /** Ends every connection; the next ones are taken as before. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.cut();
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #join(inner: Socket): void {
    const outer = connect(this.#target);
    outer.pause();
    const pair: [Socket, Socket] = [inner, outer];
    this.#pairs.add(pair);
    const end = () => {
      this.#pairs.delete(pair);
      inner.destroy();
      outer.destroy();
    };
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      from.on("error", end);
      from.on("close", end);
      from.on("data", (chunk: Buffer) => {
        if (to.write(chunk)) return;
        from.pause();
        to.once("drain", () => this.#held || from.resume());
      });
    }
    if (!this.#held) for (const socket of pair) socket.resume();
  }
}
