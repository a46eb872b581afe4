/** Serialisation of Bitcoin's wire format, as far as a coinbase and a block need it. */
import { hash } from "node:crypto";

export function sha256d(bytes: Uint8Array): Buffer {
  return hash("sha256", hash("sha256", bytes, "buffer"), "buffer");
}

/** A hash in the order in which it is hashed, from the order in which RPC writes it; for the thousands of them in a template. */
export function wireHash(display: string): Buffer {
  return Buffer.from(display, "hex").reverse();
}

/** CompactSize: 1, 3, 5 or 9 bytes. */
export function compactSize(value: number): Buffer {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a size: ${value}`);
  if (value < 0xfd) return Buffer.of(value);
  if (value <= 0xffff) {
    const out = Buffer.alloc(3, 0xfd);
    out.writeUInt16LE(value, 1);
    return out;
  }
  if (value <= 0xffffffff) {
    const out = Buffer.alloc(5, 0xfe);
    out.writeUInt32LE(value, 1);
    return out;
  }
  const out = Buffer.alloc(9, 0xff);
  out.writeBigUInt64LE(BigInt(value), 1);
  return out;
}

export function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value >>> 0);
  return out;
}

export function amount(sats: bigint): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(sats);
  return out;
}

/** A script's push of at most 255 bytes, by the shortest opcode for data of that length. */
export function push(data: Uint8Array): Buffer {
  if (data.length > 255) throw new RangeError(`a push of ${data.length} bytes has no place in a coinbase`);
  return data.length < 0x4c ? Buffer.concat([Buffer.of(data.length), data]) : Buffer.concat([Buffer.of(0x4c, data.length), data]);
}

/**
 * BIP 34: the height as the coinbase script's first item, in the one encoding that nodes compare with: OP_1 … OP_16 for
 * the first blocks of a chain, a minimal little-endian signed number after that.
 */
export function heightPush(height: number): Buffer {
  if (!Number.isInteger(height) || height < 1 || height > 0x7fffffff) throw new RangeError(`not a height: ${height}`);
  if (height <= 16) return Buffer.of(0x50 + height);
  const bytes: number[] = [];
  for (let rest = height; rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest & 0xff);
  // A top bit would read as a sign.
  if ((bytes.at(-1) ?? 0) & 0x80) bytes.push(0);
  return push(Uint8Array.from(bytes));
}
