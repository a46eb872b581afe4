/** Bitcoin's serialisation, read strictly and written. Source: Bitcoin's protocol; BIP 144 for the witness. */

export class MessageSignatureError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MessageSignatureError";
  }
}

/** Reads what a stranger sent: every length is held against what is there. Throws a MessageSignatureError. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  bytes(length: number): Uint8Array {
    if (length > this.left) throw new MessageSignatureError("The signature ends too early: copy all of it.");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  u8(): number {
    return this.bytes(1)[0] as number;
  }

  u32(): number {
    const [a, b, c, d] = this.bytes(4) as unknown as [number, number, number, number];
    return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
  }

  /** A count or a length; nothing in a signature is longer than it is. */
  compactSize(): number {
    const first = this.u8();
    if (first < 0xfd) return first;
    const value = first === 0xfd ? this.u8() | (this.u8() << 8) : first === 0xfe ? this.u32() : Number.POSITIVE_INFINITY;
    if (value > this.left) throw new MessageSignatureError("The signature ends too early: copy all of it.");
    if (value < (first === 0xfd ? 0xfd : 0x10000))
      throw new MessageSignatureError("The signature holds a length that is not written as short as it can be.");
    return value;
  }

  end(): void {
    if (this.left > 0) throw new MessageSignatureError("The signature has bytes after its end.");
  }
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
}

export function compactSize(value: number): Uint8Array {
  if (value < 0xfd) return Uint8Array.of(value);
  return value <= 0xffff ? Uint8Array.of(0xfd, value & 0xff, value >>> 8) : concat(Uint8Array.of(0xfe), u32(value));
}

/** With its length before it. */
export function sized(bytes: Uint8Array): Uint8Array {
  return concat(compactSize(bytes.length), bytes);
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
