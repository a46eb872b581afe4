/** Two chain nodes that hear of each other's blocks and transactions, as peers would, and a rival who builds longer branches on one of them. */
import { randomBytes } from "node:crypto";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "@otedama/db/embedded";
import { type RunningChain, startChain } from "@otedama/simulator/chain";

/** A block is this many hashes, for ever: a moment's work for everybody. */
export const BLOCK_HASHES = 2_000;
/** Of P2WSH type, and of use to nobody: what the rival's blocks pay. */
const RIVAL_ADDRESS = "bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry";
const GOSSIP_MS = 150;
const BRANCH_ATTEMPTS = 4;

interface NodePlace {
  dir: string;
  port: number;
}

export class ChainPair {
  readonly #user = "otedama";
  readonly #password = randomBytes(16).toString("hex");
  readonly #places: NodePlace[];
  readonly #nodes: (RunningChain | null)[];
  #gossiping: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  private constructor(places: NodePlace[]) {
    this.#places = places;
    this.#nodes = places.map(() => null);
  }

  /** Both begin with the same first blocks. */
  static async start(dir: string): Promise<ChainPair> {
    const origin = join(dir, "origin");
    await (await startChain({ dir: origin, hashrate_hps: BLOCK_HASHES, block_interval_s: 1, retarget: false })).stop();
    const places: NodePlace[] = [];
    for (const name of ["node-a", "node-b"]) {
      cpSync(origin, join(dir, name), { recursive: true });
      places.push({ dir: join(dir, name), port: await freePort() });
    }
    const pair = new ChainPair(places);
    await Promise.all(places.map((_, index) => pair.startNode(index)));
    pair.#gossip();
    return pair;
  }

  get ports(): number[] {
    return this.#places.map(({ port }) => port);
  }

  get credentials(): { user: string; password: string } {
    return { user: this.#user, password: this.#password };
  }

  async startNode(index: number): Promise<void> {
    const { dir, port } = this.#places[index] as NodePlace;
    for (let attempt = 1; ; attempt++) {
      try {
        const options = { dir, port, rpc_user: this.#user, rpc_password: this.#password, transactions: false };
        this.#nodes[index] = await startChain(options);
        return;
      } catch (error) {
        if (attempt === 5) throw error;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    }
  }

  /** `kill -9`. */
  async killNode(index: number): Promise<void> {
    const node = this.#nodes[index];
    if (!node) return;
    this.#nodes[index] = null;
    process.kill(node.pid, "SIGKILL");
    await node.exited;
  }

  /** Throws where that node is down. */
  rpc<T>(index: number, method: string, params: unknown[] = []): Promise<T> {
    const node = this.#nodes[index];
    return node ? node.rpc<T>(method, params) : Promise.reject(new Error("the node is down"));
  }

  async height(): Promise<number> {
    return this.rpc<number>(0, "getblockcount");
  }

  async mine(blocks: number, address = RIVAL_ADDRESS): Promise<void> {
    for (let left = blocks; left > 0; left -= 25) await this.rpc(0, "generatetoaddress", [Math.min(25, left), address]);
  }

  /** True when both are on the same tip. */
  async agree(): Promise<boolean> {
    const [a, b] = await Promise.all([0, 1].map((index) => this.rpc<string>(index, "getbestblockhash")));
    return a === b;
  }

  /**
   * A branch one block longer than the newest `depth` blocks, which takes their place. Answers how many blocks were really replaced: the pool
   * may have found more meanwhile, and then the branch is made anew.
   */
  async reorganise(index: number, depth: number): Promise<number> {
    for (let attempt = 0; attempt < BRANCH_ATTEMPTS; attempt++) {
      const height = await this.rpc<number>(index, "getblockcount");
      const before = await this.rpc<string>(index, "getblockhash", [height - depth + 1]);
      await this.rpc(index, "generateonheight", [height - depth, depth + 1, RIVAL_ADDRESS]);
      const after = await this.rpc<string>(index, "getblockhash", [height - depth + 1]);
      if (after !== before) return depth;
    }
    return 0;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#gossiping;
    await Promise.all(this.#nodes.map((node) => node?.stop()));
  }

  #gossip(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      // One that is down hears of everything later.
      this.#gossiping = this.#tell()
        .catch(() => {})
        .finally(() => this.#gossip());
    }, GOSSIP_MS);
  }

  async #tell(): Promise<void> {
    const heights = await Promise.all([0, 1].map((index) => this.rpc<number>(index, "getblockcount")));
    const [a = 0, b = 0] = heights;
    if (a > b) await this.#passBlocks(0, 1, a);
    if (b > a) await this.#passBlocks(1, 0, b);
    await this.#passTransactions(0, 1);
    await this.#passTransactions(1, 0);
  }

  async #passBlocks(from: number, to: number, top: number): Promise<void> {
    const missing: string[] = [];
    for (let height = top; height > 0; height--) {
      const hash = await this.rpc<string>(from, "getblockhash", [height]);
      const known = await this.rpc(to, "getblockheader", [hash]).catch(() => null);
      if (known) break;
      missing.push(hash);
    }
    for (const hash of missing.reverse()) {
      await this.rpc(to, "submitblock", [await this.rpc<string>(from, "getblock", [hash, false])]);
    }
  }

  async #passTransactions(from: number, to: number): Promise<void> {
    const [theirs, ours] = await Promise.all([from, to].map((index) => this.rpc<string[]>(index, "getrawmempool")));
    for (const txid of theirs ?? []) {
      if (ours?.includes(txid)) continue;
      const hex = await this.rpc<string>(from, "getrawtransaction", [txid]).catch(() => null);
      // One that conflicts with what the other has is not taken there.
      if (hex) await this.rpc(to, "sendrawtransaction", [hex]).catch(() => null);
    }
  }
}
