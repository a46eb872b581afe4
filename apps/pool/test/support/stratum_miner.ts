/** A Stratum V1 miner of a few lines, for tests: it speaks raw JSON lines and hashes with node:crypto. */
import { hash as digest } from "node:crypto";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { connect as connectTls } from "node:tls";
import { difficultyToTarget, nbitsToDifficulty } from "@otedama/shared";
import { hashValue } from "./mine.ts";

interface WireJob {
  id: string;
  prev_hash: Buffer;
  prefix: string;
  suffix: string;
  branches: Buffer[];
  version: Buffer;
  nbits: Buffer;
  ntime: Buffer;
  difficulty: number;
  network_difficulty: number;
}

/** A share that was found: what `mining.submit` takes. */
export interface Share {
  params: string[];
  hash: string;
  job: WireJob;
}

export interface Answer {
  result: unknown;
  error: [number, string, unknown] | null;
}

const sha256d = (bytes: Buffer): Buffer => digest("sha256", digest("sha256", bytes, "buffer"), "buffer");
const HASHES_BEFORE_YIELD = 4_000;

export class StratumMiner {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #id = 0;
  #extranonce1 = "";
  #extranonce2_bytes = 0;
  #extranonce2 = 0;
  #difficulty = 0;
  user = "";
  job: WireJob | null = null;
  closed = false;
  /** Jobs that made all before them stale. */
  clean_jobs = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      for (const answer of this.#waiting.values()) answer({ result: null, error: [0, "closed", null] });
      this.#waiting.clear();
    });
    createInterface({ input: socket })
      .on("line", (line) => this.#receive(JSON.parse(line)))
      .on("error", () => {});
  }

  /** Connects, over TLS where a certificate to believe in is given, and subscribes. */
  static async connect(port: number, tls?: { ca: Buffer; servername: string }): Promise<StratumMiner> {
    const socket = tls ? connectTls({ port, host: "127.0.0.1", ...tls }) : connect(port, "127.0.0.1");
    await new Promise((resolve, reject) => {
      socket.once(tls ? "secureConnect" : "connect", resolve);
      socket.once("error", reject);
    });
    const miner = new StratumMiner(socket);
    const { result } = await miner.call("mining.subscribe", ["test-miner/1"]);
    const [, extranonce1, bytes] = result as [unknown, string, number];
    miner.#extranonce1 = extranonce1;
    miner.#extranonce2_bytes = bytes;
    return miner;
  }

  get extranonce1(): string {
    return this.#extranonce1;
  }

  call(method: string, params: unknown[]): Promise<Answer> {
    const id = ++this.#id;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    if (this.closed) return Promise.resolve({ result: null, error: [0, "closed", null] });
    this.#waiting.set(id, resolve);
    this.#socket.write(`${JSON.stringify({ id, method, params })}\n`);
    return promise;
  }

  raw(bytes: string | Buffer): void {
    this.#socket.write(bytes);
  }

  async authorize(user: string, password = "x"): Promise<Answer> {
    this.user = user;
    return this.call("mining.authorize", [user, password]);
  }

  /** Finds one share of the job of the moment and submits it; goes to the next job when one comes in between. */
  async mine(): Promise<Answer & { hash: string }> {
    for (;;) {
      if (this.closed) return { result: null, error: [0, "closed", null], hash: "" };
      const share = await this.find();
      if (share) return { ...(await this.submit(share)), hash: share.hash };
    }
  }

  submit(share: Share): Promise<Answer> {
    return this.call("mining.submit", share.params);
  }

  /**
   * A share of the job of the moment, at that difficulty or at the job's own, and below the other where one is given; null
   * when another job came in between.
   */
  async find(difficulty?: number, below?: number): Promise<Share | null> {
    const job = this.job;
    if (!job) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return null;
    }
    const extranonce2 = (++this.#extranonce2).toString(16).padStart(this.#extranonce2_bytes * 2, "0");
    const floor = below === undefined ? -1n : difficultyToTarget(below);
    const found = await this.#search(job, extranonce2, difficultyToTarget(difficulty ?? job.difficulty), floor);
    const params = [this.user, job.id, extranonce2, job.ntime.toString("hex")];
    return found && { params: [...params, found.nonce], hash: found.hash, job };
  }

  close(): void {
    this.#socket.destroy();
  }

  async #search(
    job: WireJob,
    extranonce2: string,
    target: bigint,
    floor: bigint,
  ): Promise<{ nonce: string; hash: string } | null> {
    const coinbase = Buffer.from(job.prefix + this.#extranonce1 + extranonce2 + job.suffix, "hex");
    const root = job.branches.reduce((left, branch) => sha256d(Buffer.concat([left, branch])), sha256d(coinbase));
    const header = Buffer.concat([
      job.version,
      job.prev_hash,
      root,
      Buffer.from(job.ntime).reverse(),
      job.nbits,
      Buffer.alloc(4),
    ]);
    for (let nonce = 0; nonce < 0xffffffff; nonce++) {
      if (nonce % HASHES_BEFORE_YIELD === HASHES_BEFORE_YIELD - 1) {
        await new Promise((resolve) => setImmediate(resolve));
        if (this.job !== job || this.closed) return null;
      }
      header.writeUInt32LE(nonce, 76);
      const hash = sha256d(header);
      const value = hashValue(hash);
      if (value <= target && value > floor) {
        return { nonce: nonce.toString(16).padStart(8, "0"), hash: Buffer.from(hash).reverse().toString("hex") };
      }
    }
    return null;
  }

  #receive(message: { id: number | null; method?: string; params?: unknown[]; result?: unknown; error?: Answer["error"] }): void {
    if (message.method === "mining.set_difficulty") this.#difficulty = Number(message.params?.[0]);
    else if (message.method === "mining.notify") this.#notify(message.params as never);
    else if (message.id !== null && !message.method) {
      this.#waiting.get(message.id)?.({ result: message.result, error: message.error ?? null });
      this.#waiting.delete(message.id);
    }
  }

  #notify(params: [string, string, string, string, string[], string, string, string, boolean]): void {
    const [id, prev, prefix, suffix, branches, version, nbits, ntime, clean] = params;
    if (clean) this.clean_jobs += 1;
    this.job = {
      id,
      prev_hash: Buffer.from(prev, "hex").swap32(),
      prefix,
      suffix,
      branches: branches.map((branch) => Buffer.from(branch, "hex")),
      // Header fields are little-endian, the wire's are not.
      version: Buffer.from(version, "hex").reverse(),
      nbits: Buffer.from(nbits, "hex").reverse(),
      ntime: Buffer.from(ntime, "hex"),
      difficulty: this.#difficulty,
      network_difficulty: nbitsToDifficulty(Number.parseInt(nbits, 16)),
    };
  }
}
