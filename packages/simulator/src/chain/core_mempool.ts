import type { FullNode, MempoolEntry, RpcHandler, Transaction } from "bcoin";
import bcoin from "bcoin";

/** Of Bitcoin Core's rpc/protocol.h. */
const CODES = { deserialization: -22, verify: -25, rejected: -26, already_in_chain: -27 };

/** `gettxout` as Bitcoin Core answers it: what a transaction of the mempool spends is gone, unless the mempool is left out. */
export function hideSpentAsCore(node: FullNode): void {
  const getTxOut = node.rpc.calls.gettxout as RpcHandler;
  node.rpc.calls.gettxout = async (args, help) => {
    const [txid, index, mempool] = args;
    if (mempool !== false && typeof txid === "string" && typeof index === "number") {
      if (node.mempool.isSpent(Buffer.from(txid, "hex").reverse().toString("hex"), index)) return null;
    }
    return getTxOut.call(node.rpc, args, help);
  };
}

/**
 * `sendrawtransaction` as Bitcoin Core answers it: after the mempool has decided, with its reason; and a transaction that pays more takes
 * the place of those that it conflicts with (BIP 125). bcoin itself answers at once, whatever becomes of it, and replaces nothing.
 */
export function takeTransactionsAsCore(node: FullNode): void {
  node.rpc.calls.sendrawtransaction = async ([hex]) => {
    const transaction = decode(hex);
    if (node.mempool.map.has(transaction.hash("hex"))) return transaction.txid();
    const evicted = await replaceConflicts(node, transaction);
    let missing: unknown;
    try {
      missing = await node.mempool.addTX(transaction);
    } catch (error) {
      for (const entry of evicted) await node.mempool.addTX(entry.tx);
      const reason = (error as { reason?: string }).reason ?? (error as Error).message;
      if (reason === "txn-already-known") throw rpcError(CODES.already_in_chain, "Transaction outputs already in utxo set");
      throw rpcError(CODES.rejected, reason);
    }
    if (missing) throw rpcError(CODES.verify, "bad-txns-inputs-missingorspent");
    return transaction.txid();
  };
}

function decode(hex: unknown): Transaction {
  try {
    if (typeof hex === "string") return bcoin.TX.fromRaw(hex, "hex");
  } catch {}
  throw rpcError(CODES.deserialization, "TX decode failed");
}

/** Takes out what the transaction replaces; throws where it may not. */
async function replaceConflicts(node: FullNode, transaction: Transaction): Promise<MempoolEntry[]> {
  const conflicts = new Set<MempoolEntry>();
  for (const { prevout } of transaction.inputs) {
    const spender = node.mempool.getSpent(prevout.hash, prevout.index);
    if (spender) conflicts.add(spender);
  }
  if (conflicts.size === 0) return [];
  const view = await node.mempool.getCoinView(transaction);
  const before = [...conflicts].reduce((sum, entry) => sum + entry.fee, 0);
  if ([...conflicts].some((entry) => !isReplaceable(entry.tx))) throw rpcError(CODES.rejected, "txn-mempool-conflict");
  // Rules 3 and 4: more than they paid together, by what its own relay costs.
  if (transaction.getFee(view) < before + transaction.getVirtualSize()) throw rpcError(CODES.rejected, "insufficient fee");
  for (const entry of conflicts) node.mempool.evictEntry(entry);
  return [...conflicts];
}

/** By BIP 125; bcoin leaves version 2 out. */
function isReplaceable(transaction: Transaction): boolean {
  return transaction.inputs.some((input) => input.sequence < 0xfffffffe);
}

function rpcError(code: number, message: string): Error {
  return Object.assign(new Error(message), { type: "RPCError", code });
}
