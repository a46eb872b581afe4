/** Byte order and hex, without any platform's buffer type, so that a browser can use them too. */

const HEX = /^(?:[0-9a-fA-F]{2})*$/;

export function bytesToHex(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  return hex;
}

/** Throws a RangeError when the text is not whole bytes of hexadecimal. */
export function hexToBytes(hex: string): Uint8Array {
  if (!HEX.test(hex)) throw new RangeError("not hexadecimal: an even number of the digits 0-9 and a-f is needed");
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}

export function reverseBytes(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes).reverse();
}

/** A hash as people and RPC write it (most significant byte first) from the order in which it is hashed and sent. */
export function wireToDisplay(hash: Uint8Array): string {
  return bytesToHex(reverseBytes(hash));
}

/** The other way round. Throws a RangeError unless the text is 32 bytes of hex. */
export function displayToWire(hash: string): Uint8Array {
  if (hash.length !== 64) throw new RangeError(`a hash has 64 hexadecimal digits, not ${hash.length}`);
  return hexToBytes(hash).reverse();
}

/** A 256-bit number as 32 bytes in wire order, least significant first: how a digest reads as a number. */
export function bigintToWire(value: bigint): Uint8Array {
  return hexToBytes(value.toString(16).padStart(64, "0")).reverse();
}

/** The other way round. */
export function wireToBigint(bytes: Uint8Array): bigint {
  return BigInt(`0x${wireToDisplay(bytes) || "0"}`);
}
