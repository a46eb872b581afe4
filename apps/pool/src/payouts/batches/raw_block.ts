/**
 * Reads the transactions of a serialised block, as far as following payouts needs it: what each spends and pays. The bytes are the
 * node's; a block that ends early throws a RangeError. Format: Bitcoin's protocol documentation, BIP 144 for witnesses.
 */
import { sha256d } from "../../work/bytes.ts";

export interface BlockTransaction {
  /** Display order. */
  txid: string;
  inputs: { txid: string; vout: number }[];
  outputs: { value_sats: bigint; script_hex: string }[];
  raw: Buffer;
  /** Where the parts that a txid covers lie within `raw`. */
  layout: { segwit: boolean; body_begin: number; body_end: number };
}

export interface RawBlock {
  prev_hash: string;
  transactions: BlockTransaction[];
}

const HEADER_BYTES = 80;

export function readRawBlock(bytes: Buffer): RawBlock {
  const cursor = new Cursor(bytes);
  const header = cursor.take(HEADER_BYTES);
  const count = cursor.varint();
  const transactions: BlockTransaction[] = [];
  for (let i = 0; i < count; i++) transactions.push(readTransaction(cursor));
  return { prev_hash: display(header.subarray(4, 36)), transactions };
}

/** One transaction by itself. Throws a RangeError when it is cut or something follows it. */
export function readRawTransaction(bytes: Buffer): BlockTransaction {
  const cursor = new Cursor(bytes);
  const transaction = readTransaction(cursor);
  if (cursor.at !== bytes.length) throw new RangeError("bytes follow the transaction");
  return transaction;
}

/** Id of the transaction with its scriptSigs left empty: the same before and after signing, and whoever signs. */
export function idWithoutSignatures(transaction: BlockTransaction): string {
  const { raw, layout } = transaction;
  const cursor = new Cursor(raw.subarray(layout.body_begin, layout.body_end));
  const parts: Buffer[] = [raw.subarray(0, 4)];
  const begin = cursor.at;
  const count = cursor.varint();
  parts.push(cursor.since(begin));
  for (let i = 0; i < count; i++) {
    parts.push(cursor.take(36), Buffer.from([0]));
    cursor.take(cursor.varint());
    parts.push(cursor.take(4));
  }
  parts.push(cursor.rest(), raw.subarray(raw.length - 4));
  return display(sha256d(Buffer.concat(parts)));
}

function readTransaction(cursor: Cursor): BlockTransaction {
  const begin = cursor.at;
  cursor.take(4);
  const segwit = cursor.peek(0) === 0 && cursor.peek(1) !== 0;
  if (segwit) cursor.take(2);
  const body_begin = cursor.at;
  const inputs: BlockTransaction["inputs"] = [];
  const input_count = cursor.varint();
  for (let i = 0; i < input_count; i++) {
    const txid = display(cursor.take(32));
    const vout = cursor.take(4).readUInt32LE();
    cursor.take(cursor.varint());
    cursor.take(4);
    inputs.push({ txid, vout });
  }
  const outputs: BlockTransaction["outputs"] = [];
  const output_count = cursor.varint();
  for (let i = 0; i < output_count; i++) {
    const value_sats = cursor.take(8).readBigUInt64LE();
    outputs.push({ value_sats, script_hex: cursor.take(cursor.varint()).toString("hex") });
  }
  const body_end = cursor.at;
  if (segwit) {
    for (let i = 0; i < input_count; i++) {
      const items = cursor.varint();
      for (let item = 0; item < items; item++) cursor.take(cursor.varint());
    }
  }
  cursor.take(4);
  const raw = cursor.since(begin);
  const body = raw.subarray(body_begin - begin, body_end - begin);
  const txid = display(sha256d(Buffer.concat([raw.subarray(0, 4), body, raw.subarray(raw.length - 4)])));
  return { txid, inputs, outputs, raw, layout: { segwit, body_begin: body_begin - begin, body_end: body_end - begin } };
}

function display(hash: Buffer): string {
  return Buffer.from(hash).reverse().toString("hex");
}

class Cursor {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(count: number): Buffer {
    const end = this.at + count;
    if (end > this.#bytes.length) throw new RangeError("the block ends in the middle of a transaction");
    const part = this.#bytes.subarray(this.at, end);
    this.at = end;
    return part;
  }

  peek(offset: number): number | undefined {
    return this.#bytes[this.at + offset];
  }

  since(begin: number): Buffer {
    return this.#bytes.subarray(begin, this.at);
  }

  rest(): Buffer {
    return this.take(this.#bytes.length - this.at);
  }

  varint(): number {
    const first = this.take(1).readUInt8();
    if (first < 0xfd) return first;
    if (first === 0xfd) return this.take(2).readUInt16LE();
    if (first === 0xfe) return this.take(4).readUInt32LE();
    const value = this.take(8).readBigUInt64LE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError("a count beyond any block");
    return Number(value);
  }
}
