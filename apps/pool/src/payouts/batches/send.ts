/** Sends a signed transaction to every node at once. A time-out says nothing: what is not refused may have arrived. */
import { RpcError } from "../../work/rpc.ts";
import type { PayoutNode } from "./chain_view.ts";

export type SendVerdict =
  /** In the mempool or in a block. */
  | { kind: "taken" }
  /** The node's own words against it. */
  | { kind: "refused"; message: string }
  /** No answer, or none that means anything. */
  | { kind: "unknown"; message: string };

/** Bitcoin Core's RPC_VERIFY_ALREADY_IN_UTXO_SET. */
const ALREADY_IN_CHAIN = -27;
const KNOWN = /already.in.(block.chain|mempool|utxo)|txn-already-(in-mempool|known)|already (known|have)/i;
/** The node is not up to it yet. */
const NOT_READY = new Set([-28, -9, -10]);

export async function sendToAll(
  nodes: readonly PayoutNode[],
  raw_hex: string,
): Promise<{ node: string; verdict: SendVerdict }[]> {
  return Promise.all(nodes.map(async (node) => ({ node: node.name, verdict: await send(node, raw_hex) })));
}

async function send(node: PayoutNode, raw_hex: string): Promise<SendVerdict> {
  try {
    await node.rpc.call("sendrawtransaction", [raw_hex], { timeout_ms: 30_000 });
    return { kind: "taken" };
  } catch (error) {
    return readSendError(error as Error);
  }
}

export function readSendError(error: Error): SendVerdict {
  if (error instanceof RpcError && error.code === "node") {
    if (error.node_code === ALREADY_IN_CHAIN || KNOWN.test(error.message)) return { kind: "taken" };
    if (!NOT_READY.has(error.node_code ?? 0)) return { kind: "refused", message: error.message };
  }
  return { kind: "unknown", message: error.message };
}
