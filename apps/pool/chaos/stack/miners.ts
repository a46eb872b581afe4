/** Miners on real sockets, which write down what they were told of each share. */
import { hashToDifficulty } from "@otedama/shared";
import { type Share, StratumMiner } from "../../test/support/stratum_miner.ts";
import type { Random } from "../random.ts";

export interface MinerIdentity {
  address: string;
  name: string;
  solo: boolean;
}

/** `unanswered`: the connection ended first, so nobody knows. */
export type Told = "accepted" | "refused" | "unanswered";

export interface SentShare {
  miner: MinerIdentity;
  hash: string;
  job_number: number;
  share_difficulty: number;
  told: Told;
  /** The reason of a refusal. */
  why: string;
}

/** Shares a second of one miner, about. */
const SHARES_PER_S = 8;
const RECONNECT_MS = 150;
const WRONG_SHARES = 0.08;

export class Miner {
  readonly identity: MinerIdentity;
  readonly sent: SentShare[] = [];
  /** What should have been refused and was not. */
  readonly wrongly_accepted: string[] = [];
  readonly #port: () => number;
  readonly #random: Random;
  #stopped = false;
  #connection: StratumMiner | null = null;
  #running: Promise<void> | null = null;

  constructor(identity: MinerIdentity, dependencies: { port: () => number; random: Random }) {
    this.identity = identity;
    this.#port = dependencies.port;
    this.#random = dependencies.random;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#connection?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#connect();
        await this.#mine();
      } catch {
        // The pool is down: a miner tries again, and so do we.
      }
      this.#connection?.close();
      this.#connection = null;
      if (!this.#stopped) await pause(RECONNECT_MS);
    }
  }

  async #connect(): Promise<void> {
    const connection = await StratumMiner.connect(this.#port());
    this.#connection = connection;
    if (this.#stopped) connection.close();
    const { address, name, solo } = this.identity;
    const { result, error } = await connection.authorize(`${address}.${name}`, solo ? "m=solo" : "x");
    if (result !== true) throw new Error(error?.[1] ?? "not let in");
  }

  async #mine(): Promise<void> {
    const connection = this.#connection as StratumMiner;
    while (!this.#stopped && !connection.closed) {
      const share = await connection.find();
      if (!share) continue;
      await this.#submit(connection, share);
      await this.#blunder(connection, share);
      await pause((2_000 / SHARES_PER_S) * this.#random.next());
    }
  }

  async #submit(connection: StratumMiner, share: Share): Promise<void> {
    const sent: SentShare = {
      miner: this.identity,
      hash: share.hash,
      job_number: Number.parseInt(share.job.id.slice(0, 8), 16),
      share_difficulty: hashToDifficulty(Buffer.from(share.hash, "hex").reverse()),
      told: "unanswered",
      why: "",
    };
    this.sent.push(sent);
    const answer = await connection.submit(share);
    if (answer.result === true) sent.told = "accepted";
    else if (answer.error?.[0] !== 0) Object.assign(sent, { told: "refused", why: answer.error?.[1] ?? "" });
  }

  /** What broken miners do: the same share again, one of a job that nobody sent, one that is no hex. None of it may count. */
  async #blunder(connection: StratumMiner, share: Share): Promise<void> {
    if (this.#random.next() > WRONG_SHARES) return;
    const [user, job, extranonce2, ...rest] = share.params as [string, string, string, ...string[]];
    const wrong = this.#random.pick([
      share.params,
      [user, "7fffffff", extranonce2, ...rest],
      [user, job, extranonce2.replace(/.$/, "x"), ...rest],
    ]);
    const answer = await connection.call("mining.submit", wrong);
    if (answer.result === true) this.wrongly_accepted.push(wrong.join(" "));
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
