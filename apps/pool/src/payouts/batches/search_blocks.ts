/**
 * Goes through new blocks one by one for transactions that spend or pay what is the pool's. Needs no transaction index and no
 * wallet; where the chain went another way, what the replaced blocks said is taken back first.
 */
import {
  type BlockConsequences,
  type BlockFindings,
  listSearchedBlocks,
  readWatched,
  recordBlock,
  rewindBlocks,
} from "@otedama/db/payouts";
import type { Database } from "@otedama/db/pool";
import { blockHash, type PayoutNode, readBlock, tipHeight } from "./chain_view.ts";
import { idWithoutSignatures, type RawBlock } from "./raw_block.ts";

export interface SearchOptions {
  /** Where coinbases and change pay: always watched. */
  payout_script_hex: string;
  /** Blocks of one pass. */
  blocks_max: number;
}

export interface SearchResult {
  tip_height: number;
  /** True when the newest block was searched. */
  complete: boolean;
  consequences: BlockConsequences[];
  /** Batches whose transaction lost its block. */
  unmined: { batch_id: number; settled: boolean }[];
}

export async function searchNewBlocks(options: SearchOptions, database: Database, node: PayoutNode): Promise<SearchResult> {
  const tip_height = await tipHeight(node);
  const result: SearchResult = { tip_height, complete: false, consequences: [], unmined: [] };
  const fork = await findFork(database, node, tip_height);
  if (fork.rewind_to !== null) result.unmined = await rewindBlocks(database, fork.rewind_to);
  let { height, hash } = fork;
  let watched = await readWatched(database);
  for (let searched = 0; searched < options.blocks_max && height < tip_height; searched++) {
    const next = await blockHash(node, height + 1);
    if (next === null) return result;
    const block = await readBlock(node, next);
    // The chain went another way between two calls: the next pass starts over.
    if (hash !== null && block.prev_hash !== hash) return result;
    height += 1;
    hash = next;
    const found = findOwn({ height, hash, block, watched, payout_script_hex: options.payout_script_hex });
    result.consequences.push(await recordBlock(database, found));
    if (found.outputs.length > 0) watched = await readWatched(database);
  }
  result.complete = height >= tip_height;
  return result;
}

/** The newest searched block that is still in the chain; `rewind_to` when newer ones are not. */
async function findFork(
  database: Database,
  node: PayoutNode,
  tip_height: number,
): Promise<{ height: number; hash: string | null; rewind_to: number | null }> {
  const searched = await listSearchedBlocks(database, 2_000);
  const [newest] = searched;
  // The first time there is nothing of ours before the newest block.
  if (!newest) return { height: tip_height - 1, hash: null, rewind_to: null };
  for (const known of searched) {
    if (known.height > tip_height) continue;
    if ((await blockHash(node, known.height)) !== known.hash) continue;
    // A node that is only behind has the same blocks up to its tip, and says nothing about the later ones.
    const behind = newest.height > tip_height && known.height === tip_height;
    const forked = known.height < newest.height && !behind;
    return { height: behind ? newest.height : known.height, hash: known.hash, rewind_to: forked ? known.height : null };
  }
  const oldest = searched.at(-1) as { height: number };
  return { height: oldest.height - 1, hash: null, rewind_to: oldest.height - 1 };
}

export function findOwn(input: {
  height: number;
  hash: string;
  block: RawBlock;
  watched: { outpoints: ReadonlySet<string>; scripts: ReadonlySet<string> };
  payout_script_hex: string;
}): BlockFindings {
  const { height, hash, block, watched, payout_script_hex } = input;
  const found: BlockFindings = { height, hash, outputs: [], spending: [] };
  // What an earlier transaction of the same block pays may be spent by a later one.
  const here = new Set<string>();
  for (const [index, transaction] of block.transactions.entries()) {
    const coinbase = index === 0;
    const spends = transaction.inputs.filter(({ txid, vout }) => {
      const name = `${txid}:${vout}`;
      return watched.outpoints.has(name) || here.has(name);
    });
    if (spends.length > 0) {
      found.spending.push({
        txid: transaction.txid,
        unsigned_txid: idWithoutSignatures(transaction),
        raw_hex: transaction.raw.toString("hex"),
        spends,
      });
    }
    for (const [vout, output] of transaction.outputs.entries()) {
      const mine = output.script_hex === payout_script_hex || watched.scripts.has(output.script_hex);
      if (!mine || output.value_sats === 0n) continue;
      here.add(`${transaction.txid}:${vout}`);
      const source = coinbase ? "block" : spends.length > 0 ? "change" : "descriptor";
      found.outputs.push({ ...output, txid: transaction.txid, vout, source, descriptor: null, height, coinbase });
    }
  }
  return found;
}
