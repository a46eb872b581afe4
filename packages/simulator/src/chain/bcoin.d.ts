// The parts of bcoin 1.0.2 that the development chain uses; the package has no types of its own.

declare module "bcoin/lib/protocol/networks.js" {
  import type { BigNumber } from "bcoin";
  export interface NetworkParameters {
    port: number;
    rpcPort: number;
    halvingInterval: number;
    minerWindow: number;
    activationThreshold: number;
    pow: {
      limit: BigNumber;
      bits: number;
      targetTimespan: number;
      targetSpacing: number;
      retargetInterval: number;
      targetReset: boolean;
      noRetargeting: boolean;
    };
    block: { bip34height: number; bip65height: number; bip66height: number };
    keyPrefix: { privkey: number; xpubkey: number; xprivkey: number };
    addressPrefix: {
      pubkeyhash: number;
      scripthash: number;
      witnesspubkeyhash: number;
      witnessscripthash: number;
      bech32: string;
    };
  }
  const networks: { regtest: NetworkParameters };
  export default networks;
}

declare module "bcoin" {
  import type { EventEmitter } from "node:events";

  export interface BigNumber {
    toString(base?: number): string;
  }
  export interface Entry {
    hash: string;
    height: number;
    time: number;
    bits: number;
    rhash(): string;
  }
  export interface Coin {
    value: number;
    height: number;
    coinbase: boolean;
  }
  export interface Block {
    txs: unknown[];
  }
  export interface Attempt {
    time: number;
    items: unknown[];
    fees: number;
  }
  export interface Job {
    attempt: Attempt;
    refresh(): void;
    mineAsync(): Promise<Block>;
  }
  export interface Chain {
    height: number;
    tip: Entry;
    add(block: Block): Promise<Entry | null>;
    getTarget(time: number, previous: Entry | null): Promise<number>;
    getEntry(hashOrHeight: string | number): Promise<Entry | null>;
    isMainHash(hash: string): Promise<boolean>;
  }
  export interface Miner {
    createJob(tip: Entry | null, address: unknown): Promise<Job>;
  }
  export interface Transaction {
    inputs: { prevout: { hash: string; index: number }; sequence: number }[];
    hash(encoding: "hex"): string;
    txid(): string;
    getFee(view: unknown): number;
    getVirtualSize(): number;
  }
  export interface MempoolEntry {
    tx: Transaction;
    fee: number;
  }
  export interface Mempool {
    map: Map<string, unknown>;
    /** What it misses, where it cannot be judged yet. */
    addTX(tx: Transaction): Promise<unknown>;
    isSpent(hash: string, index: number): boolean;
    getSpent(hash: string, index: number): MempoolEntry | undefined;
    getCoinView(tx: Transaction): Promise<unknown>;
    evictEntry(entry: MempoolEntry): void;
  }
  export type RpcHandler = (args: unknown[], help: boolean) => Promise<unknown>;
  export interface Rpc {
    calls: Record<string, RpcHandler>;
    refreshBlock(): void;
    headerToJSON(entry: Entry): Promise<Record<string, unknown>>;
    blockToJSON(entry: Entry, block: Block, details: boolean): Promise<Record<string, unknown>>;
  }
  export class FullNode extends EventEmitter {
    constructor(options: Record<string, unknown>);
    chain: Chain;
    miner: Miner;
    mempool: Mempool;
    rpc: Rpc;
    http: { address(): { port: number } };
    /** Makes the folders. */
    ensure(): Promise<void>;
    open(): Promise<void>;
    close(): Promise<void>;
    getCoinsByAddress(address: unknown): Promise<Coin[]>;
    sendTX(tx: unknown): Promise<void>;
  }
  export class KeyRing {
    static generate(): KeyRing;
    static fromSecret(secret: string, network: string): KeyRing;
    witness: boolean;
    toSecret(network: string): string;
    getAddress(): unknown;
  }
  export class MTX {
    addCoin(coin: Coin): void;
    addOutput(address: unknown, value: number): void;
    sign(ring: KeyRing): number;
    toTX(): { hash(encoding: "hex"): string };
  }
  const bcoin: {
    FullNode: typeof FullNode;
    KeyRing: typeof KeyRing;
    MTX: typeof MTX;
    TX: { fromRaw(text: string, encoding: "hex"): Transaction };
    Address: { fromString(text: string, network: string): unknown };
  };
  export default bcoin;
}

declare module "leveldown" {
  interface LevelDown {
    iterator(options?: Record<string, unknown>): unknown;
  }
  const leveldown: { prototype: LevelDown };
  export default leveldown;
}
