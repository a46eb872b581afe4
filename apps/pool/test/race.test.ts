/** The rules of the race, of rewards and of payees, without any node. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildCoinbase, CoinbaseError } from "../src/work/coinbase.ts";
import { CLOCK_SKEW_S_MAX, chainFault, clockFault } from "../src/work/fitness.ts";
import { DUST_SATS, PAYEES_MAX, payOut } from "../src/work/payees.ts";
import { TemplateRace } from "../src/work/race.ts";
import { HALVING_INTERVAL_BLOCKS, rewardFault, subsidySats } from "../src/work/reward.ts";
import type { Template } from "../src/work/template.ts";
import { TipTimes } from "../src/work/tips.ts";

const template = (prev_hash: string, height: number, coinbasevalue_sats = 50n) =>
  ({ prev_hash, height, coinbasevalue_sats }) as Template;

describe("the race", () => {
  const start = () => new TemplateRace<string>({ abandon_ms: 1_000 });

  test("a higher tip wins at once, a lower one never", () => {
    const race = start();
    expect(race.hold("a", template("A", 10), 0)?.node).toBe("a");
    expect(race.hold("b", template("B", 9), 1)).toBeNull();
    expect(race.hold("b", template("C", 11), 2)?.node).toBe("b");
    expect(race.hold("a", template("A", 10), 3)).toBeNull();
  });

  test("of one tip the higher reward wins; of equal ones the node that serves stays", () => {
    const race = start();
    race.hold("a", template("A", 10, 50n), 0);
    expect(race.hold("b", template("A", 10, 50n), 1)).toBeNull();
    expect(race.hold("b", template("A", 10, 51n), 2)?.node).toBe("b");
    expect(race.hold("a", template("A", 10, 51n), 3)).toBeNull();
    expect(race.hold("b", template("A", 10, 49n), 4)?.node).toBe("a");
  });

  test("of two tips at one height the one that is mined stays while a node stands on it", () => {
    const race = start();
    race.hold("a", template("A", 10, 50n), 0);
    expect(race.hold("b", template("B", 10, 99n), 1)).toBeNull();
    expect(race.drop("a", 2)?.node).toBe("b");
  });

  test("a node that goes back is followed, unless another one stands where it was", () => {
    const race = start();
    race.hold("a", template("B", 11), 0);
    expect(race.hold("a", template("A", 10), 1)?.template.prev_hash).toBe("A");
    race.hold("a", template("B", 11), 2);
    race.hold("b", template("B", 11), 3);
    expect(race.hold("a", template("A", 10), 4)?.node).toBe("b");
    expect(race.winner?.template.prev_hash).toBe("B");
    expect(race.hold("b", template("A", 10), 5)?.template.prev_hash).toBe("A");
  });

  test("the tip of a node that died is mined on for a while, and left when no other node comes to it", () => {
    const race = start();
    race.hold("a", template("B", 11), 0);
    race.hold("b", template("A", 10), 1);
    expect(race.drop("a", 2)).toBeNull();
    expect(race.hold("b", template("A", 10, 60n), 500)).toBeNull();
    expect(race.tick(1_001)).toBeNull();
    expect(race.tick(1_002)?.node).toBe("b");
    expect(race.winner?.template.prev_hash).toBe("A");
  });

  test("whatever happens in whatever order, what is mined is the best of what the nodes hold", () => {
    const node = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(
      fc.record({
        node,
        height: fc.integer({ min: 1, max: 6 }),
        branch: fc.constantFrom("x", "y"),
        sats: fc.integer({ min: 1, max: 5 }),
      }),
      fc.record({ node }),
      fc.record({ wait_ms: fc.integer({ min: 1, max: 1_500 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const race = start();
        const held = new Map<string, Template>();
        let now_ms = 0;
        for (const one of steps) {
          now_ms += 1;
          const before = race.winner;
          let told: ReturnType<typeof race.tick>;
          if ("height" in one) {
            const made = template(`${one.branch}${one.height}`, one.height, BigInt(one.sats));
            held.set(one.node, made);
            told = race.hold(one.node, made, now_ms);
          } else if ("node" in one) {
            held.delete(one.node);
            told = race.drop(one.node, now_ms);
          } else {
            now_ms += one.wait_ms;
            told = race.tick(now_ms);
          }
          expect(told).toBe(race.winner === before ? null : race.winner);
          const all = [...held.values()];
          const { winner } = race;
          if (!winner) {
            expect(all).toEqual([]);
            continue;
          }
          const mined = winner.template;
          const highest = Math.max(0, ...all.map(({ height }) => height));
          expect(mined.height).toBeGreaterThanOrEqual(highest);
          const here = all.filter(({ prev_hash }) => prev_hash === mined.prev_hash);
          if (here.length > 0) {
            expect(here).toContain(mined);
            expect(here.every(({ coinbasevalue_sats }) => coinbasevalue_sats <= mined.coinbasevalue_sats)).toBe(true);
          } else if (all.length > 0) expect(highest).toBeLessThan(mined.height);
        }
        // Whoever is left is mined in the end.
        race.tick(now_ms + 10_000);
        if (held.size > 0) expect([...held.values()]).toContain(race.winner?.template);
      }),
      { numRuns: 500 },
    );
  });
});

describe("who told a tip", () => {
  test("is counted once a node and tip, by the way that was first, from when the node is watched", () => {
    const tips = new TipTimes();
    tips.heard("a", "old", "poll", 5);
    tips.watch("a", 10);
    tips.watch("b", 10);
    tips.heard("b", "old", "poll", 12);
    tips.heard("a", "new", "zmq", 20);
    tips.heard("a", "new", "long_poll", 21);
    tips.heard("b", "new", "poll", 320);
    tips.heard("b", "new", "zmq", 330);
    expect(tips.of("a")).toEqual({
      first: 1,
      told: 1,
      lag_ms_last: 0,
      lag_ms_p50: 0,
      by: { zmq: 1, long_poll: 0, poll: 0 },
      last_by: "zmq",
    });
    expect(tips.of("b")).toMatchObject({ first: 0, told: 1, lag_ms_last: 300, lag_ms_p50: 300, last_by: "poll" });
    expect(tips.of("c")).toMatchObject({ told: 0, lag_ms_last: null, lag_ms_p50: null });
  });
});

describe("what a block may pay", () => {
  test("halves as Bitcoin's rules say", () => {
    const main = HALVING_INTERVAL_BLOCKS.main;
    // Heights and subsidies of the main chain's first five periods, and of its end.
    expect([0, 209_999, 210_000, 420_000, 630_000, 840_000].map((height) => subsidySats(height, main))).toEqual([
      5_000_000_000n,
      5_000_000_000n,
      2_500_000_000n,
      1_250_000_000n,
      625_000_000n,
      312_500_000n,
    ]);
    expect(subsidySats(6_929_999, main)).toBe(1n);
    expect(subsidySats(6_930_000, main)).toBe(0n);
    expect(subsidySats(64 * 210_000, main)).toBe(0n);
    expect(subsidySats(150, HALVING_INTERVAL_BLOCKS.regtest)).toBe(2_500_000_000n);
  });

  test("all subsidies together are the known supply", () => {
    let total = 0n;
    for (let period = 0; period < 64; period++) total += subsidySats(period * 210_000, 210_000) * 210_000n;
    expect(total).toBe(2_099_999_997_690_000n);
  });

  test("a template's figure is believed only when it is subsidy and fees to the satoshi", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7_000_000 }),
        fc.bigInt(0n, 10n ** 12n),
        fc.bigInt(-1_000n, 1_000n),
        (height, fees_sats, error) => {
          const coinbasevalue_sats = subsidySats(height, 210_000) + fees_sats + error;
          const fault = rewardFault({ height, fees_sats, coinbasevalue_sats }, 210_000);
          if (error === 0n) expect(fault).toBeNull();
          else expect(fault).toContain(error > 0n ? "more than the subsidy" : "less than the subsidy");
        },
      ),
    );
  });
});

describe("payees", () => {
  const script = (n: number) => Buffer.from(`0014${n.toString(16).padStart(2, "0").repeat(20)}`, "hex");
  const rest = script(0);

  test("a solo miner's own address takes its part, the pool the rest", () => {
    expect(payOut(5_000_000_001n, rest, [{ script: script(1), percent: 99 }])).toEqual([
      { script: script(1), value_sats: 4_950_000_000n },
      { script: rest, value_sats: 50_000_001n },
    ]);
    expect(payOut(5_000_000_000n, rest)).toEqual([{ script: rest, value_sats: 5_000_000_000n }]);
    expect(payOut(1_000n, rest, [{ script: script(1), percent: 100 }])).toEqual([{ script: script(1), value_sats: 1_000n }]);
  });

  test("any parts of any reward sum to it, none is negative or dust beside others, and a coinbase can be built of them", () => {
    const parts = fc.array(
      fc.record({
        script: fc.integer({ min: 0, max: 20 }).map(script),
        percent: fc.double({ min: 0, max: 100 / 15, noNaN: true }),
      }),
      { maxLength: PAYEES_MAX - 1 },
    );
    fc.assert(
      fc.property(fc.bigInt(0n, 21n * 10n ** 14n), parts, (value_sats, payees) => {
        const outputs = payOut(value_sats, rest, payees);
        expect(outputs.reduce((sum, output) => sum + output.value_sats, 0n)).toBe(value_sats);
        if (outputs.length > 1) for (const output of outputs) expect(output.value_sats).toBeGreaterThanOrEqual(DUST_SATS);
        expect(new Set(outputs.map((output) => output.script.toString())).size).toBe(outputs.length);
        for (const payee of payees) {
          const paid = outputs.find((output) => Buffer.from(output.script).equals(payee.script))?.value_sats ?? 0n;
          if (!payee.script.equals(rest) && outputs[0]?.script !== payee.script) {
            const all = payees.filter((one) => one.script.equals(payee.script)).reduce((sum, one) => sum + one.percent, 0);
            expect(Number(paid)).toBeLessThanOrEqual((Number(value_sats) * all) / 100 + payees.length * 25_000_000);
          }
        }
        const parts = { height: 800_000, text: "t".repeat(40), aux: [], coinbasevalue_sats: value_sats, outputs };
        expect(() => buildCoinbase({ ...parts, witness_commitment: Buffer.alloc(32) })).not.toThrow();
      }),
    );
  });

  test.each([
    ["a percentage below zero", [{ script: rest, percent: -1 }], /not a percentage/],
    ["no number", [{ script: rest, percent: Number.NaN }], /not a percentage/],
    ["more than the whole", [1, 2].map((n) => ({ script: script(n), percent: 51 })), /above 100/],
    ["too many", Array.from({ length: PAYEES_MAX }, (_, n) => ({ script: script(n), percent: 1 })), /at most 16/],
  ])("%s is refused", (_, payees, sentence) => {
    expect(() => payOut(1_000_000n, rest, payees)).toThrow(sentence);
    expect(() => payOut(1_000_000n, rest, payees)).toThrow(CoinbaseError);
  });

  test("a coinbase that is longer than nodes leave room for is refused", () => {
    const outputs = Array.from({ length: 40 }, (_, n) => ({ script: script(n), value_sats: 1_000n }));
    const build = () =>
      buildCoinbase({ height: 1, text: "", aux: [], coinbasevalue_sats: 40_000n, outputs, witness_commitment: null });
    expect(build).toThrow(/pay fewer scripts/);
  });
});

describe("fitness", () => {
  const facts = {
    chain: "main",
    genesis: "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
    blocks: 900_000,
    headers: 900_000,
    initial_block_download: false,
    peers: 8,
  };
  const testnet4 = "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043";
  const rules = { network: "main", genesis: null } as const;

  test("a node that is well is fit, also with a header whose block is on its way", () => {
    expect(chainFault("n", facts, rules)).toBeNull();
    expect(chainFault("n", { ...facts, headers: 900_001, genesis: null, peers: null }, rules)).toBeNull();
  });

  test.each([
    [{ chain: "test" }, /network "test".*"main": correct/],
    [{ genesis: "12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2" }, /another currency/],
    [{ headers: 900_003 }, /syncing: it has 900000 of the 900003/],
    [{ initial_block_download: true }, /still downloading/],
    [{ peers: 0 }, /no peers/],
  ])("%j is refused with a sentence", (change, sentence) => {
    expect(chainFault("n", { ...facts, ...change }, rules)).toMatch(sentence);
  });

  test("two test networks do not mix", () => {
    const one = { ...facts, chain: "testnet4", genesis: testnet4 };
    expect(chainFault("n", one, { network: "test", genesis: testnet4 })).toBeNull();
    const other = "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943";
    expect(chainFault("n", one, { network: "test", genesis: other })).toMatch(/another test network/);
  });

  test("a private chain needs neither peers nor young blocks", () => {
    const genesis = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206";
    const own = { ...facts, chain: "regtest", genesis, peers: 0, initial_block_download: true };
    expect(chainFault("n", own, { network: "regtest", genesis })).toBeNull();
  });

  test("a clock may differ by minutes, not by more", () => {
    expect(clockFault("n", null)).toBeNull();
    expect(clockFault("n", -CLOCK_SKEW_S_MAX)).toBeNull();
    expect(clockFault("n", CLOCK_SKEW_S_MAX + 1)).toMatch(/10 minutes ahead of/);
    expect(clockFault("n", -3_600)).toMatch(/60 minutes behind/);
  });
});
