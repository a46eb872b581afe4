/** A control plane that has releases, for tests: signs them with its own key, checks who asks, and misbehaves on demand. */
import { createHash, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fetchStatement, type ReleaseManifest, type SignedMessage, signedStatement } from "@otedama/shared";

const rawKey = (key: KeyObject): string => Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url").toString("base64");

export class ReleaseServer {
  readonly control = generateKeyPairSync("ed25519");
  readonly agent = generateKeyPairSync("ed25519");
  readonly agent_id = "11111111-2222-4333-8444-555555555555";
  readonly manifests = new Map<number, SignedMessage>();
  readonly files = new Map<string, Buffer>();
  readonly ranges: (string | undefined)[] = [];
  /** Answers in place of the server when it returns true. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  readonly #server = createServer((request, response) => this.#serve(request, response));

  get control_key(): string {
    return rawKey(this.control.publicKey);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  signAsAgent = (statement: Uint8Array): string => sign(null, statement, this.agent.privateKey).toString("base64");

  publish(
    number: number,
    version: string,
    content: Buffer,
    change: (manifest: ReleaseManifest) => unknown = () => {},
    key = this.control.privateKey,
  ): void {
    const sha256 = createHash("sha256").update(content).digest("hex");
    const manifest: ReleaseManifest = {
      number,
      version,
      made_at_ms: 1_700_000_000_000,
      files: [{ platform: "linux-x64", name: "otedama-agent", bytes: content.length, sha256 }],
    };
    change(manifest);
    const payload = JSON.stringify(manifest);
    this.manifests.set(number, { payload, signature: sign(null, signedStatement("release", payload), key).toString("base64") });
    this.files.set(sha256, content);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? "";
    const [scheme, agent_id, at_ms, signature] = (request.headers.authorization ?? "").split(" ");
    const statement = fetchStatement(this.agent_id, path, Number(at_ms));
    const known = scheme === "Otedama-Agent" && agent_id === this.agent_id;
    if (!known || !verify(null, statement, this.agent.publicKey, Buffer.from(signature ?? "", "base64"))) {
      this.#refuse(response, 401, "bad_proof", "The signature is not that of this agent.");
      return;
    }
    if (this.intercept(request, response)) return;
    const number = /^\/api\/agent\/releases\/(\d+)$/.exec(path)?.[1];
    const manifest = this.manifests.get(Number(number));
    if (manifest) {
      response.end(JSON.stringify(manifest));
      return;
    }
    const file = this.files.get(/^\/api\/agent\/releases\/files\/([0-9a-f]{64})$/.exec(path)?.[1] ?? "");
    if (!file) {
      this.#refuse(response, 404, "not_found", "There is no such release.");
      return;
    }
    this.ranges.push(request.headers.range);
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, {
      "content-length": file.length - from,
      ...(from > 0 ? { "content-range": `bytes ${from}-${file.length - 1}/${file.length}` } : {}),
    });
    response.end(file.subarray(from));
  }

  #refuse(response: ServerResponse, status: number, code: string, message: string): void {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ code, message }));
  }
}
