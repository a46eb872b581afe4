/** Several chain nodes that began with the same chain and hear of each other's blocks only when a test passes them on. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningChain, startChain } from "@otedama/simulator/chain";

export class Twins {
  readonly #root: string;
  readonly chains: RunningChain[];

  private constructor(root: string, chains: RunningChain[]) {
    this.#root = root;
    this.chains = chains;
  }

  /** One for each entry; those with `transactions` keep paying from and to the chain's first coins. */
  static async start(options: { transactions: boolean }[]): Promise<Twins> {
    const root = mkdtempSync(join(tmpdir(), "otedama-twins-"));
    const origin = join(root, "origin");
    await (await startChain({ dir: origin })).stop();
    const chains = await Promise.all(
      options.map(({ transactions }, index) => {
        const dir = join(root, String(index));
        cpSync(origin, dir, { recursive: true });
        return startChain({ dir, transactions, block_interval_s: 1 });
      }),
    );
    return new Twins(root, chains);
  }

  /** Hands everything that `from` has and `to` has not to `to`, as a peer would. */
  async pass(from: RunningChain, to: RunningChain): Promise<void> {
    const [top, bottom] = await Promise.all([from.rpc<number>("getblockcount"), to.rpc<number>("getblockcount")]);
    for (let height = Math.min(bottom, top) + 1; height <= top; height++) {
      const hash = await from.rpc<string>("getblockhash", [height]);
      await to.rpc("submitblock", [await from.rpc<string>("getblock", [hash, false])]);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.chains.map((chain) => chain.stop()));
    rmSync(this.#root, { recursive: true, force: true });
  }
}
