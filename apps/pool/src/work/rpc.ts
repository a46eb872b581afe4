/**
 * JSON-RPC of a chain node over HTTP, with kept-alive connections, a time limit and a size limit for every call.
 */
import http from "node:http";
import https from "node:https";
import type { ChainNodeSettings } from "@otedama/shared";

export type RpcErrorCode =
  /** Not reached, or the connection broke. */
  | "unreachable"
  | "timeout"
  | "unauthorized"
  /** Answered, but not with JSON-RPC, or with more than the limit. */
  | "bad_answer"
  /** The node's own error; `node_code` is its number. */
  | "node"
  | "aborted";

export class RpcError extends Error {
  readonly code: RpcErrorCode;
  readonly node_code: number | null;
  constructor(code: RpcErrorCode, message: string, nodeCode: number | null = null) {
    super(message);
    this.name = "RpcError";
    this.code = code;
    this.node_code = nodeCode;
  }
}

/** Error numbers of Bitcoin Core's rpc/protocol.h that the pool acts on. */
export const NODE_CODES = {
  warming_up: -28,
  not_connected: -9,
  initial_download: -10,
  invalid_parameter: -8,
  not_found: -5,
} as const;

export interface CallOptions {
  timeout_ms?: number;
  signal?: AbortSignal;
}

const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

export class RpcClient {
  /** Without credentials: safe to show. */
  readonly name: string;
  readonly #url: URL;
  readonly #authorization: string;
  readonly #agent: http.Agent;
  #id = 0;

  constructor(settings: Pick<ChainNodeSettings, "url" | "user" | "password">) {
    this.#url = new URL(settings.url);
    if (this.#url.protocol !== "http:" && this.#url.protocol !== "https:") {
      throw new Error(`A node's address begins with http:// or https://, not ${this.#url.protocol}//.`);
    }
    const user = settings.user || decodeURIComponent(this.#url.username);
    const password = settings.password || decodeURIComponent(this.#url.password);
    this.#url.username = "";
    this.#url.password = "";
    this.name = this.#url.host;
    this.#authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
    const Agent = this.#url.protocol === "https:" ? https.Agent : http.Agent;
    // Nodes drop idle connections after seconds (bcoin 5, Core 30); ours goes first.
    this.#agent = new Agent({ keepAlive: true, maxSockets: 8, maxFreeSockets: 4, timeout: 4000 });
  }

  async call(method: string, params: unknown[] = [], options: CallOptions = {}): Promise<unknown> {
    const id = ++this.#id;
    const answer = await this.#post({ jsonrpc: "1.0", id, method, params }, options);
    // A proxy that mixes answers up, or gives one twice, must not pass for the node.
    const answered = (answer as { id?: unknown } | null)?.id;
    if (answered !== id && (answered ?? null) !== null) {
      throw new RpcError("bad_answer", `The node ${this.name} answered ${method} with the answer to something else.`);
    }
    return unwrap(answer, method);
  }

  /** Several calls in one request; the results are in order, an error in place of a result where the node gave one. */
  async batch(calls: { method: string; params: unknown[] }[], options: CallOptions = {}): Promise<(unknown | RpcError)[]> {
    if (calls.length === 0) return [];
    const first = this.#id + 1;
    this.#id += calls.length;
    const answer = await this.#post(
      calls.map((call, index) => ({ jsonrpc: "1.0", id: first + index, ...call })),
      options,
    );
    if (!Array.isArray(answer)) throw new RpcError("bad_answer", `The node ${this.name} does not answer batches.`);
    const byId = new Map(answer.map((item: { id?: unknown }) => [item?.id, item]));
    return calls.map((call, index) => {
      try {
        return unwrap(byId.get(first + index), call.method);
      } catch (error) {
        return error as RpcError;
      }
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(body: unknown, options: CallOptions, again = true): Promise<unknown> {
    const payload = Buffer.from(JSON.stringify(body));
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const transport = this.#url.protocol === "https:" ? https : http;
    const request = transport.request(this.#url, {
      method: "POST",
      agent: this.#agent,
      headers: {
        authorization: this.#authorization,
        "content-type": "application/json",
        "content-length": payload.length,
      },
      ...(options.signal && { signal: options.signal }),
    });
    const limit_ms = options.timeout_ms ?? 10_000;
    const timer = setTimeout(
      () => request.destroy(new RpcError("timeout", `The node ${this.name} did not answer within ${limit_ms / 1000} s.`)),
      limit_ms,
    );
    // The agent's own time limit is for idle sockets; a long poll is silent on purpose.
    request.setTimeout(0);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > ANSWER_BYTES_MAX) {
          request.destroy(new RpcError("bad_answer", `The node ${this.name} answered with more than ${ANSWER_BYTES_MAX} bytes.`));
          return;
        }
        chunks.push(chunk);
      });
      response.on("error", fail);
      response.on("end", () => {
        clearTimeout(timer);
        try {
          resolve(this.#decode(response.statusCode ?? 0, Buffer.concat(chunks).toString("utf8")));
        } catch (error) {
          reject(error);
        }
      });
    });
    const fail = (error: Error) => {
      clearTimeout(timer);
      if (error instanceof RpcError) reject(error);
      else if (again && request.reusedSocket && (error as NodeJS.ErrnoException).code === "ECONNRESET") {
        // The node closed an idle connection just as it was to be used: that says nothing about the node.
        this.#post(body, options, false).then(resolve, reject);
      } else if (error.name === "AbortError") reject(new RpcError("aborted", "The call was given up."));
      else reject(new RpcError("unreachable", `The node ${this.name} cannot be reached: ${error.message}.`));
    };
    request.on("error", fail);
    request.end(payload);
    return promise;
  }

  #decode(status: number, text: string): unknown {
    if (status === 401 || status === 403) {
      throw new RpcError("unauthorized", `The node ${this.name} refuses the user and password of the settings.`);
    }
    try {
      return JSON.parse(text);
    } catch {
      throw new RpcError(
        "bad_answer",
        `The node ${this.name} answered HTTP ${status} without JSON: is it a chain node's RPC port?`,
      );
    }
  }
}

function unwrap(answer: unknown, method: string): unknown {
  if (typeof answer !== "object" || answer === null) throw new RpcError("bad_answer", `No answer to ${method}.`);
  const { result, error } = answer as { result?: unknown; error?: { code?: unknown; message?: unknown } | null };
  if (error) {
    const code = typeof error.code === "number" ? error.code : null;
    throw new RpcError("node", String(error.message ?? "unknown error").slice(0, 300), code);
  }
  return result ?? null;
}
