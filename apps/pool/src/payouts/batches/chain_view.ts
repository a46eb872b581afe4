/** What payouts ask of a chain node. Every call works without a transaction index and without the node's wallet. */
import { z } from "zod";
import { type CallOptions, RpcError } from "../../work/rpc.ts";
import { type RawBlock, readRawBlock } from "./raw_block.ts";

/** The part of a chain node that payouts use. */
export interface PayoutNode {
  readonly name: string;
  readonly rpc: {
    call(method: string, params?: unknown[], options?: CallOptions): Promise<unknown>;
    batch(calls: { method: string; params: unknown[] }[], options?: CallOptions): Promise<(unknown | RpcError)[]>;
  };
}

export interface ChainOutput {
  value_sats: bigint;
  script_hex: string;
  confirmations: number;
  coinbase: boolean;
}

const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const TxOut = z.object({
  confirmations: z.int().min(0),
  value: z.number().min(0),
  scriptPubKey: z.object({ hex: z.string() }),
  coinbase: z.boolean(),
});
/** Core names it `feerate`, bcoin `fee`: coins for a thousand virtual bytes, negative or absent without an estimate. */
const FeeEstimate = z.object({ feerate: z.number().optional(), fee: z.number().optional() });
const MempoolInfo = z.object({ mempoolminfee: z.number().optional(), minrelaytxfee: z.number().optional() });
const Scan = z.object({
  success: z.boolean(),
  height: z.int().optional(),
  unspents: z.array(
    z.object({
      txid: Hash,
      vout: z.int().min(0),
      scriptPubKey: z.string(),
      desc: z.string(),
      amount: z.number().positive(),
      coinbase: z.boolean().optional(),
      height: z.int().min(0),
    }),
  ),
});
export type ScannedOutput = z.infer<typeof Scan>["unspents"][number];

const BLOCK_MS = 60_000;
const SCAN_MS = 15 * 60_000;
const SATS_PER_COIN = 100_000_000;

/** An amount as nodes write it, in coins. */
export function coinsToSats(coins: number): bigint {
  return BigInt(Math.round(coins * SATS_PER_COIN));
}

export async function tipHeight(node: PayoutNode): Promise<number> {
  return z.int().parse(await node.rpc.call("getblockcount"));
}

/** Null when the chain is not that long. */
export async function blockHash(node: PayoutNode, height: number): Promise<string | null> {
  try {
    return Hash.parse(await node.rpc.call("getblockhash", [height]));
  } catch (error) {
    if (error instanceof RpcError && error.code === "node") return null;
    throw error;
  }
}

export async function readBlock(node: PayoutNode, hash: string): Promise<RawBlock> {
  const hex = z.string().parse(await node.rpc.call("getblock", [hash, false], { timeout_ms: BLOCK_MS }));
  return readRawBlock(Buffer.from(hex, "hex"));
}

/** What these outpoints hold, in order; null for one that is spent (in the mempool too) or unknown. */
export async function readTxOuts(
  node: PayoutNode,
  outpoints: readonly { txid: string; vout: number }[],
  mempool: boolean,
): Promise<(ChainOutput | null)[]> {
  const answers = await node.rpc.batch(
    outpoints.map(({ txid, vout }) => ({ method: "gettxout", params: [txid, vout, mempool] })),
    { timeout_ms: BLOCK_MS },
  );
  return answers.map((answer) => {
    if (answer instanceof RpcError) throw answer;
    const output = TxOut.safeParse(answer);
    if (!output.success) return null;
    const { value, scriptPubKey, confirmations, coinbase } = output.data;
    return { value_sats: coinsToSats(value), script_hex: scriptPubKey.hex, confirmations, coinbase };
  });
}

/** Satoshis a virtual byte that the node thinks will do, never below what it relays; null where it has no idea. */
export async function estimateFeeRate(node: PayoutNode, target_blocks: number): Promise<number | null> {
  const [estimate, mempool] = await node.rpc.batch([
    { method: "estimatesmartfee", params: [target_blocks] },
    { method: "getmempoolinfo", params: [] },
  ]);
  const { feerate, fee } = FeeEstimate.safeParse(estimate).data ?? {};
  const wanted = feerate ?? fee ?? -1;
  const info = MempoolInfo.safeParse(mempool).data;
  const floor = Math.max(info?.mempoolminfee ?? 0, info?.minrelaytxfee ?? 0);
  const coins = Math.max(wanted, wanted > 0 ? floor : 0);
  // A busy mempool's own floor is an answer, too; its ordinary one says nothing.
  if (coins <= 0) return floor * 1e5 > 1.5 ? floor * 1e5 : null;
  return coins * 1e5;
}

/** The bytes of a transaction whose block is known; null where the node does not give them. */
export async function readTransactionHex(node: PayoutNode, txid: string, height: number): Promise<string | null> {
  const hash = await blockHash(node, height);
  for (const params of [
    [txid, false, hash],
    [txid, false],
  ]) {
    try {
      return z
        .string()
        .min(20)
        .parse(await node.rpc.call("getrawtransaction", params));
    } catch (error) {
      if (!(error instanceof RpcError) || error.code !== "node") throw error;
    }
  }
  return null;
}

/** Unspent outputs of descriptors, from the node's own set of them; minutes on a large chain. */
export async function scanDescriptors(node: PayoutNode, descriptors: readonly string[]): Promise<ScannedOutput[]> {
  const scan = Scan.parse(await node.rpc.call("scantxoutset", ["start", [...descriptors]], { timeout_ms: SCAN_MS }));
  return scan.unspents;
}
