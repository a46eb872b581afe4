/** One HTTP POST of a notice: bounded in time and in what is read of the answer, to allowed addresses only, without redirects. */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { type GuardedLookup, requireAllowedHost } from "./targets.ts";

/** How a try went, in the other side's own words where it has any. */
export interface Answer {
  delivered: boolean;
  answer: string;
  /** Seconds that the other side asked to be left alone for. */
  wait_s?: number;
}

export interface PostOptions {
  allow_private: boolean;
  timeout_ms: number;
  /** Of the answer's body; the rest is not read. */
  answer_bytes_max: number;
}

export type Post = (url: URL, headers: Record<string, string>, body: string) => Promise<Answer>;

export function createPost(options: PostOptions, dependencies: { lookup: GuardedLookup }): Post {
  return (url, headers, body) =>
    new Promise((resolve) => {
      const fail = (error: Error) => resolve({ delivered: false, answer: reasonOf(error, options.timeout_ms) });
      try {
        requireAllowedHost(url, options);
      } catch (error) {
        return fail(error as Error);
      }
      const bytes = Buffer.from(body);
      const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(
        url,
        {
          method: "POST",
          headers: { "content-type": "application/json", "user-agent": "Otedama", ...headers, "content-length": bytes.length },
          lookup: dependencies.lookup as never,
          agent: false,
          signal: AbortSignal.timeout(options.timeout_ms),
        },
        (response) => {
          const chunks: Buffer[] = [];
          let read_bytes = 0;
          const end = () => {
            const status = response.statusCode ?? 0;
            const text = Buffer.concat(chunks).toString("utf8").slice(0, options.answer_bytes_max).replaceAll("\0", "");
            const wait_s = Number(response.headers["retry-after"]);
            resolve({
              delivered: status >= 200 && status < 300,
              answer: `HTTP ${status}${response.statusMessage ? ` ${response.statusMessage}` : ""}${text === "" ? "" : `: ${text}`}`,
              ...(Number.isFinite(wait_s) && wait_s > 0 ? { wait_s } : {}),
            });
          };
          response.on("data", (chunk: Buffer) => {
            read_bytes += chunk.length;
            chunks.push(chunk);
            if (read_bytes < options.answer_bytes_max) return;
            end();
            response.destroy();
          });
          response.on("end", end);
          response.on("error", fail);
        },
      );
      request.on("error", fail);
      request.end(bytes);
    });
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: "Nothing listens there: the connection was refused.",
  ECONNRESET: "The other side closed the connection without an answer.",
  ENOTFOUND: "There is no host of that name.",
  EAI_AGAIN: "The name could not be looked up just now.",
  ETIMEDOUT: "No connection came about.",
  EHOSTUNREACH: "The host cannot be reached.",
  ENETUNREACH: "The network cannot be reached.",
  EPROTO: "The other side does not speak TLS there.",
  CERT_HAS_EXPIRED: "The certificate of the other side has expired.",
  DEPTH_ZERO_SELF_SIGNED_CERT: "The certificate of the other side is signed by nobody known.",
  SELF_SIGNED_CERT_IN_CHAIN: "The certificate of the other side is signed by nobody known.",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "The certificate of the other side is signed by nobody known.",
  ERR_TLS_CERT_ALTNAME_INVALID: "The certificate of the other side is for another name.",
};

/** A sentence without the address, which may hold a secret. */
function reasonOf(error: NodeJS.ErrnoException, timeout_ms: number): string {
  if (error.name === "TimeoutError" || error.name === "AbortError") return `No answer within ${timeout_ms / 1000} s.`;
  const inner = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined) : undefined;
  const code = error.code ?? inner?.code;
  if (code !== undefined) return REASONS[code] ?? `The connection failed (${code}).`;
  return error.name === "Error" || error.constructor.name === "PrivateTargetError"
    ? `${error.message}.`
    : "The connection failed.";
}
