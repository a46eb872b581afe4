/** The pure parts of the second factor: codes against the RFC's vectors, sealed secrets, and pictures that a camera can read. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SealBrokenError, Sealer } from "../src/server/auth/seal.ts";
import { base32, codeOf, otpauthUri, stepAt, stepOf } from "../src/server/auth/totp.ts";
import { encodeQr, qrPath } from "../src/server/qr/qr.ts";
import { appendChecks, multiply, power } from "../src/server/qr/reed_solomon.ts";

describe("one-time codes", () => {
  const secret = Buffer.from("12345678901234567890");

  // RFC 6238, appendix B (SHA-1); six digits are the last six of its eight.
  test.each([
    [59, "287082"],
    [1_111_111_109, "081804"],
    [1_111_111_111, "050471"],
    [1_234_567_890, "005924"],
    [2_000_000_000, "279037"],
    [20_000_000_000, "353130"],
  ])("at %i s: %s", (at_s, code) => {
    expect(codeOf(secret, stepAt(at_s * 1000))).toBe(code);
    expect(stepOf(secret, code, at_s * 1000)).toBe(Math.floor(at_s / 30));
  });

  test("a clock may be half a minute off, not a minute", () => {
    const step = 50_000_000;
    const code = codeOf(secret, step);
    for (const off of [-1, 0, 1]) expect(stepOf(secret, code, (step + off) * 30_000)).toBe(step);
    for (const off of [-2, 2, 3]) expect(stepOf(secret, code, (step + off) * 30_000)).toBeNull();
  });

  test("what is no code is none", () => {
    for (const code of ["", "12345", "1234567", "12345a", "１２３４５６", "-12345"]) expect(stepOf(secret, code, 0)).toBeNull();
  });

  // RFC 4648, section 10, without its padding.
  test.each([
    ["", ""],
    ["f", "MY"],
    ["fo", "MZXQ"],
    ["foo", "MZXW6"],
    ["foob", "MZXW6YQ"],
    ["fooba", "MZXW6YTB"],
    ["foobar", "MZXW6YTBOI"],
  ])("base 32 of %j", (text, expected) => {
    expect(base32(Buffer.from(text))).toBe(expected);
  });

  test("the address for apps names issuer and account and is well encoded", () => {
    const uri = new URL(otpauthUri(secret, "Otedama & sons", "aki+pool@example.org"));
    expect(uri.protocol).toBe("otpauth:");
    expect(decodeURIComponent(uri.pathname)).toContain("Otedama & sons:aki+pool@example.org");
    expect(uri.searchParams.get("secret")).toBe("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    expect(uri.searchParams.get("issuer")).toBe("Otedama & sons");
  });
});

describe("sealed secrets", () => {
  const sealer = new Sealer({ secret: "a".repeat(64) });

  test("come back whole, and look different each time", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, owner) => {
        const sealed = sealer.seal("thing", owner, text);
        expect(sealer.open("thing", owner, sealed)).toBe(text);
        expect(sealer.seal("thing", owner, text)).not.toBe(sealed);
      }),
      { numRuns: 50 },
    );
  });

  test("do not open for another purpose, another owner, another key, or changed", () => {
    const sealed = sealer.seal("thing", "aki", "the secret");
    expect(sealed).not.toContain(Buffer.from("the secret").toString("base64url"));
    const bytes = Buffer.from(sealed.slice(3), "base64url");
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    for (const open of [
      () => sealer.open("other", "aki", sealed),
      () => sealer.open("thing", "ben", sealed),
      () => new Sealer({ secret: "b".repeat(64) }).open("thing", "aki", sealed),
      () => sealer.open("thing", "aki", `s1.${bytes.toString("base64url")}`),
      () => sealer.open("thing", "aki", "s1."),
      () => sealer.open("thing", "aki", sealed.replace("s1", "s2")),
    ]) {
      expect(open).toThrow(SealBrokenError);
    }
  });
});

describe("QR codes", () => {
  test("check bytes: data and checks together are a multiple of the generator, at every root", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(255), { minLength: 1, maxLength: 60 }), fc.integer({ min: 2, max: 30 }), (data, checks) => {
        const word = [...data, ...appendChecks(data, checks)];
        for (let root = 0; root < checks; root++) {
          expect(word.reduce((sum, byte) => multiply(sum, power(root)) ^ byte, 0)).toBe(0);
        }
      }),
      { numRuns: 100 },
    );
  });

  test("whatever is written can be read back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 160 }), (text) => {
        const written = text.toWellFormed();
        expect(read(encodeQr(written))).toBe(written);
      }),
      { numRuns: 60 },
    );
    for (const length of [14, 15, 122, 123, 180, 213, 300, 412, 504, 666]) {
      expect(read(encodeQr("x".repeat(length)))).toBe("x".repeat(length));
    }
  });

  // Read by an independent decoder when it was recorded.
  test("a known picture stays as it is", () => {
    const { size, path } = qrPath(
      encodeQr("otpauth://totp/Otedama:aki%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Otedama"),
    );
    expect(size).toBe(49);
    expect(createHash("sha256").update(path).digest("hex")).toBe(PICTURE);
  });

  test("what does not fit is refused", () => {
    expect(() => encodeQr("x".repeat(667))).toThrow(RangeError);
  });
});

const PICTURE = "47ccca304c1b2ee09b26a050446b597298089fd021a1ef3b5e2e2a5c0060207d";

/** A reader written from the standard alone, for undamaged pictures in bytes mode. */
function read(modules: readonly (readonly boolean[])[]): string {
  const size = modules.length;
  const version = (size - 17) / 4;
  const at = (row: number, column: number): number => (modules[row]?.[column] ? 1 : 0);
  const format = [0, 1, 2, 3, 4, 5, 7, 8].map((row) => at(row, 8)).concat([7, 5, 4, 3, 2, 1, 0].map((column) => at(8, column)));
  const bits = format.reduce((value, bit, index) => value | (bit << index), 0) ^ 0x5412;
  expect(bits >> 13).toBe(0b00);
  const mask = (bits >> 10) & 7;

  const alignment = version === 1 ? [] : centres(version);
  const inFinder = (r: number, c: number) => (r < 9 && c < 9) || (r < 9 && c >= size - 8) || (r >= size - 8 && c < 9);
  const reserved = (r: number, c: number) =>
    inFinder(r, c) ||
    r === 6 ||
    c === 6 ||
    (version >= 7 && ((r < 6 && c >= size - 11 && c < size - 8) || (c < 6 && r >= size - 11 && r < size - 8))) ||
    alignment.some((y) => alignment.some((x) => !inFinder(y, x) && Math.abs(r - y) <= 2 && Math.abs(c - x) <= 2));
  const flip = (r: number, c: number) =>
    [
      (r + c) % 2,
      r % 2,
      c % 3,
      (r + c) % 3,
      ((r >> 1) + Math.floor(c / 3)) % 2,
      ((r * c) % 2) + ((r * c) % 3),
      (((r * c) % 2) + ((r * c) % 3)) % 2,
      (((r + c) % 2) + ((r * c) % 3)) % 2,
    ][mask] === 0;

  const stream: number[] = [];
  const columns = Array.from({ length: size }, (_, index) => size - 1 - index).filter((column) => column !== 6);
  for (let pair = 0; pair < columns.length; pair += 2) {
    const upward = (pair / 2) % 2 === 0;
    for (let step = 0; step < size; step++) {
      const row = upward ? size - 1 - step : step;
      for (const column of columns.slice(pair, pair + 2)) {
        if (!reserved(row, column)) stream.push(at(row, column) ^ (flip(row, column) ? 1 : 0));
      }
    }
  }
  const words: number[] = [];
  for (let index = 0; index + 8 <= stream.length; index += 8) {
    words.push(stream.slice(index, index + 8).reduce((word, bit) => (word << 1) | bit, 0));
  }
  const [checks, short, length, long] = BLOCKS[version - 1] as readonly [number, number, number, number];
  const blocks = Array.from({ length: short + long }, (_, index) => ({
    length: index < short ? length : length + 1,
    words: [] as number[],
  }));
  let next = 0;
  for (let index = 0; index <= length; index++) {
    for (const block of blocks) if (index < block.length) block.words.push(words[next++] as number);
  }
  for (let index = 0; index < checks; index++) for (const block of blocks) block.words.push(words[next++] as number);
  for (const block of blocks) {
    for (let root = 0; root < checks; root++) {
      expect(block.words.reduce((sum, byte) => multiply(sum, power(root)) ^ byte, 0)).toBe(0);
    }
  }
  const data = blocks.flatMap((block) => block.words.slice(0, block.length));
  const nibbles = data.flatMap((byte) => [byte >> 4, byte & 15]);
  expect(nibbles[0]).toBe(0b0100);
  const counted = version < 10 ? 2 : 4;
  const count = nibbles.slice(1, 1 + counted).reduce((value, nibble) => value * 16 + nibble, 0);
  const bytes = Array.from(
    { length: count },
    (_, index) => (nibbles[1 + counted + 2 * index] as number) * 16 + (nibbles[2 + counted + 2 * index] as number),
  );
  return Buffer.from(bytes).toString("utf8");
}

/** Annex E of the standard. */
function centres(version: number): number[] {
  return (
    [
      [],
      [18],
      [22],
      [26],
      [30],
      [34],
      [22, 38],
      [24, 42],
      [26, 46],
      [28, 50],
      [30, 54],
      [32, 58],
      [34, 62],
      [26, 46, 66],
      [26, 48, 70],
      [26, 50, 74],
      [30, 54, 78],
      [30, 56, 82],
      [30, 58, 86],
      [34, 62, 90],
    ][version - 1] ?? []
  ).concat(6);
}

/** Level M: check bytes a block, blocks, data bytes of each, blocks with one byte more. Table 9 of the standard. */
const BLOCKS = [
  [10, 1, 16, 0],
  [16, 1, 28, 0],
  [26, 1, 44, 0],
  [18, 2, 32, 0],
  [24, 2, 43, 0],
  [16, 4, 27, 0],
  [18, 4, 31, 0],
  [22, 2, 38, 2],
  [22, 3, 36, 2],
  [26, 4, 43, 1],
  [30, 1, 50, 4],
  [22, 6, 36, 2],
  [22, 8, 37, 1],
  [24, 4, 40, 5],
  [24, 5, 41, 5],
  [28, 7, 45, 3],
  [28, 10, 46, 1],
  [26, 9, 43, 4],
  [26, 3, 44, 11],
  [26, 3, 41, 13],
] as const;
