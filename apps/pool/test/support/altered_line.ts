/** A chain node's RPC behind something that changes, holds back, repeats or swallows its answers. */
import { createServer, type Server } from "node:http";
import type { RunningChain } from "@otedama/simulator/chain";

export interface Question {
  method: string;
  params: unknown[];
}

export class AlteredLine {
  readonly #chain: RunningChain;
  #server: Server | null = null;
  /** Changes a result; what it returns later is answered later. */
  alter: (question: Question, result: unknown) => unknown = (_, result) => result;
  /** Rewrites a whole answer: another id, another body. */
  rewrite: (question: Question, answer: string) => string = (_, answer) => answer;
  url = "";

  constructor(chain: RunningChain) {
    this.#chain = chain;
  }

  async open(): Promise<void> {
    const { url, user, password } = this.#chain;
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
    const server = createServer(async (request, response) => {
      try {
        const body = await new Response(request as unknown as ReadableStream).text();
        const given = await fetch(url, { method: "POST", body, headers: { authorization, "content-type": "application/json" } });
        const answer = (await given.json()) as { result: unknown };
        const question = JSON.parse(body) as Question;
        answer.result = await this.alter(question, answer.result);
        response.writeHead(200, { "content-type": "application/json" }).end(this.rewrite(question, JSON.stringify(answer)));
      } catch {
        response.destroy();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  }

  close(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
}
