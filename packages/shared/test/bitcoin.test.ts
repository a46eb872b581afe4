import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AddressError,
  bytesToHex,
  DIFFICULTY_1_TARGET,
  difficultyToTarget,
  displayToWire,
  hexToBytes,
  nbitsToDifficulty,
  nbitsToTarget,
  outputScript,
  parseAddress,
  parseLogin,
  TARGET_MAX,
  targetToDifficulty,
  targetToNbits,
  wireToDisplay,
  workHashes,
} from "../src/bitcoin/index.ts";

describe("targets", () => {
  // Bitcoin Core, src/test/arith_uint256_tests.cpp (bignum_SetCompact).
  test.each([
    [0x01123456, 0x12n],
    [0x02123456, 0x1234n],
    [0x03123456, 0x123456n],
    [0x04123456, 0x12345600n],
    [0x05009234, 0x92340000n],
    [0x20123456, 0x123456n << 232n],
    // Genesis of the main network and of regtest.
    [0x1d00ffff, 0xffffn << 208n],
    [0x207fffff, 0x7fffffn << 232n],
  ])("nbits %i", (nbits, target) => {
    expect(nbitsToTarget(nbits)).toBe(target);
  });

  test.each([0, 0x00123456, 0x01003456, 0x04923456, 0xff123456, 0x22000100])("refuses nbits %i", (nbits) => {
    expect(() => nbitsToTarget(nbits)).toThrow(RangeError);
  });

  test("the compact form keeps at least 15 bits, rounds down and reads back as itself", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: TARGET_MAX }), (target) => {
        const nbits = targetToNbits(target);
        const back = nbitsToTarget(nbits);
        expect(back <= target).toBe(true);
        expect((target - back) * 32768n <= target).toBe(true);
        expect(targetToNbits(back)).toBe(nbits);
      }),
    );
  });
});

describe("difficulty", () => {
  test("known blocks of the main network", () => {
    expect(nbitsToDifficulty(0x1d00ffff)).toBe(1);
    // Height 100,000 (nBits 1b04864c, difficulty 14484.1623612254) and the example of the Bitcoin wiki's page Difficulty.
    expect(nbitsToDifficulty(0x1b04864c)).toBeCloseTo(14484.1623612254, 9);
    expect(nbitsToDifficulty(0x1b0404cb)).toBeCloseTo(16307.420938523983, 9);
    // What Bitcoin Core and bcoin answer for regtest's genesis.
    expect(nbitsToDifficulty(0x207fffff)).toBe(4.6565423739069247e-10);
  });

  test("fractions are exact", () => {
    expect(difficultyToTarget(0.5)).toBe(DIFFICULTY_1_TARGET * 2n);
    expect(difficultyToTarget(0.001953125)).toBe(DIFFICULTY_1_TARGET * 512n);
    expect(difficultyToTarget(3)).toBe(DIFFICULTY_1_TARGET / 3n);
    expect(difficultyToTarget(Number.MIN_VALUE)).toBe(TARGET_MAX);
    expect(difficultyToTarget(Number.MAX_VALUE)).toBe(1n);
    expect(workHashes(1)).toBe(1n << 32n);
    expect(workHashes(0.5)).toBe(1n << 31n);
    expect(workHashes(1.5)).toBe(3n << 31n);
    expect(workHashes(2 ** -33)).toBe(0n);
    expect(workHashes(2 ** 60)).toBe(1n << 92n);
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("refuses %s", (difficulty) => {
    expect(() => difficultyToTarget(difficulty)).toThrow(RangeError);
    expect(() => workHashes(difficulty)).toThrow(RangeError);
  });

  const difficulties = fc.double({ min: 2 ** -30, max: 2 ** 90, noNaN: true });

  test("a target meets its difficulty, and one more does not", () => {
    fc.assert(
      fc.property(difficulties, (difficulty) => {
        // target ≤ T1/d < target + 1, checked in integers: d = m / 2^k exactly.
        let k = 0;
        let m = difficulty;
        while (!Number.isInteger(m)) {
          m *= 2;
          k += 1;
        }
        const target = difficultyToTarget(difficulty);
        const scaled = DIFFICULTY_1_TARGET << BigInt(k);
        expect(target * BigInt(m) <= scaled).toBe(true);
        expect((target + 1n) * BigInt(m) > scaled).toBe(true);
      }),
    );
  });

  test("difficulty to target and back differs by rounding only", () => {
    fc.assert(
      fc.property(difficulties, (difficulty) => {
        expect(Math.abs(targetToDifficulty(difficultyToTarget(difficulty)) / difficulty - 1)).toBeLessThan(2 ** -50);
      }),
    );
  });

  test("more difficulty is never less work nor a larger target", () => {
    fc.assert(
      fc.property(difficulties, difficulties, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(workHashes(low) <= workHashes(high)).toBe(true);
        expect(difficultyToTarget(low) >= difficultyToTarget(high)).toBe(true);
      }),
    );
  });
});

describe("byte order", () => {
  test("hex and hashes round-trip", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(hexToBytes(bytesToHex(bytes))).toEqual(bytes);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (hash) => {
        expect(displayToWire(wireToDisplay(hash))).toEqual(hash);
      }),
    );
    expect(wireToDisplay(Uint8Array.of(1, 2, 3))).toBe("030201");
    expect(() => hexToBytes("abc")).toThrow(RangeError);
    expect(() => hexToBytes("zz")).toThrow(RangeError);
    expect(() => displayToWire("00")).toThrow(RangeError);
  });
});

describe("addresses", () => {
  // BIP 173 and BIP 350 (segwit), and the first coinbase's address (main network, P2PKH).
  test.each([
    ["main", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "0014751e76e8199196d454941c45d1b3a323f1433bd6"],
    [
      "test",
      "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
      "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262",
    ],
    [
      "main",
      "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
      "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    ],
    ["main", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac"],
  ] as const)("%s %s", (network, address, script) => {
    expect(bytesToHex(outputScript(address, network))).toBe(script);
  });

  test("one address has one spelling", () => {
    const lower = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
    expect(parseAddress(lower.toUpperCase(), "main").address).toBe(lower);
  });

  function code(address: string, network: "main" | "test" | "signet" | "regtest"): string {
    try {
      parseAddress(address, network);
    } catch (error) {
      if (error instanceof AddressError) return error.code;
      throw error;
    }
    return "accepted";
  }

  test("says what is wrong", () => {
    expect(code("", "main")).toBe("empty");
    expect(code("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "regtest")).toBe("wrong_network");
    expect(code("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "signet")).toBe("wrong_network");
    expect(code("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "main")).toBe("wrong_checksum");
    expect(code("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "main")).toBe("wrong_checksum");
    // BIP 350: version 0 with bech32m, version 1 with bech32; mixed case.
    expect(code("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", "main")).toBe("wrong_checksum");
    expect(code("bc1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqkhjvnm", "main")).toBe("wrong_checksum");
    expect(code("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kV8f3t4", "main")).toBe("wrong_checksum");
    expect(code("hello", "main")).toBe("not_an_address");
    expect(code("tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7", "signet")).toBe("accepted");
  });

  // BIP 350's list of invalid addresses, and BIP 173's for version 0; a wallet import format key of Bitcoin's wiki.
  test.each([
    ["bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", "wrong_checksum", /BIP 350 \(bech32m\)/],
    ["bc1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqkhjvnm".slice(0, -1), "wrong_checksum", /mistyped or missing/],
    ["tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47", "wrong_checksum", /BIP 173 \(bech32\)/],
    ["bc1pw5dgrnzv", "wrong_type", /witness version 1 with 1 bytes/],
    ["bc1sw50qgdz25j", "wrong_type", /witness version 16 with 2 bytes\): give a P2WPKH/],
    ["bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", "wrong_type", /witness version 2 with 16 bytes/],
    ["5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ", "private_key", /^This is a private key, not an address/],
  ] as const)("%s is told what it is", (address, expected, sentence) => {
    expect(code(address, "main")).toBe(expected);
    expect(() => parseAddress(address, "regtest")).toThrow(sentence);
  });

  test("a private key is not repeated", () => {
    const key = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ";
    expect(() => parseAddress(key, "main")).toThrow(expect.objectContaining({ message: expect.not.stringContaining(key) }));
  });

  test("arbitrary text is refused with an AddressError and nothing else", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        expect(code(text, "main")).not.toBe("accepted");
      }),
    );
  });
});

describe("logins", () => {
  const address = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";

  test("address and worker", () => {
    expect(parseLogin(address, "x", "main")).toMatchObject({ address, worker: "default", options: { difficulty: null } });
    expect(parseLogin(`${address}.`, "", "main").worker).toBe("default");
    expect(parseLogin(`${address}.rack-1.slot_2`, "", "main").worker).toBe("rack-1.slot_2");
    expect(parseLogin(`${address.toUpperCase()}.a`, "", "main").address).toBe(address);
  });

  test("password options", () => {
    expect(parseLogin(address, "d=1024", "main").options.difficulty).toBe(1024);
    expect(parseLogin(address, "x;DIFF=0.002,m=pplns", "main").options.difficulty).toBe(0.002);
    expect(parseLogin(address, "d=5,m=SOLO", "main").options).toEqual({ difficulty: 5, scheme: "solo" });
    expect(parseLogin(address, "unknown=5,__proto__=1,constructor=2", "main").options.difficulty).toBe(null);
    for (const password of ["d=", "d=0", "d=-1", "d=1e999", "d=NaN", "diff=0x10", "m=pplnt", "m="]) {
      expect(() => parseLogin(address, password, "main"), password).toThrow(/password option/);
    }
  });

  test("refuses bad names and addresses with a sentence", () => {
    expect(() => parseLogin(`${address}.${"a".repeat(65)}`, "", "main")).toThrow(/64 printable/);
    expect(() => parseLogin(`${address}.a b`, "", "main")).toThrow(/64 printable/);
    expect(() => parseLogin(".worker", "", "main")).toThrow(/missing/);
    expect(() => parseLogin("worker1", "", "main")).toThrow(/not a Bitcoin address/);
  });

  test("any two strings either parse or throw a LoginError", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (user, password) => {
        try {
          parseLogin(`${address}.${user}`, password, "main");
        } catch (error) {
          expect((error as Error).name).toBe("LoginError");
        }
      }),
    );
  });
});
