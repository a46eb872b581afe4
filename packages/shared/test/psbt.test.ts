/** PSBTs: built, given out, taken back. Keys here are numbers written out as bytes, of use to nobody. */
import { schnorr, secp256k1 } from "@noble/curves/secp256k1.js";
import { p2ms, p2pkh, p2sh, p2tr, p2wpkh, p2wsh, Transaction } from "@scure/btc-signer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesToHex, hexToBytes, NETWORK_PARAMETERS, outputScript } from "../src/bitcoin/index.ts";
import {
  acceptSignedPsbt,
  type BuiltPsbt,
  buildPsbt,
  convertPsbt,
  dustLimit,
  encodePsbt,
  PsbtError,
  readPsbt,
  resolveDescriptor,
  type SpendableOutput,
  unsignedTxid,
} from "../src/psbt/index.ts";

const NETWORK = NETWORK_PARAMETERS.regtest;
const key = (n: number) => new Uint8Array(32).fill(n);
const pub = (n: number) => secp256k1.getPublicKey(key(n), true);
const OPTIONS = { network: "regtest", fee_rate_min: 1, fee_rate_max: 50 } as const;
const PAYEE = bytesToHex(outputScript("bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry", "regtest"));
const CHANGE = bytesToHex(p2wpkh(pub(9), NETWORK).script);

/** A transaction that pays a script, and the output of it. */
function fund(script: Uint8Array, descriptor: string | null, value_sats = 100_000n, salt = 1): SpendableOutput {
  const made = new Transaction({ allowUnknownInputs: true, disableScriptCheck: true });
  made.addInput({ txid: new Uint8Array(32).fill(salt), index: salt, finalScriptSig: new Uint8Array() });
  made.addOutput({ script, amount: value_sats });
  const raw = made.toBytes(true, false);
  const txid = Transaction.fromRaw(raw, { allowUnknownInputs: true, allowUnknownOutputs: true }).id;
  return { txid, vout: 0, value_sats, script_hex: bytesToHex(script), descriptor, previous_hex: bytesToHex(raw) };
}

const multi = p2ms(2, [pub(1), pub(2), pub(3)]);
const hex = (n: number) => bytesToHex(pub(n));
const MULTI = `multi(2,${hex(1)},${hex(2)},${hex(3)})`;
/** Every kind of output, and the keys that spend it. */
const KINDS: Record<string, { output: SpendableOutput; keys: number[] }> = {
  wpkh: { output: fund(p2wpkh(pub(1)).script, null), keys: [1] },
  "wpkh with its key's origin": { output: fund(p2wpkh(pub(1)).script, `wpkh([d34db33f/84h/1h/0h/0/5]${hex(1)})`), keys: [1] },
  pkh: { output: fund(p2pkh(pub(1)).script, null), keys: [1] },
  "sh(wpkh)": { output: fund(p2sh(p2wpkh(pub(1))).script, `sh(wpkh(${hex(1)}))`), keys: [1] },
  tr: { output: fund(p2tr(schnorr.getPublicKey(key(1))).script, `tr(${bytesToHex(schnorr.getPublicKey(key(1)))})`), keys: [1] },
  "wsh(multi)": { output: fund(p2wsh(multi).script, `wsh(${MULTI})`), keys: [1, 3] },
  "sh(multi)": { output: fund(p2sh(multi).script, `sh(${MULTI})`), keys: [2, 3] },
  "sh(wsh(multi))": { output: fund(p2sh(p2wsh(multi)).script, `sh(wsh(${MULTI}))`), keys: [1, 2] },
};

function build(inputs: SpendableOutput[], pays = 60_000n, fee = 3_000n): BuiltPsbt {
  const total = inputs.reduce((sum, input) => sum + input.value_sats, 0n);
  return buildPsbt({
    inputs,
    outputs: [{ script_hex: PAYEE, value_sats: pays }],
    change: { script_hex: CHANGE, value_sats: total - pays - fee },
  });
}

function sign(psbt: string, keys: number[], change?: (transaction: Transaction) => void): string {
  const transaction = readPsbt(psbt);
  change?.(transaction);
  for (const n of keys) transaction.sign(key(n));
  return encodePsbt(transaction);
}

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof PsbtError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "accepted";
};

describe("a signed PSBT", () => {
  for (const [name, { output, keys }] of Object.entries(KINDS)) {
    test(`${name}: is taken, finished, and no larger than its fee was made for`, () => {
      const built = build([output]);
      const signed = acceptSignedPsbt(built.psbt, sign(built.psbt, keys), OPTIONS);
      expect(signed.fee_sats).toBe(3_000n);
      expect(signed.vsize).toBeLessThanOrEqual(built.vsize);
      expect(signed.vsize).toBeGreaterThan(built.vsize * 0.9 - 3);
      const transaction = Transaction.fromRaw(hexToBytes(signed.raw_hex), {
        allowUnknownInputs: true,
        allowUnknownOutputs: true,
      });
      expect(transaction.id).toBe(signed.txid);
      expect(unsignedTxid(transaction)).toBe(built.unsigned_txid);
      // Again, as version 2 and finished by the signer itself.
      const second = readPsbt(convertPsbt(built.psbt, 2));
      expect(second.opts.PSBTVersion).toBe(2);
      for (const n of keys) second.sign(key(n));
      second.finalize();
      expect(acceptSignedPsbt(built.psbt, encodePsbt(second, 2), OPTIONS).fee_sats).toBe(3_000n);
    });

    test(`${name}: a signature that does not hold is found`, () => {
      const built = build([output]);
      const damaged = readPsbt(sign(built.psbt, keys));
      damaged.finalize();
      const input = damaged.getInput(0);
      const flip = (bytes: Uint8Array, at: number) => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
      const witness = input.finalScriptWitness;
      const at = witness ? witness.findIndex((part) => part.length >= 64) : -1;
      if (witness && at >= 0) {
        damaged.updateInput(0, { finalScriptWitness: witness.map((part, i) => (i === at ? flip(part, 40) : part)) }, true);
      } else damaged.updateInput(0, { finalScriptSig: flip(input.finalScriptSig ?? new Uint8Array(), 45) }, true);
      expect(refusal(() => acceptSignedPsbt(built.psbt, encodePsbt(damaged), OPTIONS))).toMatch(/^bad_signature: Input 1/);
    });
  }

  test("several kinds together", () => {
    const inputs = Object.values(KINDS).map(({ output }, index) =>
      fund(hexToBytes(output.script_hex), output.descriptor, 100_000n, index + 2),
    );
    const built = build(inputs, 700_000n, 20_000n);
    expect(acceptSignedPsbt(built.psbt, sign(built.psbt, [1, 2, 3]), OPTIONS).fee_sats).toBe(20_000n);
    expect(refusal(() => acceptSignedPsbt(built.psbt, sign(built.psbt, [2]), OPTIONS))).toMatch(/^incomplete: Input \d/);
  });
});

describe("what is not the PSBT that was given out", () => {
  const built = build([KINDS.wpkh?.output as SpendableOutput, fund(p2wpkh(pub(1)).script, null, 50_000n, 7)]);
  const rebuilt = (outputs: { script_hex: string; value_sats: bigint }[], inputs?: SpendableOutput[]) =>
    buildPsbt({
      inputs: inputs ?? [KINDS.wpkh?.output as SpendableOutput, fund(p2wpkh(pub(1)).script, null, 50_000n, 7)],
      outputs,
      change: null,
    }).psbt;
  const accept = (psbt: string) => refusal(() => acceptSignedPsbt(built.psbt, sign(psbt, [1]), OPTIONS));

  test("is refused with the difference", () => {
    expect(
      accept(
        rebuilt([
          { script_hex: PAYEE, value_sats: 60_001n },
          { script_hex: CHANGE, value_sats: 87_000n },
        ]),
      ),
    ).toBe(
      "changed: This is not the PSBT that was given out. Output 1 pays 0.00060001 BTC to bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry and should pay 0.00060000 BTC to bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry.",
    );
    expect(
      accept(
        rebuilt([
          { script_hex: CHANGE, value_sats: 60_000n },
          { script_hex: CHANGE, value_sats: 87_000n },
        ]),
      ),
    ).toMatch(/Output 1 pays 0\.00060000 BTC to bcrt1q.* and should pay 0\.00060000 BTC to bcrt1qrp33/);
    expect(accept(rebuilt([{ script_hex: PAYEE, value_sats: 60_000n }]))).toMatch(
      /It has 1 outputs and the one given out has 2\. Output 2, 0\.00087000 BTC to .*, is missing\./,
    );
    const three = [60_000n, 80_000n, 7_000n].map((value_sats) => ({ script_hex: PAYEE, value_sats }));
    expect(accept(rebuilt(three))).toMatch(/Output 3 pays 0\.00007000 BTC to bcrt1q.* and was not in it/);
    expect(
      accept(rebuilt([{ script_hex: PAYEE, value_sats: 60_000n }], [fund(p2wpkh(pub(1)).script, null, 100_000n, 8)])),
    ).toMatch(/Input 1 spends [0-9a-f]{64}:0 and should spend [0-9a-f]{64}:0\. Input 2 \(.*\) is missing/);
    const other_sequence = sign(built.psbt, [1], (transaction) => transaction.updateInput(0, { sequence: 0xffffffff }, true));
    expect(refusal(() => acceptSignedPsbt(built.psbt, other_sequence, OPTIONS))).toMatch(
      /Input 1 has the sequence 4294967295 and should have 4294967293/,
    );
  });

  test("or not signed, or signed in part", () => {
    expect(refusal(() => acceptSignedPsbt(built.psbt, built.psbt, OPTIONS))).toMatch(/^incomplete: Input 1 \(.*\) is not signed/);
    const half = readPsbt(built.psbt);
    half.signIdx(key(1), 0);
    expect(refusal(() => acceptSignedPsbt(built.psbt, encodePsbt(half), OPTIONS))).toMatch(/^incomplete: Input 2/);
    const single = readPsbt(built.psbt);
    for (let i = 0; i < 2; i++) {
      single.updateInput(i, { sighashType: 3 }, true);
      single.signIdx(key(1), i, [3]);
    }
    expect(refusal(() => acceptSignedPsbt(built.psbt, encodePsbt(single), OPTIONS))).toMatch(/not over the whole transaction/);
  });

  test("a fee out of bounds is refused", () => {
    const dear = build([KINDS.wpkh?.output as SpendableOutput], 60_000n, 30_000n);
    expect(refusal(() => acceptSignedPsbt(dear.psbt, sign(dear.psbt, [1]), OPTIONS))).toMatch(
      /^fee: The fee of 30000 sats is .* outside of the policy's 1 to 50/,
    );
    const cheap = build([KINDS.wpkh?.output as SpendableOutput], 60_000n, 10n);
    expect(refusal(() => acceptSignedPsbt(cheap.psbt, sign(cheap.psbt, [1]), OPTIONS))).toMatch(/^fee:/);
  });

  test("a lie about what is spent is not believed", () => {
    const lying = readPsbt(built.psbt);
    const script = p2wpkh(pub(1)).script;
    lying.updateInput(1, { nonWitnessUtxo: undefined, witnessUtxo: { script, amount: 49_000n } } as never, true);
    lying.sign(key(1));
    expect(refusal(() => acceptSignedPsbt(built.psbt, encodePsbt(lying), OPTIONS))).toMatch(/^bad_signature: Input 2/);
  });

  test("what is no PSBT is told apart", () => {
    expect(refusal(() => readPsbt(""))).toBe("not_a_psbt: The PSBT is empty.");
    expect(refusal(() => readPsbt("0200000001"))).toMatch(/in base64 it begins with "cHNidP"/);
    expect(refusal(() => readPsbt(`${built.psbt.slice(0, -9)}A`))).toMatch(/^not_a_psbt/);
    expect(refusal(() => readPsbt("cHNidP".repeat(700_000)))).toMatch(/longer than/);
    expect(readPsbt(bytesToHex(readPsbt(built.psbt).toPSBT(0))).id).toBeTruthy();
  });

  test("no bytes whatever do anything but be refused or be the same transaction", () => {
    const given = readPsbt(sign(built.psbt, [1])).toPSBT(0);
    fc.assert(
      fc.property(fc.nat(given.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, xor, cut) => {
        const bytes = cut ? given.slice(0, at) : given.map((byte, index) => (index === at ? byte ^ xor : byte));
        let accepted: { raw_hex: string } | null = null;
        try {
          accepted = acceptSignedPsbt(built.psbt, bytes, OPTIONS);
        } catch (error) {
          expect(error).toBeInstanceOf(PsbtError);
        }
        if (accepted) {
          const raw = Transaction.fromRaw(hexToBytes(accepted.raw_hex), { allowUnknownInputs: true, allowUnknownOutputs: true });
          expect(unsignedTxid(raw)).toBe(built.unsigned_txid);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe("what cannot be made", () => {
  const [input] = [KINDS.wpkh?.output as SpendableOutput];
  test("is refused with the number", () => {
    const dust = { script_hex: PAYEE, value_sats: dustLimit(hexToBytes(PAYEE)) - 1n };
    expect(refusal(() => buildPsbt({ inputs: [input], outputs: [dust], change: null }))).toMatch(
      /^output: Output 1 would pay 329 sats/,
    );
    const more = { script_hex: PAYEE, value_sats: 100_001n };
    expect(refusal(() => buildPsbt({ inputs: [input], outputs: [more], change: null }))).toMatch(/^short:/);
    const legacy = { ...(KINDS.pkh?.output as SpendableOutput), previous_hex: null };
    const some = { script_hex: PAYEE, value_sats: 1_000n };
    expect(refusal(() => buildPsbt({ inputs: [legacy], outputs: [some], change: null }))).toMatch(/^input: .* of an old type/);
  });

  test("dust limits are those of Bitcoin Core", () => {
    const limit = (script: Uint8Array) => Number(dustLimit(script));
    expect(
      [p2pkh(pub(1)), p2wpkh(pub(1)), p2wsh(multi), p2tr(schnorr.getPublicKey(key(1)))].map(({ script }) => limit(script)),
    ).toEqual([546, 294, 330, 330]);
    expect(limit(p2sh(multi).script)).toBe(540);
  });
});

test("descriptors that a node infers", () => {
  const known = resolveDescriptor(`wsh(sortedmulti(2,[00000001/48'/1'/0'/2'/0/7]${hex(2)},${hex(1)}))#abcdefgh`);
  expect(known?.multisig).toEqual({ required: 2, keys: 2 });
  expect(known?.origins[0]).toMatchObject({ fingerprint: 1, path: [0x80000030, 0x80000001, 0x80000000, 0x80000002, 0, 7] });
  expect(
    resolveDescriptor(
      "wpkh(xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V/0/*)",
    ),
  ).toBeNull();
  fc.assert(fc.property(fc.string({ maxLength: 80 }), (text) => resolveDescriptor(text) === null));
});
