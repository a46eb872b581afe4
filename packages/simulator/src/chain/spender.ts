import type { Coin, FullNode, KeyRing } from "bcoin";
import bcoin from "bcoin";

/** Unconfirmed transactions of its own after which the spender waits for a block. */
const UNCONFIRMED_MAX = 20;
const DUST_SATS = 10_000;
const COINBASE_MATURITY = 100;

/**
 * Keeps the blocks of the development chain from being empty: now and then it pays from the chain's first coins to itself, in
 * segwit transactions with two to four outputs and a fee of 1 to 20 satoshis a byte.
 */
export class Spender {
  readonly #node: FullNode;
  readonly #ring: KeyRing;
  readonly #mean_ms: number;
  #timer: NodeJS.Timeout | null = null;

  /** `mean_ms`: mean time between two transactions. */
  constructor(options: { mean_ms: number }, dependencies: { node: FullNode; ring: KeyRing }) {
    this.#mean_ms = options.mean_ms;
    this.#node = dependencies.node;
    this.#ring = dependencies.ring;
  }

  start(): void {
    this.#timer = setTimeout(() => void this.#spendAndWait(), this.#mean_ms * -Math.log(1 - Math.random()));
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
  }

  async #spendAndWait(): Promise<void> {
    try {
      if (this.#node.mempool.map.size < UNCONFIRMED_MAX) await this.spend();
    } catch (error) {
      this.#node.emit("error", error);
    } finally {
      this.start();
    }
  }

  /** Puts one transaction into the mempool; null when no coin is ripe. */
  async spend(): Promise<string | null> {
    const coins = (await this.#node.getCoinsByAddress(this.#ring.getAddress())).filter((coin) => this.#isRipe(coin));
    const coin = coins[Math.floor(Math.random() * coins.length)];
    if (!coin) return null;
    const outputs = 2 + Math.floor(Math.random() * 3);
    const vsize = 68 + 31 * outputs + 11;
    const fee = Math.ceil(vsize * (1 + Math.random() * 19));
    const each = Math.floor((coin.value - fee) / outputs);
    const tx = new bcoin.MTX();
    tx.addCoin(coin);
    for (let i = 0; i < outputs; i++) tx.addOutput(this.#ring.getAddress(), each);
    tx.sign(this.#ring);
    const signed = tx.toTX();
    await this.#node.sendTX(signed);
    return signed.hash("hex");
  }

  #isRipe(coin: Coin): boolean {
    if (coin.value < DUST_SATS) return false;
    return !coin.coinbase || coin.height + COINBASE_MATURITY <= this.#node.chain.height;
  }
}
