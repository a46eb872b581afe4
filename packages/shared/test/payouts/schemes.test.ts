import { type Credits, checkCredits, pplns, prop, type Reward, solo, toReserve, type WorkWindow } from "@otedama/shared/payouts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

/** SCHEME_RUNS=1000000 looks at a million histories of each property. */
const RUNS = Number(process.env.SCHEME_RUNS ?? 1500);
const account = fc.integer({ min: 1, max: 12 });
const work = fc.array(
  fc.record({
    account_id: account,
    work_hashes: fc.oneof(fc.bigInt({ min: 0n, max: 40n }), fc.bigInt({ min: 0n, max: 1n << 80n })),
  }),
  { maxLength: 16 },
);
const window: fc.Arbitrary<WorkWindow> = fc.tuple(work, work, fc.nat(1000)).map(([whole, cut, part]) => {
  const total = cut.reduce((sum, item) => sum + item.work_hashes, 0n);
  return { whole, cut, cut_hashes: (total * BigInt(part)) / 1000n };
});
const percent = (max: number) => fc.oneof(fc.constantFrom(0, max, max / 3), fc.double({ min: 0, max, noNaN: true }));
const reward: fc.Arbitrary<Reward> = fc
  .record({
    reward_sats: fc.oneof(fc.bigInt({ min: 0n, max: 1000n }), fc.bigInt({ min: 0n, max: 21n * 10n ** 14n })),
    fee_percent: percent(50),
    donation: fc.option(fc.record({ account_id: account, percent: percent(30) })),
    finder_bonus_percent: percent(20),
    finder_account_id: fc.option(account),
    exempt: fc.uniqueArray(account, { maxLength: 4 }),
  })
  .map((given) => ({ ...given, exempt: new Set(given.exempt) }));

const SCHEMES: [string, (reward: Reward, window: WorkWindow) => Credits][] = [
  ["SOLO", (given) => solo(given)],
  ["PPLNS", pplns],
  ["PROP", (given, { whole }) => prop(given, whole)],
  ["PPS and FPPS", (given) => toReserve(given.reward_sats)],
];

const paid = (credits: Credits, account_id: number) =>
  credits.accounts.find((part) => part.account_id === account_id)?.amount_sats ?? 0n;

describe.each(SCHEMES)("%s", (_, share) => {
  test("creates nothing and loses nothing, takes from nobody, and names each account once", () => {
    fc.assert(
      fc.property(reward, window, (given, history) => {
        const credits = share(given, history);
        const accounts = credits.accounts.reduce((sum, part) => sum + part.amount_sats, 0n);
        if (accounts + credits.fee_sats + credits.reserve_sats !== given.reward_sats) throw new Error("not the reward");
        if (credits.fee_sats < 0n || credits.reserve_sats < 0n) throw new Error("a negative fee");
        if (credits.accounts.some((part) => part.amount_sats <= 0n)) throw new Error("a credit that is none");
        if (new Set(credits.accounts.map((part) => part.account_id)).size !== credits.accounts.length) throw new Error("twice");
        checkCredits(given.reward_sats, credits);
      }),
      { numRuns: RUNS },
    );
  });

  test("does not look at the order of its input", () => {
    fc.assert(
      fc.property(reward, window, (given, { whole, cut, cut_hashes }) => {
        const turned = { whole: whole.toReversed(), cut: cut.toReversed(), cut_hashes };
        expect(share(given, turned)).toEqual(share(given, { whole, cut, cut_hashes }));
      }),
      { numRuns: Math.ceil(RUNS / 3) },
    );
  });

  test("gives nobody less for more work", () => {
    fc.assert(
      fc.property(reward, window, account, fc.bigInt({ min: 1n, max: 1n << 70n }), (given, history, account_id, more) => {
        // Somebody's work is there: before the first share the finder has it all.
        const whole = [...history.whole, { account_id: 13, work_hashes: 1n }];
        const before = share(given, { ...history, whole });
        const after = share(given, { ...history, whole: [...whole, { account_id, work_hashes: more }] });
        if (paid(after, account_id) < paid(before, account_id)) throw new Error("less");
      }),
      { numRuns: RUNS },
    );
  });

  test("an account that pays no fee gets no less than with it, and nobody else gets anything less", () => {
    fc.assert(
      fc.property(reward, window, account, (given, history, account_id) => {
        const without = share({ ...given, exempt: new Set([...given.exempt, account_id]) }, history);
        const withFee = share({ ...given, exempt: new Set([...given.exempt].filter((id) => id !== account_id)) }, history);
        for (const { account_id: id, amount_sats } of withFee.accounts) {
          if (paid(without, id) < amount_sats) throw new Error("less");
          if (id !== account_id && paid(without, id) !== amount_sats) throw new Error("another");
        }
        if (without.fee_sats > withFee.fee_sats) throw new Error("more fee");
      }),
      { numRuns: Math.ceil(RUNS / 3) },
    );
  });
});

describe("by hand", () => {
  const plain: Reward = {
    reward_sats: 1000n,
    fee_percent: 1,
    donation: null,
    finder_bonus_percent: 0,
    finder_account_id: 9,
    exempt: new Set(),
  };
  const of = (...parts: [number, bigint][]) => parts.map(([account_id, work_hashes]) => ({ account_id, work_hashes }));
  const sats = (credits: Credits) =>
    Object.fromEntries(credits.accounts.map((part) => [part.account_id, Number(part.amount_sats)]));

  test("PPLNS cuts the slice in which its window begins", () => {
    const whole = pplns(plain, { whole: of([1, 30n], [2, 10n]), cut: [], cut_hashes: 0n });
    expect(whole.fee_sats).toBe(10n);
    expect(sats(whole)).toEqual({ 1: 743, 2: 247 });
    // The slice of 40 counts 20, so account 3's 20 of it counts 10.
    const history = { whole: of([1, 80n]), cut: of([1, 20n], [3, 20n]), cut_hashes: 20n };
    expect(sats(pplns({ ...plain, fee_percent: 0 }, history))).toEqual({ 1: 900, 3: 100 });
  });

  test("fee, donation and bonus are parts of the reward; who pays no fee gets its part of it", () => {
    const given = { ...plain, fee_percent: 10, donation: { account_id: 7, percent: 5 }, finder_bonus_percent: 20 };
    const credits = prop({ ...given, exempt: new Set([2]) }, of([1, 3n], [2, 1n]));
    // 100 fee, 50 donation, 200 bonus, 650 by work: 487.5 and 162.5, the odd satoshi to the first; a quarter of the fee back.
    expect(sats(credits)).toEqual({ 1: 488, 2: 162 + 25, 7: 50, 9: 200 });
    expect(credits.fee_sats).toBe(75n);
  });

  test("SOLO gives all to the finder, without a bonus of its own", () => {
    const given = { ...plain, donation: { account_id: 7, percent: 5 }, finder_bonus_percent: 20 };
    expect(sats(solo(given))).toEqual({ 7: 50, 9: 940 });
    expect(sats(solo({ ...given, exempt: new Set([9]) }))).toEqual({ 7: 50, 9: 950 });
  });

  test("three equal workers and a reward that three does not divide: the first accounts get the odd satoshis", () => {
    const credits = prop({ ...plain, reward_sats: 11n, fee_percent: 0, finder_account_id: null }, of([3, 5n], [1, 5n], [2, 5n]));
    expect(sats(credits)).toEqual({ 1: 4, 2: 4, 3: 3 });
  });

  test("without any work it is the finder's, and the pool's when nobody is known", () => {
    const given = { ...plain, reward_sats: 100n, fee_percent: 2, finder_bonus_percent: 50 };
    expect(sats(prop(given, []))).toEqual({ 9: 98 });
    expect(prop({ ...given, finder_account_id: null }, [])).toEqual({ fee_sats: 100n, reserve_sats: 0n, accounts: [] });
    expect(solo({ ...given, finder_account_id: null }).fee_sats).toBe(100n);
  });

  test("what is no reward, no percentage or no work is refused", () => {
    expect(() => prop({ ...plain, reward_sats: -1n }, of([1, 1n]))).toThrow("a reward is not negative");
    expect(() => prop({ ...plain, fee_percent: Number.NaN }, of([1, 1n]))).toThrow("between 0 and 100, not NaN");
    expect(() => prop({ ...plain, fee_percent: -1 }, of([1, 1n]))).toThrow("between 0 and 100");
    expect(() => prop(plain, of([1, -1n]))).toThrow("work is not negative");
    expect(() => prop({ ...plain, fee_percent: 60, finder_bonus_percent: 50 }, of([1, 1n]))).toThrow("above 100 percent");
  });

  test("credits of more than the reward are caught, and so are those of less", () => {
    const credits = prop(plain, of([1, 1n]));
    const [first] = credits.accounts;
    if (!first) throw new Error("nobody");
    expect(() => checkCredits(1000n, { ...credits, fee_sats: credits.fee_sats + 1n })).toThrow("1001 sats for a reward of 1000");
    expect(() => checkCredits(1000n, { ...credits, accounts: [] })).toThrow("credits of 10 sats");
    const twisted = { ...credits, fee_sats: -10n, accounts: [{ ...first, amount_sats: 1010n }] };
    expect(() => checkCredits(1000n, twisted)).toThrow("the smallest -10");
  });
});
