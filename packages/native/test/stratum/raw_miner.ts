/** A miner reduced to a socket: sends lines as they are given and hands back what comes, one JSON value a line. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface Message {
  id: unknown;
  method?: string;
  params?: unknown[];
  result?: unknown;
  error?: [number, string, null] | null;
}

export class RawMiner {
  readonly socket: Socket;
  readonly lines: string[] = [];
  closed = false;
  #partial = "";
  #waiting: (() => void)[] = [];
  #nextId = 1000;
  extranonce1 = "";
  session = "";

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      const parts = (this.#partial + chunk).split("\n");
      this.#partial = parts.pop() ?? "";
      this.lines.push(...parts);
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
  }

  static async connect(port: number, options: { localAddress?: string } = {}): Promise<RawMiner> {
    const socket = connect({ port, host: "127.0.0.1", ...options });
    const miner = new RawMiner(socket);
    await once(socket, "connect");
    return miner;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  send(line: string | Uint8Array): void {
    this.socket.write(typeof line === "string" ? `${line}\n` : line);
  }

  /** Takes the first line that `wanted` accepts out of what came; lines before it stay. Rejects when the connection ends before. */
  async take(wanted: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const at = this.lines.findIndex((line) => wanted(JSON.parse(line) as Message));
      if (at >= 0) return JSON.parse(this.lines.splice(at, 1)[0] ?? "") as Message;
      if (this.closed) throw new Error("the connection ended");
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  takeMethod(method: string): Promise<Message> {
    return this.take((message) => message.method === method);
  }

  request(method: string, params: unknown[]): Promise<Message> {
    const id = this.#nextId++;
    this.send(JSON.stringify({ id, method, params }));
    return this.take((message) => message.id === id);
  }

  async subscribe(agent = "raw/1", session?: string): Promise<Message> {
    const answer = await this.request("mining.subscribe", session === undefined ? [agent] : [agent, session]);
    const [subscriptions, extranonce1] = answer.result as [[string, string][], string, number];
    this.extranonce1 = extranonce1;
    this.session = subscriptions[0]?.[1] ?? "";
    return answer;
  }

  /** Subscribes, authorises and takes the first difficulty and job. */
  async login(user = "alice.rig1", password = "x"): Promise<{ difficulty: number; job: string[] }> {
    await this.subscribe();
    const answer = await this.request("mining.authorize", [user, password]);
    if (answer.result !== true) throw new Error(`not authorised: ${JSON.stringify(answer)}`);
    const difficulty = await this.takeMethod("mining.set_difficulty");
    const job = await this.takeMethod("mining.notify");
    return { difficulty: difficulty.params?.[0] as number, job: job.params as string[] };
  }

  async ended(): Promise<void> {
    while (!this.closed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.socket.destroy();
  }
}
