import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineJob } from "@otedama/native/engine-types";
import { bytesToHex, displayToWire, wireToDisplay } from "@otedama/shared";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { compactSize, heightPush, push, sha256d } from "../src/work/bytes.ts";
import { buildCoinbase, CoinbaseError, EXTRANONCE_BYTES, withWitness } from "../src/work/coinbase.ts";
import { assembleBlock, makeJob } from "../src/work/job.ts";
import { JobNumbers } from "../src/work/job_numbers.ts";
import { merkleBranches, rootFromBranches, witnessCommitment } from "../src/work/merkle.ts";
import { parseTemplate, TemplateError } from "../src/work/template.ts";
import { Work } from "../src/work/work.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "otedama-work-"));
  folders.push(dir);
  return dir;
}

function reply(change: Record<string, unknown> = {}) {
  return {
    version: 0x20000000,
    rules: ["csv", "!segwit"],
    previousblockhash: `${"00".repeat(31)}aa`,
    height: 500,
    bits: "207fffff",
    curtime: 1_700_000_000,
    mintime: 1_699_999_000,
    coinbasevalue: 5_000_000_000,
    coinbaseaux: {},
    longpollid: "x",
    transactions: [],
    ...change,
  };
}

const transaction = (fee: number) => ({ data: "ab".repeat(60), txid: "11".repeat(32), hash: "22".repeat(32), fee });
const outputs = (value_sats: bigint) => [{ value_sats, script: Buffer.from(`0014${"11".repeat(20)}`, "hex") }];

describe("serialisation", () => {
  test("sizes", () => {
    expect([0, 0xfc, 0xfd, 0xffff, 0x10000, 0x100000000].map((n) => compactSize(n).toString("hex"))).toEqual([
      "00",
      "fc",
      "fdfd00",
      "fdffff",
      "fe00000100",
      "ff0000000001000000",
    ]);
  });

  test("BIP 34 heights: the smallest by opcode, then minimal signed little-endian", () => {
    // 227,931 is the first height that the main network enforced: block 00000000000001aa077d…1d5 begins its coinbase with 035b7a03.
    expect([1, 16, 17, 127, 128, 255, 256, 32767, 32768, 227931].map((n) => heightPush(n).toString("hex"))).toEqual([
      "51",
      "60",
      "0111",
      "017f",
      "028000",
      "02ff00",
      "020001",
      "02ff7f",
      "03008000",
      "035b7a03",
    ]);
    expect(() => heightPush(0)).toThrow(RangeError);
  });

  test("pushes", () => {
    expect(push(Buffer.alloc(75))[0]).toBe(75);
    expect(push(Buffer.alloc(76)).subarray(0, 2).toString("hex")).toBe("4c4c");
  });
});

describe("merkle branches", () => {
  test("block 100,000 of the main network", () => {
    const txids = [
      "8c14f0db3df150123e6f3dbbf30f8b955a8249b62ac1d1ff16284aefa3d06d87",
      "fff2525b8931402dd09222c50775608f75787bd2b87e56995a7bdd30f79702c4",
      "6359f0868171b1d194cbee1af2f16ea598ae8fad666d9b012c8ed2b79a236ec4",
      "e9a66845e05d5abc0ad04ec80f774a7e585c6e8db975962d069a522137b80c1d",
    ].map(displayToWire);
    const [coinbase, ...others] = txids as [Uint8Array, ...Uint8Array[]];
    expect(wireToDisplay(rootFromBranches(coinbase, merkleBranches(others)))).toBe(
      "f3e94742aca4b5ef85488dc37c06c3282295ffec960994b2c0d5ac2a25a95766",
    );
  });

  test("agree with the whole tree for any number of transactions", () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(fc.array(hash, { minLength: 1, maxLength: 40 }), (txids) => {
        let level: Uint8Array[] = txids;
        while (level.length > 1) {
          const above: Uint8Array[] = [];
          for (let i = 0; i < level.length; i += 2) {
            const left = level[i] as Uint8Array;
            above.push(sha256d(Buffer.concat([left, level[i + 1] ?? left])));
          }
          level = above;
        }
        const [first, ...others] = txids as [Uint8Array, ...Uint8Array[]];
        expect(bytesToHex(rootFromBranches(first, merkleBranches(others)))).toBe(bytesToHex(level[0] as Uint8Array));
      }),
    );
  });

  test("the witness commitment of a block without transactions", () => {
    // What bcoin and Bitcoin Core put into an empty template's default_witness_commitment.
    expect(witnessCommitment([]).toString("hex")).toBe("e2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9");
  });
});

describe("coinbase", () => {
  const parts = { height: 500, text: "/otedama/", aux: [], coinbasevalue_sats: 50n, witness_commitment: null };

  test("never pays more or less than the template allows", () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 0n, max: 10n ** 15n }), { minLength: 1, maxLength: 8 }),
        fc.bigInt(-5n, 5n),
        (values, error) => {
          const total = values.reduce((sum, value) => sum + value, 0n);
          const build = () =>
            buildCoinbase({
              ...parts,
              coinbasevalue_sats: total + error,
              outputs: values.map((value_sats) => ({ value_sats, script: Buffer.of(0x51) })),
            });
          if (error === 0n) expect(build).not.toThrow();
          else expect(build).toThrow(CoinbaseError);
        },
      ),
    );
  });

  test("has its parts where nodes look for them", () => {
    const { prefix, suffix } = buildCoinbase({ ...parts, outputs: outputs(50n), witness_commitment: Buffer.alloc(32, 7) });
    const script = `02f401${push(Buffer.from("/otedama/")).toString("hex")}${Buffer.of(EXTRANONCE_BYTES).toString("hex")}`;
    const length = (script.length / 2 + EXTRANONCE_BYTES).toString(16).padStart(2, "0");
    expect(prefix.toString("hex")).toBe(`0200000001${"00".repeat(32)}ffffffff${length}${script}`);
    expect(suffix.toString("hex")).toBe(
      `ffffffff02320000000000000016${outputs(50n)[0]?.script.toString("hex")}0000000000000000266a24aa21a9ed${"07".repeat(32)}00000000`,
    );
    const whole = Buffer.concat([prefix, Buffer.alloc(EXTRANONCE_BYTES), suffix]);
    expect(withWitness(whole).toString("hex")).toBe(
      `020000000001${whole.subarray(4, -4).toString("hex")}0120${"00".repeat(32)}00000000`,
    );
  });

  test("its script stays within 100 bytes: the node's auxiliary data gives way", () => {
    const { prefix } = buildCoinbase({
      ...parts,
      text: "t".repeat(40),
      aux: [Buffer.alloc(60), Buffer.alloc(8)],
      outputs: outputs(50n),
    });
    expect(prefix[41]).toBeLessThanOrEqual(100);
    expect(prefix.toString("hex")).toContain(`08${"00".repeat(8)}`);
  });
});

describe("templates", () => {
  test("are read", () => {
    const template = parseTemplate(reply());
    expect(template).toMatchObject({
      height: 500,
      nbits: 0x207fffff,
      segwit: true,
      coinbasevalue_sats: 5_000_000_000n,
      fees_sats: 0n,
    });
    expect(template.witness_commitment).not.toBeNull();
  });

  test("without the segwit rule carry no commitment, even where the node offers one", () => {
    const template = parseTemplate(reply({ rules: ["csv"], default_witness_commitment: "6a24aa21a9ed" }));
    expect(template.segwit).toBe(false);
    expect(template.witness_commitment).toBeNull();
  });

  test.each([
    [{ rules: ["!segwit", "!signet"] }, /rule "signet"/],
    [{ default_witness_commitment: `6a24aa21a9ed${"00".repeat(32)}` }, /commitment does not match/],
    [{ bits: "00000000" }, /bits/],
    [{ previousblockhash: "zz" }, /previousblockhash/],
    [{ coinbasevalue: -1 }, /coinbasevalue/],
    [{ height: 1.5 }, /height/],
    [{ transactions: [{ data: "00", txid: "x", hash: "y" }] }, /transactions/],
  ])("%j is refused with a sentence", (change, sentence) => {
    expect(() => parseTemplate(reply(change))).toThrow(sentence);
  });

  test("anything else is a TemplateError", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(() => parseTemplate(value)).toThrow(TemplateError);
      }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(reply())), fc.jsonValue(), (key, value) => {
        try {
          parseTemplate(reply({ [key]: value }));
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
        }
      }),
    );
  });
});

describe("job numbers", () => {
  test("rise over restarts, also without a clean end", () => {
    const dir = folder();
    const first = new JobNumbers({ dir });
    const taken = Array.from({ length: 2500 }, () => first.take());
    expect(taken).toEqual(taken.map((_, index) => (taken[0] as number) + index));
    expect(new JobNumbers({ dir }).take()).toBeGreaterThan(taken.at(-1) as number);
  });

  test("refuse a file that holds something else", () => {
    const dir = folder();
    writeFileSync(join(dir, "job_number"), "many\n");
    expect(() => new JobNumbers({ dir })).toThrow(/no job number/);
  });
});

describe("work", () => {
  function start(pay = outputs) {
    const sent: EngineJob[] = [];
    const refusals: (string | null)[] = [];
    const clock = { ms: 1_000_000 };
    const work = new Work(
      {
        coinbase: (value) => ({ text: "", outputs: pay(value) }),
        halving_interval_blocks: 210_000,
        refresh_ms: 30_000,
        fee_rise: 0.01,
      },
      {
        engine: { setJob: (job) => sent.push(job) },
        numbers: new JobNumbers({ dir: folder() }),
        now_ms: () => clock.ms,
        onRefused: (message) => refusals.push(message),
      },
    );
    const accept = (change: Record<string, unknown>, at_ms: number) => work.accept(parseTemplate(reply(change)), at_ms, "node");
    return { sent, clock, work, refusals, accept };
  }

  test("a new tip is sent at once and clean, the same one when it is old or worth more", () => {
    const { sent, clock, accept } = start();
    const paying = (fee: number) => ({ coinbasevalue: 5_000_000_000 + fee, transactions: [transaction(fee)] });
    expect(accept({}, 1)).toBe(true);
    expect(accept(paying(1_000_000), 2)).toBe(false);
    expect(sent.length, "an empty job does not wait").toBe(2);
    expect(accept(paying(1_000_001), 3)).toBe(false);
    expect(sent.length).toBe(2);
    expect(accept(paying(100_000_000), 4)).toBe(false);
    clock.ms += 30_000;
    expect(accept(paying(1), 5)).toBe(false);
    expect(accept({ previousblockhash: "bb".repeat(32), height: 501 }, 6)).toBe(true);
    expect(sent.map((job) => job.clean)).toEqual([true, false, false, false, true]);
    expect(sent.map((job) => job.job_number)).toEqual([1, 2, 3, 4, 5]);
    expect(sent.map((job) => job.template_at_ms)).toEqual([1, 2, 4, 5, 6]);
  });

  test("jobs of a few tips before are kept for a late block, older ones are not", () => {
    const { work, accept } = start();
    for (const [index, tip] of ["aa", "bb", "cc", "dd", "ee"].entries()) {
      accept({ previousblockhash: tip.repeat(32), height: 500 + index }, 0);
    }
    expect(work.job(1)).toBeNull();
    expect(work.job(2)?.template.height).toBe(501);
    expect(work.job(5)?.template.height).toBe(504);
  });

  test("a template that claims more than subsidy and fees, or less, is refused with a sentence; the job before it stays", () => {
    const { sent, work, refusals, accept } = start();
    accept({}, 0);
    for (const coinbasevalue of [5_000_000_001, 4_999_999_999, 2_500_000_000]) {
      expect(accept({ coinbasevalue, previousblockhash: "bb".repeat(32) }, 0)).toBe(false);
    }
    expect(sent.length).toBe(1);
    expect(work.current?.engine.job_number).toBe(1);
    expect(work.refused).toMatchObject({
      count: 3,
      last: { message: expect.stringMatching(/2500000000 sats.*subsidy of 5000000000/) },
    });
    accept({ previousblockhash: "cc".repeat(32) }, 0);
    expect(refusals.map((message) => message === null)).toEqual([true, false, false, false, true]);
  });

  test("outputs that are not worth the reward are refused before a miner sees them", () => {
    for (const error of [-1n, 1n]) {
      const { sent, refusals, accept } = start((value) => outputs(value + error));
      expect(accept({}, 0)).toBe(false);
      expect(sent).toEqual([]);
      expect(refusals[0]).toMatch(/coinbase outputs pay/);
    }
  });

  test("a block is header, count, coinbase and the template's transactions", () => {
    const template = parseTemplate(reply({ coinbasevalue: 5_000_000_007, transactions: [transaction(7)] }));
    expect(template.fees_sats).toBe(7n);
    const job = makeJob(template, {
      job_number: 1,
      clean: true,
      coinbase_text: "",
      outputs: outputs(5_000_000_007n),
      halving_interval_blocks: 210_000,
      template_node: "node",
      template_at_ms: 0,
      made_at_ms: 0,
    });
    expect(job.engine.merkle_branches.length).toBe(32);
    const coinbase = Buffer.concat([job.engine.coinbase_prefix, Buffer.alloc(EXTRANONCE_BYTES), job.engine.coinbase_suffix]);
    const block = assembleBlock(template, Buffer.alloc(80, 1), coinbase);
    expect(block).toBe(`${"01".repeat(80)}02${withWitness(coinbase).toString("hex")}${transaction(7).data}`);
  });
});
