/** A chain node's RPC behind something that holds its answers back, repeats them, mixes them up, or asks twice. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { Random } from "../random.ts";
import type { AnswerFault } from "../schedule.ts";

interface Answer {
  status: number;
  body: string;
}

const LATE_MS_MAX = 800;

export class RpcGate {
  readonly #target: { port: number };
  readonly #random: Random;
  readonly #held = new Set<() => void>();
  #server: Server | null = null;
  #holding = false;
  #fault: AnswerFault | null = null;
  #last: Answer | null = null;
  #waiting: ((other: Answer) => Answer) | null = null;
  port = 0;
  /** Answers that came back wrong, late or twice. */
  altered = 0;

  constructor(target: { port: number }, dependencies: { random: Random }) {
    this.#target = target;
    this.#random = dependencies.random;
  }

  async open(): Promise<void> {
    const server = createServer((from, to) => void this.#pass(from, to).catch(() => to.destroy()));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.port = (server.address() as { port: number }).port;
    this.#server = server;
  }

  /** No answer comes until `release`. */
  hold(): void {
    this.#holding = true;
  }

  release(): void {
    this.#holding = false;
    for (const go of this.#held) go();
    this.#held.clear();
  }

  set answers(fault: AnswerFault | null) {
    this.#fault = fault;
  }

  async close(): Promise<void> {
    this.release();
    const server = this.#server;
    this.#server = null;
    server?.closeAllConnections();
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  async #pass(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const question = await bodyOf(from);
    const gone = new AbortController();
    to.once("close", () => gone.abort());
    const ask = () => this.#ask(question, from.headers.authorization ?? "", gone.signal);
    let answer = await ask();
    const fault = this.#fault;
    if (fault === "twice") answer = await ask();
    if (fault) answer = await this.#spoil(fault, answer);
    if (fault) this.altered += 1;
    this.#last = answer;
    if (this.#holding) await new Promise<void>((resolve) => this.#held.add(resolve));
    to.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
  }

  async #spoil(fault: AnswerFault, answer: Answer): Promise<Answer> {
    if (fault === "late") await pause(this.#random.between(0, LATE_MS_MAX));
    if (fault === "repeated" && this.#last && this.#random.next() < 0.5) return this.#last;
    if (fault !== "swapped") return answer;
    const other = this.#waiting;
    this.#waiting = null;
    if (other) return other(answer);
    // Waits for the next one and changes places with it; alone, it goes as it is.
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const swap = (theirs: Answer) => {
      resolve(theirs);
      return answer;
    };
    this.#waiting = swap;
    setTimeout(() => {
      if (this.#waiting === swap) this.#waiting = null;
      resolve(answer);
    }, LATE_MS_MAX);
    return promise;
  }

  #ask(question: string, authorization: string, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = request({
        host: "127.0.0.1",
        port: this.#target.port,
        method: "POST",
        headers: { authorization, "content-type": "application/json", "content-length": Buffer.byteLength(question) },
        agent: false,
        signal,
      });
      asked.on("error", reject);
      asked.on("response", (response) =>
        bodyOf(response).then((body) => resolve({ status: response.statusCode ?? 500, body }), reject),
      );
      asked.end(question);
    });
  }
}

async function bodyOf(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
