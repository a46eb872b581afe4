/** What is hashed for a receipt, written in order; numbers most significant byte first. */

const TAGS = { chain_start: 0, share: 1, leaf: 2, node: 3, receipt: 4 } as const;
const PREFIX = new TextEncoder().encode("OTDRCP1");

export class ByteWriter {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(length: number) {
    this.#bytes = new Uint8Array(length);
  }

  /** "OTDRCP1" and a byte that says what the hash is of. */
  tag(kind: keyof typeof TAGS): this {
    return this.bytes(PREFIX).u8(TAGS[kind]);
  }

  u8(value: number): this {
    this.#bytes[this.#at++] = value;
    return this;
  }

  uint(value: bigint, length: number): this {
    for (let i = length - 1, rest = value; i >= 0; i--, rest >>= 8n) this.#bytes[this.#at + i] = Number(rest & 0xffn);
    this.#at += length;
    return this;
  }

  bytes(bytes: Uint8Array): this {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  done(): Uint8Array {
    if (this.#at !== this.#bytes.length) throw new Error(`${this.#at} bytes were written where ${this.#bytes.length} belong`);
    return this.#bytes;
  }
}
