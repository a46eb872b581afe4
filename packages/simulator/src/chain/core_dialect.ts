import type { Entry, FullNode, RpcHandler } from "bcoin";
import bcoin from "bcoin";
import { hideSpentAsCore, takeTransactionsAsCore } from "./core_mempool.ts";

/**
 * Makes bcoin answer as Bitcoin Core does where the two differ and a pool would notice: reasons of `submitblock` without a prefix,
 * −1 confirmations for a block off the best chain, `bits` in hex; and a long poll ends with every change of the tip, also when no
 * template was asked for since the last one; what becomes of transactions that are sent.
 *
 * `generateonheight` is an addition for tests: it mines a branch on an earlier block of the best chain, which reorganises it once
 * the branch has more work.
 */
export function speakAsCore(node: FullNode): void {
  const { rpc, chain } = node;
  takeTransactionsAsCore(node);
  hideSpentAsCore(node);

  const submitBlock = rpc.calls.submitblock as RpcHandler;
  rpc.calls.submitblock = async (args, help) => {
    const answer = await submitBlock.call(rpc, args, help);
    return typeof answer === "string" ? answer.replace(/^rejected: /, "") : answer;
  };

  const asCore = async (entry: Entry, json: Record<string, unknown>) => ({
    ...json,
    bits: entry.bits.toString(16).padStart(8, "0"),
    confirmations: (await chain.isMainHash(entry.hash)) ? json.confirmations : -1,
  });
  const headerToJson = rpc.headerToJSON.bind(rpc);
  rpc.headerToJSON = async (entry) => asCore(entry, await headerToJson(entry));
  const blockToJson = rpc.blockToJSON.bind(rpc);
  rpc.blockToJSON = async (entry, block, details) => asCore(entry, await blockToJson(entry, block, details));

  rpc.calls.generateonheight = async ([height, blocks, address]) => {
    if (typeof height !== "number" || typeof blocks !== "number" || typeof address !== "string") {
      throw new Error("generateonheight height blocks address");
    }
    const payee = bcoin.Address.fromString(address, "regtest");
    const hashes: string[] = [];
    let tip = await chain.getEntry(height);
    for (let i = 0; i < blocks; i++) {
      if (!tip) throw new Error(`There is no block at height ${height}`);
      const job = await node.miner.createJob(tip, payee);
      // What waits in the mempool may spend from the very blocks that this branch replaces.
      Object.assign(job.attempt, { items: [], fees: 0 });
      job.refresh();
      tip = await chain.add(await job.mineAsync());
      if (tip) hashes.push(tip.rhash());
    }
    return hashes;
  };

  node.on("connect", () => rpc.refreshBlock());
  node.on("reset", () => rpc.refreshBlock());
}
