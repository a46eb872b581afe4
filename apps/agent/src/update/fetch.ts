/** Requests to the control plane, signed by the agent's own key. Node's own client: what `fetch` loads costs megabytes for good. */
import { once } from "node:events";
import { get as httpGet, type IncomingMessage } from "node:http";
import { get as httpsGet } from "node:https";
import { FetchRefusal, fetchAuthorization, fetchStatement } from "@otedama/shared/agent";

export interface FetchOptions {
  hub_url: string;
  agent_id: string;
  /** Without a byte for so long, a connection counts as lost. */
  silence_ms: number;
}

export interface FetchDependencies {
  sign: (statement: Uint8Array) => string;
  /** By the control plane's clock. */
  now_ms: () => number;
}

/** The control plane answered, and said no: asking again soon would not help, unless `again` says so. */
export class Refused extends Error {
  readonly again: boolean;
  constructor(message: string, again: boolean) {
    super(message);
    this.again = again;
  }
}

const TEXT_BYTES_MAX = 256 * 1024;

export class HubFetch {
  readonly #options: FetchOptions;
  readonly #dependencies: FetchDependencies;

  constructor(options: FetchOptions, dependencies: FetchDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** An answer with one of the statuses `wanted`, unread. Throws Refused, or the network's error. */
  async open(
    path: string,
    wanted: readonly number[],
    signal: AbortSignal,
    headers: Record<string, string> = {},
  ): Promise<IncomingMessage> {
    const { hub_url, agent_id, silence_ms } = this.#options;
    const url = new URL(path, hub_url);
    const at_ms = Math.round(this.#dependencies.now_ms());
    const signature = this.#dependencies.sign(fetchStatement(agent_id, path, at_ms));
    const get = url.protocol === "https:" ? httpsGet : httpGet;
    const request = get(url, { headers: { ...headers, authorization: fetchAuthorization(agent_id, at_ms, signature) }, signal });
    request.setTimeout(silence_ms, () => request.destroy(new Error(`nothing came for ${silence_ms / 1000} s`)));
    const [response] = (await once(request, "response")) as [IncomingMessage];
    if (wanted.includes(response.statusCode ?? 0)) return response;
    const text = await read(response).catch(() => "");
    let message = `the control plane answered ${response.statusCode} for ${path}`;
    try {
      message = FetchRefusal.parse(JSON.parse(text)).message;
    } catch {
      // A proxy's page says no more than its status.
    }
    throw new Refused(message, response.statusCode === 429 || (response.statusCode ?? 0) >= 500);
  }

  async json(path: string, signal: AbortSignal): Promise<unknown> {
    return JSON.parse(await read(await this.open(path, [200], signal)));
  }
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > TEXT_BYTES_MAX) throw new Error("the control plane's answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
