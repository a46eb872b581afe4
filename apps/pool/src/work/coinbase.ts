/**
 * The coinbase transaction, in the two parts between which the engine puts extranonce1 and extranonce2. Without witness: that is
 * how it is hashed for its txid; a block carries it with the witness that `withWitness` adds.
 */
import { EXTRANONCE1_BYTES, EXTRANONCE2_BYTES } from "@otedama/native/engine-types";
import { amount, compactSize, heightPush, push, u32 } from "./bytes.ts";
import { WITNESS_RESERVED_VALUE } from "./merkle.ts";

export const EXTRANONCE_BYTES = EXTRANONCE1_BYTES + EXTRANONCE2_BYTES;
/** Consensus: a coinbase script has 2 to 100 bytes. */
const SCRIPT_BYTES_MAX = 100;
/**
 * Nodes fill a template up to the weight limit less 4,000 units (Bitcoin Core's `-blockreservedweight` of old; newer ones keep 8,000) for
 * header, count and coinbase. Header and count take 4 × 83 of them, the coinbase's witness 38.
 */
const COINBASE_BYTES_MAX = Math.floor((4_000 - 4 * 83 - 38) / 4);

export interface CoinbaseOutput {
  value_sats: bigint;
  script: Uint8Array;
}

export interface CoinbaseParts {
  height: number;
  text: string;
  /** `coinbaseaux` of the template (BIP 22): left out, last first, where there is no room for it. */
  aux: Uint8Array[];
  /** What the node's template says the coinbase may pay: subsidy and fees. */
  coinbasevalue_sats: bigint;
  outputs: CoinbaseOutput[];
  /** Null while segwit is not active. */
  witness_commitment: Uint8Array | null;
}

export class CoinbaseError extends Error {
  override name = "CoinbaseError";
}

/**
 * Throws a CoinbaseError when the outputs do not sum to exactly what the template allows (more is an invalid block, less is
 * money burnt), or when script or transaction are longer than they may be.
 */
export function buildCoinbase(parts: CoinbaseParts): { prefix: Buffer; suffix: Buffer } {
  const total = parts.outputs.reduce((sum, output) => sum + output.value_sats, 0n);
  if (parts.outputs.length === 0) throw new CoinbaseError("a coinbase without outputs pays nobody");
  if (total !== parts.coinbasevalue_sats || parts.outputs.some((output) => output.value_sats < 0n)) {
    throw new CoinbaseError(`coinbase outputs pay ${total} sats and the template allows ${parts.coinbasevalue_sats}`);
  }
  const extranonceRoom = 1 + EXTRANONCE_BYTES;
  let script = heightPush(parts.height);
  if (parts.text.length > 0) script = Buffer.concat([script, push(Buffer.from(parts.text, "latin1"))]);
  for (const aux of parts.aux) {
    const item = push(aux);
    if (aux.length > 0 && script.length + item.length + extranonceRoom <= SCRIPT_BYTES_MAX)
      script = Buffer.concat([script, item]);
  }
  if (script.length + extranonceRoom > SCRIPT_BYTES_MAX) throw new CoinbaseError("the coinbase text is too long");

  const outputs = parts.outputs.map((output) => serializeOutput(output));
  if (parts.witness_commitment) {
    outputs.push(
      serializeOutput({ value_sats: 0n, script: Buffer.concat([Buffer.from("6a24aa21a9ed", "hex"), parts.witness_commitment]) }),
    );
  }
  const made = {
    prefix: Buffer.concat([
      u32(2),
      compactSize(1),
      Buffer.alloc(32),
      u32(0xffffffff),
      compactSize(script.length + extranonceRoom),
      script,
      Buffer.of(EXTRANONCE_BYTES),
    ]),
    suffix: Buffer.concat([u32(0xffffffff), compactSize(outputs.length), ...outputs, u32(0)]),
  };
  const bytes = made.prefix.length + EXTRANONCE_BYTES + made.suffix.length;
  if (bytes > COINBASE_BYTES_MAX) {
    throw new CoinbaseError(
      `the coinbase has ${bytes} bytes and a template leaves room for ${COINBASE_BYTES_MAX}: pay fewer scripts in it`,
    );
  }
  return made;
}

/** A coinbase as a block carries it (BIP 144): marker and flag after the version, the reserved value before the lock time. */
export function withWitness(coinbase: Uint8Array): Buffer {
  const lock = coinbase.length - 4;
  return Buffer.concat([
    coinbase.subarray(0, 4),
    Buffer.of(0x00, 0x01),
    coinbase.subarray(4, lock),
    compactSize(1),
    compactSize(WITNESS_RESERVED_VALUE.length),
    WITNESS_RESERVED_VALUE,
    coinbase.subarray(lock),
  ]);
}

function serializeOutput(output: CoinbaseOutput): Buffer {
  return Buffer.concat([amount(output.value_sats), compactSize(output.script.length), output.script]);
}
