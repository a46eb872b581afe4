/** One HTTP request, for the one moment that the agent needs one: without `fetch`, which costs a rig ten megabytes. */
import type { ClientRequest, IncomingMessage } from "node:http";

const ANSWER_BYTES_MAX = 64 * 1024;

export interface HttpAnswer {
  status: number;
  /** Null when it is not JSON. */
  body: unknown;
}

/** Rejects when there is no whole answer within `timeout_ms`. Follows no redirect: a token goes where the operator sent it. */
export async function postJson(url: URL, body: object, timeout_ms: number): Promise<HttpAnswer> {
  if (url.protocol !== "https:" && url.protocol !== "http:") throw new Error(`${url.protocol} is no way to a control plane`);
  const { request } = await (url.protocol === "https:" ? import("node:https") : import("node:http"));
  const text = JSON.stringify(body);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const outgoing: ClientRequest = request(url, { method: "POST", headers, agent: false }, (answer: IncomingMessage) => {
    let held = "";
    answer.setEncoding("utf8");
    answer.on("data", (chunk: string) => {
      held += chunk;
      if (held.length > ANSWER_BYTES_MAX) outgoing.destroy(new Error("the answer is too long"));
    });
    answer.on("error", reject);
    answer.on("close", () => reject(new Error("the answer ended early")));
    answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: parsed(held) }));
  });
  const timer = setTimeout(() => outgoing.destroy(new Error("no answer in time")), timeout_ms);
  outgoing.on("error", reject);
  outgoing.end(text);
  return promise.finally(() => clearTimeout(timer));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
