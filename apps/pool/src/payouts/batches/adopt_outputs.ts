/** Outputs that blocks were not searched for: coinbases from before payouts were followed, and what descriptors describe. */
import { addWalletOutputs, listUnknownCoinbases, type WalletOutputRow } from "@otedama/db/payouts";
import type { Database } from "@otedama/db/pool";
import { coinsToSats, type PayoutNode, readTxOuts, scanDescriptors } from "./chain_view.ts";

/** A coinbase pays the pool in one of its first outputs. */
const COINBASE_OUTPUTS_MAX = 8;

/** Asks the node for coinbases of the pool's blocks that are not known yet. `asked` keeps those that pay somebody else from being asked for again. */
export async function adoptCoinbases(
  options: { payout_script_hex: string; blocks_max: number },
  database: Database,
  node: PayoutNode,
  asked: Set<string>,
): Promise<number> {
  const blocks = (await listUnknownCoinbases(database, options.blocks_max + asked.size)).filter(
    (block) => !asked.has(block.hash),
  );
  const found: WalletOutputRow[] = [];
  for (const block of blocks.slice(0, options.blocks_max)) {
    const outpoints = Array.from({ length: COINBASE_OUTPUTS_MAX }, (_, vout) => ({ txid: block.coinbase_txid, vout }));
    for (const [vout, output] of (await readTxOuts(node, outpoints, false)).entries()) {
      if (!output?.coinbase || output.script_hex !== options.payout_script_hex || output.value_sats <= 0n) continue;
      const { value_sats, script_hex } = output;
      const { coinbase_txid: txid, height } = block;
      found.push({ txid, vout, value_sats, script_hex, source: "block", descriptor: null, height, coinbase: true });
    }
    asked.add(block.hash);
  }
  await addWalletOutputs(database, found);
  return found.length;
}

/** What the node finds for the descriptors; returns how many outputs there are. */
export async function adoptDescriptors(descriptors: readonly string[], database: Database, node: PayoutNode): Promise<number> {
  const found = await scanDescriptors(node, descriptors);
  await addWalletOutputs(
    database,
    found.map((output) => ({
      txid: output.txid,
      vout: output.vout,
      value_sats: coinsToSats(output.amount),
      script_hex: output.scriptPubKey,
      source: "descriptor",
      descriptor: output.desc,
      height: output.height,
      coinbase: output.coinbase ?? false,
    })),
  );
  return found.length;
}
