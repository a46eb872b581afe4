/** A pool for tests, written against the protocol: checks every share by node:crypto, not by the code under test. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

const sha256d = (bytes: Buffer): Buffer => createHash("sha256").update(createHash("sha256").update(bytes).digest()).digest();

export interface TestPoolOptions {
  difficulty?: number;
  version_mask?: string | null;
  extranonce2_size?: number;
  branches?: number;
  port?: number;
}

export interface TestShare {
  user: string;
  job_id: string;
  header: Buffer;
  hash: Buffer;
  difficulty: number;
}

const DIFF1 = 0xffffn << 208n;

export class TestPool {
  readonly shares: TestShare[] = [];
  readonly requests: { method: string; params: unknown[] }[] = [];
  readonly sockets = new Set<Socket>();
  readonly #options: Required<TestPoolOptions>;
  readonly #server: Server;
  readonly #seen = new Set<string>();
  #job = 0;
  /** How shares are answered; tests replace it. */
  judge: (share: TestShare) => unknown = () => null;
  /** While true, answers to shares wait; setting it false sends them. */
  #holding = false;
  #held: (() => void)[] = [];

  constructor(options: TestPoolOptions = {}) {
    this.#options = { difficulty: 0.00002, version_mask: "1fffe000", extranonce2_size: 4, branches: 2, port: 0, ...options };
    this.#server = createServer((socket) => this.#serve(socket));
  }

  async listen(port = this.#options.port): Promise<this> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `stratum+tcp://127.0.0.1:${this.port}`;
  }

  dropAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.dropAll();
    this.#server.close();
    await once(this.#server, "close");
  }

  send(message: object | string): void {
    for (const socket of this.sockets) socket.write(typeof message === "string" ? message : `${JSON.stringify(message)}\n`);
  }

  get held(): number {
    return this.#held.length;
  }

  hold(): void {
    this.#holding = true;
  }

  release(): void {
    this.#holding = false;
    for (const answer of this.#held.splice(0)) answer();
  }

  newJob(): void {
    this.#job += 1;
    this.send(this.#notify());
  }

  async until(condition: () => boolean, what: string, timeout_ms = 15_000): Promise<void> {
    const deadline = Date.now() + timeout_ms;
    while (!condition()) {
      if (Date.now() > deadline) throw new Error(`waited ${timeout_ms} ms for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  readonly #prev_hash = Buffer.alloc(32, 7);
  readonly #coinb1 = Buffer.from("01000000010000000000000000ffffffff20", "hex");
  readonly #coinb2 = Buffer.alloc(77, 3);
  readonly #extranonce1 = Buffer.from("a1b2c3d4", "hex");
  readonly #version = 0x20000000;
  readonly #ntime = 0x66000000;
  readonly #nbits = 0x1d00ffff;

  #branches(): Buffer[] {
    return Array.from({ length: this.#options.branches }, (_, i) => Buffer.alloc(32, 0x40 + i));
  }

  #notify(): object {
    const hex8 = (value: number) => value.toString(16).padStart(8, "0");
    return {
      id: null,
      method: "mining.notify",
      params: [
        `job${this.#job}`,
        Buffer.from(this.#prev_hash).swap32().toString("hex"),
        this.#coinb1.toString("hex"),
        this.#coinb2.toString("hex"),
        this.#branches().map((branch) => branch.toString("hex")),
        hex8(this.#version),
        hex8(this.#nbits),
        hex8(this.#ntime),
        true,
      ],
    };
  }

  #serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("error", () => undefined);
    let held = "";
    socket.on("data", (chunk) => {
      held += chunk;
      const lines = held.split("\n");
      held = lines.pop() ?? "";
      for (const line of lines) this.#answer(socket, JSON.parse(line));
    });
  }

  #answer(socket: Socket, { id, method, params }: { id: unknown; method?: string; params: unknown[] }): void {
    const reply = (result: unknown, error: unknown = null) => socket.write(`${JSON.stringify({ id, result, error })}\n`);
    if (method === undefined) return;
    this.requests.push({ method, params });
    const { version_mask, difficulty, extranonce2_size } = this.#options;
    switch (method) {
      case "mining.configure":
        if (version_mask === null) reply(null, [20, "unknown method", null]);
        else reply({ "version-rolling": true, "version-rolling.mask": version_mask });
        break;
      case "mining.subscribe":
        reply([[["mining.notify", "session-1"]], this.#extranonce1.toString("hex"), extranonce2_size]);
        break;
      case "mining.authorize":
        if (params[0] === "nobody") reply(false, [24, "unknown worker", null]);
        else {
          reply(true);
          socket.write(`${JSON.stringify({ id: null, method: "mining.set_difficulty", params: [difficulty] })}\n`);
          socket.write(`${JSON.stringify(this.#notify())}\n`);
        }
        break;
      case "mining.submit": {
        const share = this.#read(params as string[]);
        const judged = typeof share === "string" ? [20, share, null] : this.judge(share);
        if (typeof share !== "string" && judged === null) this.shares.push(share);
        if (this.#holding) this.#held.push(() => reply(judged === null, judged));
        else reply(judged === null, judged);
        break;
      }
      default:
        reply(null, [20, "unknown method", null]);
    }
  }

  /** The share as a header, or what is wrong with it. */
  #read([user, job_id, extranonce2, ntime, nonce, version_bits]: (string | undefined)[]): TestShare | string {
    const mask = Number.parseInt(this.#options.version_mask ?? "0", 16);
    if (user === undefined || job_id === undefined || extranonce2?.length !== 2 * this.#options.extranonce2_size)
      return "bad submit";
    if (!/^[0-9a-f]{8}$/.test(ntime ?? "") || !/^[0-9a-f]{8}$/.test(nonce ?? "")) return "bad ntime or nonce";
    if ((version_bits !== undefined) !== (mask !== 0)) return "version bits do not fit the mask";
    const bits = Number.parseInt(version_bits ?? "0", 16);
    if (bits & ~mask) return "version bits outside of the mask";
    const coinbase = Buffer.concat([this.#coinb1, this.#extranonce1, Buffer.from(extranonce2, "hex"), this.#coinb2]);
    const root = this.#branches().reduce((node, branch) => sha256d(Buffer.concat([node, branch])), sha256d(coinbase));
    const header = Buffer.alloc(80);
    header.writeUInt32LE(((this.#version & ~mask) | bits) >>> 0, 0);
    this.#prev_hash.copy(header, 4);
    root.copy(header, 36);
    header.writeUInt32LE(Number.parseInt(ntime ?? "", 16), 68);
    header.writeUInt32LE(this.#nbits, 72);
    header.writeUInt32LE(Number.parseInt(nonce ?? "", 16), 76);
    const hash = sha256d(header);
    const key = header.toString("hex") + job_id;
    if (this.#seen.has(key)) return "duplicate";
    this.#seen.add(key);
    const value = BigInt(`0x${Buffer.from(hash).reverse().toString("hex")}`);
    const difficulty = Number((DIFF1 * 1_000_000n) / value) / 1e6;
    if (difficulty < this.#options.difficulty) return "low difficulty";
    return { user, job_id, header, hash, difficulty };
  }
}
