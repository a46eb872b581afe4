/** GET /metrics and GET /health of one pool process. */
import { createServer, type Server } from "node:http";
import type { ListenAddress, PoolSnapshot } from "@otedama/shared";
import type { Metrics } from "./metrics.ts";

const FREE_TRIES_MAX = 20;
const FREE_RETRY_MS = 250;

export interface MetricsServerDependencies {
  metrics: Metrics;
  snapshot: () => PoolSnapshot;
}

export class MetricsServer {
  readonly #listen: ListenAddress;
  readonly #server: Server;

  constructor(options: { listen: ListenAddress }, dependencies: MetricsServerDependencies) {
    this.#listen = options.listen;
    this.#server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, async (request, response) => {
      const path = (request.url ?? "").split("?", 1)[0];
      try {
        if (request.method !== "GET") response.writeHead(405, { allow: "GET" }).end();
        else if (path === "/metrics") {
          const text = await dependencies.metrics.text();
          response.writeHead(200, { "content-type": dependencies.metrics.contentType }).end(text);
        } else if (path === "/health") {
          const { node, database, accounting_lag_records } = dependencies.snapshot();
          // Miners can be served without the database, not without a node.
          const status = node.state === "down" ? "down" : node.state === "ok" && database.state === "ok" ? "ok" : "degraded";
          response
            .writeHead(status === "down" ? 503 : 200, { "content-type": "application/json" })
            .end(JSON.stringify({ status, node, database, accounting_lag_records }));
        } else response.writeHead(404, { "content-type": "text/plain" }).end("See /metrics and /health.\n");
      } catch (error) {
        response.writeHead(500, { "content-type": "text/plain" }).end(`${(error as Error).message}\n`);
      }
    });
    this.#server.maxConnections = 64;
  }

  /** The bound port. Throws a sentence when it cannot be had. */
  async start(): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", (error: NodeJS.ErrnoException) => {
      const where = `${this.#listen.host}:${this.#listen.port}`;
      reject(
        new Error(
          error.code === "EADDRINUSE"
            ? `The metrics address ${where} is in use: stop what listens there or set another one (monitoring).`
            : `The metrics address ${where} cannot be opened: ${error.message}.`,
        ),
      );
    });
    this.#server.listen(this.#listen.port, this.#listen.host, resolve);
    await promise;
    const address = this.#server.address();
    return typeof address === "object" && address ? address.port : this.#listen.port;
  }

  /** After a takeover: the port is free a moment after the earlier process. Miners are served without it where it is not; null then. */
  async startWhenFree(onGivenUp: (error: Error) => void): Promise<number | null> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.start();
      } catch (error) {
        if (tries >= FREE_TRIES_MAX) {
          onGivenUp(error as Error);
          return null;
        }
        await new Promise((resolve) => setTimeout(resolve, FREE_RETRY_MS));
      }
    }
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
