import { secp256k1 } from "@noble/curves/secp256k1.js";
import { ripemd160 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { Address, NETWORK, p2pkh, p2wpkh } from "@scure/btc-signer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesToHex, hexToBytes, outputScript, wireToDisplay } from "../src/bitcoin/index.ts";
import { MessageSignatureError, messageHash, toSignTxid, toSpendTxid, verifyMessage } from "../src/message/index.ts";
import bip322 from "./vectors/bip322.json" with { type: "json" };
import knots from "./vectors/signed_messages.json" with { type: "json" };

describe("BIP 322's own vectors", () => {
  test.each(bip322.hashes)("hashes of $message", (vector) => {
    const script = outputScript(vector.address, "main");
    expect(bytesToHex(messageHash(vector.message))).toBe(vector.message_hash);
    expect(wireToDisplay(toSpendTxid(vector.message, script))).toBe(vector.to_spend_tx_hash);
    expect(wireToDisplay(toSignTxid(vector.message, script))).toBe(vector.to_sign_tx_hash);
  });

  const judged = bip322.good.filter((vector) => !/time-lock|^p2sh-multisig/.test(vector.kind));
  test.each(judged)("$kind: $message", ({ address, message, signatures }) => {
    for (const signature of signatures) {
      verifyMessage(address, "main", message, signature);
      expect(() => verifyMessage(address, "main", `${message} `, signature)).toThrow(MessageSignatureError);
    }
  });

  // A time lock says that a key alone is not enough; such scripts, and those older than segwit, are not judged.
  test.each(bip322.good.filter((vector) => !judged.includes(vector)))("$kind is refused", ({ address, message, signatures }) => {
    for (const signature of signatures)
      expect(() => verifyMessage(address, "main", message, signature)).toThrow(MessageSignatureError);
  });

  test.each(bip322.bad)("bad: $why", ({ address, message, signature }) => {
    expect(() => verifyMessage(address, "main", message, signature)).toThrow(MessageSignatureError);
  });
});

test.each(knots.signatures)("signed by a node's wallet: $address", ({ address, signature }) => {
  verifyMessage(address, "regtest", knots.message, signature);
  verifyMessage(address, "regtest", knots.message, ` ${signature}\n`);
  expect(() => verifyMessage(address, "regtest", knots.message.toUpperCase(), signature)).toThrow(MessageSignatureError);
  for (const other of knots.signatures.filter((one) => one.address !== address)) {
    expect(() => verifyMessage(other.address, "regtest", knots.message, signature)).toThrow(MessageSignatureError);
  }
});

describe("65-byte signatures", () => {
  // bitcoinjs-message's README.
  const MESSAGE = "This is an example of a signed message.";
  const SIGNATURE = "H9L5yLFjti0QTHhPyFrZCT1V/MMnBtXKmoiKDZ78NDBjERki6ZTQZdSMCtkgoNmp17By9ItJr8o7ChX0XxY91nk=";
  const bytes = Uint8Array.from(atob(SIGNATURE), (character) => character.charCodeAt(0));
  const withHead = (head: number) => btoa(String.fromCharCode(head, ...bytes.subarray(1)));

  test("p2pkh, and BIP 137's heads for the other kinds of the same key, each for its own kind only", () => {
    verifyMessage("1F3sAm6ZtwLAUnj7d38pGFxtP3RVEvtsbV", "main", MESSAGE, SIGNATURE);
    // The same key's other addresses: its hash is the p2pkh address's.
    const hash = Address(NETWORK).decode("1F3sAm6ZtwLAUnj7d38pGFxtP3RVEvtsbV");
    if (hash.type !== "pkh") throw new Error("not p2pkh");
    const segwit = Address(NETWORK).encode({ type: "wpkh", hash: hash.hash });
    const redeem = new Uint8Array([0, 20, ...hash.hash]);
    const nested = Address(NETWORK).encode({ type: "sh", hash: ripemd160(sha256(redeem)) });
    const head = bytes[0] as number;
    const recovery = (head - 27) & 3;
    const accepted: Record<string, number[]> = {
      "1F3sAm6ZtwLAUnj7d38pGFxtP3RVEvtsbV": [31],
      [nested]: [31, 35],
      [segwit]: [31, 39],
    };
    for (const [address, heads] of Object.entries(accepted)) {
      for (const base of [27, 31, 35, 39]) {
        const check = () => verifyMessage(address, "main", MESSAGE, withHead(base + recovery));
        if (heads.includes(base)) check();
        else expect(check).toThrow(MessageSignatureError);
      }
    }
    for (const wrong of [0, 26, 43, 255]) {
      expect(() => verifyMessage(segwit, "main", MESSAGE, withHead(wrong))).toThrow(MessageSignatureError);
    }
  });
});

describe("what must not be signed that way", () => {
  const secret = hexToBytes("11".repeat(32));
  const address = p2wpkh(secp256k1.getPublicKey(secret), NETWORK).address as string;

  test("another sighash, a high S, an uncompressed key, bytes after the end", () => {
    const vector = bip322.good[0];
    const good = Uint8Array.from(atob((vector?.signatures[0] ?? "").slice(3)), (c) => c.charCodeAt(0));
    const encode = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
    const check = (bytes: Uint8Array) => verifyMessage(vector?.address ?? "", "main", vector?.message ?? "", encode(bytes));
    check(good);
    const sighash = good.slice();
    sighash[1 + (good[1] as number)] = 2;
    expect(() => check(sighash)).toThrow(MessageSignatureError);
    expect(() => check(Uint8Array.of(...good, 0))).toThrow(/after its end/);
    expect(() => check(good.slice(0, -1))).toThrow(/too early/);
    // The high half of S is as good a solution of the equation, and refused.
    const der = secp256k1.Signature.fromBytes(good.slice(2, 1 + (good[1] as number)), "der");
    const high = new secp256k1.Signature(der.r, secp256k1.Point.Fn.ORDER - der.s).toBytes("der");
    expect(() => check(Uint8Array.of(2, high.length + 1, ...high, 1, ...good.slice(2 + (good[1] as number))))).toThrow(
      MessageSignatureError,
    );
  });

  test("an address that is none, of another network, or that cannot sign", () => {
    expect(() => verifyMessage("nonsense", "main", "m", "AA==")).toThrow(/not a Bitcoin address/);
    expect(() => verifyMessage(address, "regtest", "m", "AA==")).toThrow(/main network/);
    const legacy = p2pkh(secp256k1.getPublicKey(secret), NETWORK).address as string;
    expect(() => verifyMessage(legacy, "main", "m", "smpAA==")).toThrow(MessageSignatureError);
    expect(() => verifyMessage(address, "main", "m", "pofAAAA")).toThrow(/proof of funds/);
    expect(() => verifyMessage(address, "main", "m", "A".repeat(5_000))).toThrow(/too long/);
    expect(() => verifyMessage(address, "main", "m", "")).toThrow(/missing/);
  });

  test("whatever is sent, the answer is a refusal in words", () => {
    const kinds = [
      address,
      p2pkh(secp256k1.getPublicKey(secret), NETWORK).address as string,
      "37HVPoc7ZsU5C9Z2VKcCkSLzEknYXCzm3s",
      "bc1qa8xp82hejuydq8d9yc44s662ras5ncr98gxz3n53s6vklwgrczrqc4fqtn",
      "bc1p9cyuceaazr8cz46mvgkzl94wy397mwpqsrk84su37t72jvkg6wzqv52nfp",
    ];
    const good = bip322.good.flatMap((vector) => vector.signatures);
    const mutated = fc.tuple(fc.constantFrom(...good), fc.nat(), fc.nat(255), fc.nat(3)).map(([text, at, byte, how]) => {
      const bytes = [...atob(text.replace(/^(smp|ful)/, ""))].map((c) => c.charCodeAt(0));
      const place = at % bytes.length;
      if (how === 0) bytes[place] = byte;
      else if (how === 1) bytes.splice(place, 1);
      else if (how === 2) bytes.splice(place, 0, byte);
      else bytes.length = place;
      return btoa(String.fromCharCode(...bytes));
    });
    const anything = fc.oneof(
      mutated,
      fc.uint8Array({ maxLength: 300 }).map((bytes) => btoa(String.fromCharCode(...bytes))),
      fc.uint8Array({ minLength: 65, maxLength: 65 }).map((bytes) => btoa(String.fromCharCode(31, ...bytes.slice(1)))),
      fc.string({ maxLength: 60 }),
    );
    fc.assert(
      fc.property(anything, fc.constantFrom(...kinds), fc.string(), (signature, to, message) => {
        expect(() => verifyMessage(to, "main", message, signature)).toThrow(MessageSignatureError);
      }),
      { numRuns: 400 },
    );
  });
});
