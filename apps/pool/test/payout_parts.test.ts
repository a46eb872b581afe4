/** The pure parts of making and following payouts. */
import { hexToBytes } from "@otedama/shared";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Candidate, chooseInputs, divideFee } from "../src/payouts/batches/choose_inputs.ts";
import { decideBumpRate, decideFeeRate } from "../src/payouts/batches/fee_rate.ts";
import { idWithoutSignatures, readRawBlock, readRawTransaction } from "../src/payouts/batches/raw_block.ts";
import { scheduledPlanKey } from "../src/payouts/batches/schedule.ts";
import { findOwn } from "../src/payouts/batches/search_blocks.ts";
import { readSendError } from "../src/payouts/batches/send.ts";
import { RpcError } from "../src/work/rpc.ts";
import { ADDRESSES, scriptOf, testPolicy } from "./support/payout_kit.ts";

const SCRIPTS = ADDRESSES.map(scriptOf);
const [OWN = ""] = SCRIPTS;
const POLICY = testPolicy().payouts;

describe("choosing inputs", () => {
  const candidates = fc.array(
    fc.record({ value_sats: fc.bigInt({ min: 1n, max: 500_000n }), kind: fc.constantFrom(0, 1, 4), required: fc.boolean() }),
    { maxLength: 25 },
  );
  const spec = fc.record({
    candidates,
    outputs: fc.integer({ min: 1, max: 8 }),
    amount_sats: fc.bigInt({ min: 10_000n, max: 1_500_000n }),
    fee_rate: fc.double({ min: 1, max: 60, noNaN: true }),
    fee_on_top: fc.boolean(),
  });

  test("makes and loses nothing, takes what is required and pays at least the rate", () => {
    fc.assert(
      fc.property(spec, ({ candidates: list, outputs, ...wanted }) => {
        const all = list.map(
          (item, index): Candidate => ({
            txid: index.toString(16).padStart(64, "0"),
            vout: 0,
            value_sats: item.value_sats,
            script_hex: SCRIPTS[item.kind] as string,
            descriptor: null,
            required: item.required,
          }),
        );
        const result = chooseInputs({
          ...wanted,
          candidates: all,
          output_scripts: Array.from({ length: outputs }, (_, i) => hexToBytes(SCRIPTS[i % SCRIPTS.length] as string)),
          change_script: hexToBytes(OWN),
          fee_sats_min: 0n,
        });
        if (!result.chosen) {
          expect(result.have_sats).toBeLessThan(result.need_sats);
          return;
        }
        const { inputs, fee_sats, fee_at_rate_sats, change_sats, vsize } = result.chosen;
        const have = inputs.reduce((sum, input) => sum + input.value_sats, 0n);
        const paid = wanted.fee_on_top ? wanted.amount_sats : wanted.amount_sats - fee_at_rate_sats;
        expect(have).toBe(paid + fee_sats + change_sats);
        expect(Number(fee_sats)).toBeGreaterThanOrEqual(vsize * wanted.fee_rate);
        expect(fee_sats).toBeGreaterThanOrEqual(fee_at_rate_sats);
        expect(new Set(inputs.map((input) => input.txid)).size).toBe(inputs.length);
        for (const item of all) if (item.required) expect(inputs).toContain(item);
        expect(change_sats === 0n || change_sats >= 294n).toBe(true);
      }),
    );
  });

  test("says what is there and what is needed when it is not enough", () => {
    const candidate = { txid: "0".repeat(64), vout: 0, value_sats: 5_000n, script_hex: OWN, descriptor: null, required: false };
    const result = chooseInputs({
      candidates: [candidate],
      amount_sats: 10_000n,
      output_scripts: [hexToBytes(OWN)],
      change_script: hexToBytes(OWN),
      fee_rate: 1,
      fee_on_top: true,
      fee_sats_min: 0n,
    });
    expect(result).toMatchObject({ chosen: null, have_sats: 5_000n });
  });
});

test("a fee is divided to the satoshi, whatever the order", () => {
  const items = fc.uniqueArray(fc.record({ account_id: fc.nat(1000), amount_sats: fc.bigInt({ min: 1n, max: 10n ** 12n }) }), {
    selector: (item) => item.account_id,
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(items, fc.bigInt({ min: 0n, max: 10n ** 7n }), fc.nat(), (list, fee, turn) => {
      const parts = divideFee(fee, list);
      expect([...parts.values()].reduce((sum, part) => sum + part, 0n)).toBe(fee);
      const at = turn % list.length;
      expect(divideFee(fee, [...list.slice(at), ...list.slice(0, at)])).toEqual(parts);
      const [large, small] = [...list].sort((a, b) => Number(b.amount_sats - a.amount_sats));
      if (large && small) {
        expect(parts.get(large.account_id)).toBeGreaterThanOrEqual(parts.get(small.account_id) ?? 0n);
      }
    }),
  );
});

test("what to offer the network", () => {
  expect(decideFeeRate(null, POLICY)).toEqual({ fee_rate: 2 });
  expect(decideFeeRate(7.5, POLICY)).toEqual({ fee_rate: 7.5 });
  expect(decideFeeRate(100.5, POLICY)).toEqual({
    wait: expect.stringContaining("The network asks 100.5 sat/vB, and the policy offers at most 100"),
  });
  expect(decideFeeRate(null, { ...POLICY, fee_rate_min: 0 })).toEqual({ fee_rate: 1 });
  expect(decideBumpRate(null, 2, POLICY)).toBe(3);
  expect(decideBumpRate(50, 2, POLICY)).toBe(50);
  expect(decideBumpRate(500, 2, POLICY)).toBe(100);
  expect(decideBumpRate(500, 99.5, POLICY)).toBeNull();
});

test("a plan is due once a period", () => {
  const policy = { ...POLICY, scheduled: true, every_hours: 6 };
  const at = (text: string) => scheduledPlanKey(Date.parse(text), policy);
  expect(at("2026-01-01T06:00:00Z")).toBe("schedule 6 h from 2026-01-01T06:00");
  expect(at("2026-01-01T11:59:59Z")).toBe(at("2026-01-01T06:00:00Z"));
  expect(at("2026-01-01T12:00:00Z")).not.toBe(at("2026-01-01T11:59:59Z"));
  expect(scheduledPlanKey(0, POLICY)).toBeNull();
});

test("what a node's answer to a transaction means", () => {
  const node = (code: number, message: string) => readSendError(new RpcError("node", message, code)).kind;
  expect(node(-27, "Transaction outputs already in utxo set")).toBe("taken");
  expect(node(-27, "transaction already in block chain")).toBe("taken");
  expect(node(-26, "txn-already-in-mempool")).toBe("taken");
  expect(node(-26, "txn-already-known")).toBe("taken");
  expect(node(-26, "min relay fee not met, 1 < 110")).toBe("refused");
  expect(node(-25, "bad-txns-inputs-missingorspent")).toBe("refused");
  expect(node(-28, "Loading block index…")).toBe("unknown");
  expect(readSendError(new RpcError("timeout", "no answer")).kind).toBe("unknown");
  expect(readSendError(new RpcError("unreachable", "gone")).kind).toBe("unknown");
});

/** BIP 143's native P2WPKH example: signed, and its id from the unsigned transaction that the BIP prints. */
const BIP143_UNSIGNED =
  "0100000002fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f0000000000eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac11000000";
const BIP143_SIGNED =
  "01000000000102fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f00000000494830450221008b9d1dc26ba6a9cb62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b194ba3f9281a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc618ef3ed01eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac000247304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e8f3358f51928d43c212a8caed02de67eebee0121025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee635711000000";

describe("raw transactions and blocks", () => {
  test("an id without signatures is the same before and after signing", () => {
    const unsigned = readRawTransaction(Buffer.from(BIP143_UNSIGNED, "hex"));
    const signed = readRawTransaction(Buffer.from(BIP143_SIGNED, "hex"));
    expect(idWithoutSignatures(signed)).toBe(unsigned.txid);
    expect(idWithoutSignatures(unsigned)).toBe(unsigned.txid);
    expect(signed.txid).not.toBe(unsigned.txid);
    expect(signed.inputs).toEqual(unsigned.inputs);
    expect(signed.outputs.map((output) => output.value_sats)).toEqual([112_340_000n, 223_450_000n]);
  });

  test("cut or garbled bytes are refused and never read past", () => {
    const whole = Buffer.from(BIP143_SIGNED, "hex");
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.uint8Array({ maxLength: 60 }), (cut, garbage) => {
        expect(() => readRawTransaction(whole.subarray(0, cut))).toThrow(RangeError);
        try {
          readRawBlock(Buffer.concat([Buffer.alloc(80), garbage]));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });

  test("what is ours in a block is found, also what is spent in the block that made it", () => {
    const signed = readRawTransaction(Buffer.from(BIP143_SIGNED, "hex"));
    const [first] = signed.inputs as [{ txid: string; vout: number }];
    const coinbase = { ...signed, txid: "c".repeat(64), inputs: [], outputs: [{ value_sats: 5n, script_hex: OWN }] };
    const later = { ...signed, txid: "d".repeat(64), inputs: [{ txid: "c".repeat(64), vout: 0 }], outputs: [] };
    const found = findOwn({
      height: 7,
      hash: "h",
      block: { prev_hash: "p", transactions: [coinbase, signed, later] },
      watched: { outpoints: new Set([`${first.txid}:${first.vout}`]), scripts: new Set() },
      payout_script_hex: OWN,
    });
    expect(found.outputs).toMatchObject([{ txid: "c".repeat(64), vout: 0, source: "block", coinbase: true, height: 7 }]);
    expect(found.spending.map((spender) => [spender.txid, spender.spends])).toEqual([
      [signed.txid, [first]],
      ["d".repeat(64), [{ txid: "c".repeat(64), vout: 0 }]],
    ]);
  });
});
