/** The whole chain as a node gives it: every block's header and what every transaction pays and spends. */

export interface ChainOutput {
  script_hex: string;
  value_sats: bigint;
}

export interface ChainTransaction {
  txid: string;
  inputs: { txid: string; vout: number }[];
  outputs: ChainOutput[];
}

export interface ChainBlock {
  height: number;
  hash: string;
  nbits: number;
  /** The coinbase first. */
  transactions: ChainTransaction[];
}

type Call = <T>(method: string, params: unknown[]) => Promise<T>;

interface RpcBlock {
  bits: string;
  tx: {
    txid: string;
    vin: { txid?: string; vout?: number; coinbase?: string }[];
    vout: { value: number; scriptPubKey: { hex: string } }[];
  }[];
}

export async function readWholeChain(call: Call): Promise<ChainBlock[]> {
  const top = await call<number>("getblockcount", []);
  const blocks: ChainBlock[] = [];
  for (let height = 1; height <= top; height++) {
    const hash = await call<string>("getblockhash", [height]);
    const block = await call<RpcBlock>("getblock", [hash, true, true]);
    blocks.push({
      height,
      hash,
      nbits: Number.parseInt(block.bits, 16),
      transactions: block.tx.map((transaction) => ({
        txid: transaction.txid,
        inputs: transaction.vin.flatMap(({ txid, vout, coinbase }) =>
          coinbase === undefined && txid !== undefined && vout !== undefined ? [{ txid, vout }] : [],
        ),
        outputs: transaction.vout.map(({ value, scriptPubKey }) => ({
          script_hex: scriptPubKey.hex,
          value_sats: BigInt(Math.round(value * 1e8)),
        })),
      })),
    });
  }
  return blocks;
}
