/** `POST /sign` with `{"psbt": "…"}` and the token; `GET /address`. On a Unix socket or on loopback. */
import { createHash, timingSafeEqual } from "node:crypto";
import { chmodSync, existsSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { SignerSettings } from "@otedama/shared";
import { PsbtError } from "@otedama/shared/psbt";
import type { Logger } from "pino";
import { z } from "zod";
import { PolicyRefusal } from "./review.ts";
import type { ReferenceSigner } from "./signer.ts";

const Request = z.strictObject({ psbt: z.string().min(1).max(4_000_000) });
const BODY_BYTES_MAX = 4_100_000;
const REQUEST_MS = 30_000;

export interface HttpServerDependencies {
  signer: ReferenceSigner;
  address: string;
  log: Logger;
}

export class SignerServer {
  readonly #options: Pick<SignerSettings, "listen" | "token">;
  readonly #d: HttpServerDependencies;
  readonly #server: Server;

  constructor(options: Pick<SignerSettings, "listen" | "token">, dependencies: HttpServerDependencies) {
    this.#options = options;
    this.#d = dependencies;
    this.#server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
      void this.#answer(request, response).catch((error: Error) => {
        dependencies.log.error({ err: error }, "request");
        reply(response, 500, { error: { code: "internal", message: "The signer failed: see its log." } });
      });
    });
    this.#server.maxConnections = 32;
  }

  /** Resolves with where it listens, as `signer.url` wants it. */
  async start(): Promise<string> {
    const { listen } = this.#options;
    // What an earlier process left behind is no server.
    if ("socket" in listen && existsSync(listen.socket)) rmSync(listen.socket);
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      if ("socket" in listen) this.#server.listen(listen.socket, resolve);
      else this.#server.listen(listen.port, listen.host, resolve);
    });
    if ("socket" in listen) {
      chmodSync(listen.socket, 0o600);
      return `unix:${listen.socket}`;
    }
    const { port } = this.#server.address() as { port: number };
    return `http://${listen.host.includes(":") ? `[${listen.host}]` : listen.host}:${port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#isAllowed(request)) {
      return reply(response, 401, { error: { code: "token", message: "The token is missing or wrong: see signer.token." } });
    }
    if (request.method === "GET" && request.url === "/address") return reply(response, 200, { address: this.#d.address });
    if (request.method !== "POST" || request.url !== "/sign") {
      return reply(response, 404, { error: { code: "not_found", message: "There are POST /sign and GET /address." } });
    }
    const body = await readBody(request);
    const parsed = body === null ? null : Request.safeParse(parseJson(body));
    if (!parsed?.success) {
      return reply(response, 400, { error: { code: "body", message: 'Send {"psbt": "…"} with a PSBT in base64, up to 4 MB.' } });
    }
    try {
      const { psbt, review } = this.#d.signer.sign(parsed.data.psbt);
      const { unsigned_txid, pays_sats, fee_sats } = review;
      this.#d.log.info({ unsigned_txid, pays_sats: String(pays_sats), fee_sats: String(fee_sats) }, "signed");
      reply(response, 200, { psbt });
    } catch (error) {
      if (!(error instanceof PolicyRefusal || error instanceof PsbtError)) throw error;
      this.#d.log.warn({ code: error.code, message: error.message }, "refused");
      reply(response, 422, { error: { code: error.code, message: error.message } });
    }
  }

  #isAllowed(request: IncomingMessage): boolean {
    const given = /^Bearer (.{1,512})$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const digest = (text: string) => createHash("sha256").update(text, "utf8").digest();
    return timingSafeEqual(digest(given), digest(this.#options.token));
  }
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return;
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
