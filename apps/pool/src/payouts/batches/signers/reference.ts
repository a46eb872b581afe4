import http from "node:http";
import https from "node:https";
import type { SignerLink } from "@otedama/shared";
import { z } from "zod";
import type { Signer } from "./signer.ts";
import { SIGNED_BYTES_MAX, SignerError } from "./signer_error.ts";

const Signed = z.object({ psbt: z.string() });
const Refused = z.object({ error: z.object({ code: z.string(), message: z.string().max(2_000) }) });
const ANSWER_MS = 30_000;

/** `otedama signer`, over a Unix socket or HTTP: `POST /sign` with `{"psbt": …}`. */
export class ReferenceSigner implements Signer {
  readonly kind = "reference";
  readonly #link: Extract<SignerLink, { kind: "reference" }>;
  readonly #stopped = new AbortController();

  constructor(link: Extract<SignerLink, { kind: "reference" }>) {
    this.#link = link;
  }

  async sign(psbt: string): Promise<string> {
    const { status, body } = await this.#post(JSON.stringify({ psbt }));
    let answer: unknown;
    try {
      answer = JSON.parse(body);
    } catch {
      throw new SignerError("away", `The signer answered HTTP ${status} without JSON: is signer.url its address?`);
    }
    const signed = Signed.safeParse(answer);
    if (status === 200 && signed.success) return signed.data.psbt;
    const refused = Refused.safeParse(answer);
    const said = refused.success ? refused.data.error.message : `HTTP ${status}`;
    throw new SignerError(status === 422 ? "refused" : "away", `The signer refuses: ${said}`);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
  }

  #post(payload: string): Promise<{ status: number; body: string }> {
    const { url, token } = this.#link;
    const socket = url.startsWith("unix:") ? url.slice("unix:".length) : null;
    const target = socket === null ? new URL("/sign", url) : new URL("http://signer/sign");
    const transport = target.protocol === "https:" ? https : http;
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
    const away = (error: Error) => reject(new SignerError("away", `The signer cannot be reached: ${error.message}.`));
    const request = transport.request(target, {
      method: "POST",
      agent: false,
      ...(socket !== null && { socketPath: socket }),
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(payload),
      },
      signal: AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    request.on("error", away);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("error", away);
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > SIGNED_BYTES_MAX) request.destroy(new Error(`it answered with more than ${SIGNED_BYTES_MAX} bytes`));
        else chunks.push(chunk);
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }));
    });
    request.end(payload);
    return promise;
  }
}
