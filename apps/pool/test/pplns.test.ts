import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type PplnsInput, pplns } from "../src/payouts/pplns.ts";

const work = fc.array(
  fc.record({ account_id: fc.integer({ min: 1, max: 20 }), work_hashes: fc.bigInt({ min: 0n, max: 1n << 80n }) }),
  { maxLength: 30 },
);

const input: fc.Arbitrary<PplnsInput> = fc.record({
  reward_sats: fc.bigInt({ min: 0n, max: 21n * 10n ** 14n }),
  fee_percent: fc.oneof(fc.constantFrom(0, 1, 1.5, 0.1, 33.333333, 100), fc.double({ min: 0, max: 100, noNaN: true })),
  finder_account_id: fc.option(fc.integer({ min: 1, max: 20 })),
  window: fc.tuple(work, work, fc.nat(1000)).map(([whole, cut, part]) => {
    const total = cut.reduce((sum, item) => sum + item.work_hashes, 0n);
    return { whole, cut, cut_hashes: (total * BigInt(part)) / 1000n };
  }),
});

const paid = (credits: ReturnType<typeof pplns>) => credits.accounts.reduce((sum, credit) => sum + credit.amount_sats, 0n);

describe("PPLNS", () => {
  test("nothing is created and nothing lost, whatever the history", () => {
    fc.assert(
      fc.property(input, (given) => {
        const credits = pplns(given);
        expect(paid(credits) + credits.fee_sats).toBe(given.reward_sats);
        expect(credits.fee_sats >= 0n).toBe(true);
        expect(credits.accounts.every((credit) => credit.amount_sats > 0n)).toBe(true);
        expect(new Set(credits.accounts.map((credit) => credit.account_id)).size).toBe(credits.accounts.length);
      }),
      { numRuns: 1000 },
    );
  });

  test("the order of the input means nothing", () => {
    fc.assert(
      fc.property(input, (given) => {
        const { whole, cut, cut_hashes } = given.window;
        const turned = { whole: whole.toReversed(), cut: cut.toReversed(), cut_hashes };
        expect(pplns({ ...given, window: turned })).toEqual(pplns(given));
      }),
    );
  });

  test("each is within one satoshi of its exact part", () => {
    fc.assert(
      fc.property(input, (given) => {
        const credits = pplns(given);
        const cut_total = given.window.cut.reduce((sum, part) => sum + part.work_hashes, 0n) || 1n;
        const weight = (id: number | null) =>
          given.window.whole
            .filter((p) => id === null || p.account_id === id)
            .reduce((s, p) => s + p.work_hashes * cut_total, 0n) +
          given.window.cut
            .filter((p) => id === null || p.account_id === id)
            .reduce((s, p) => s + p.work_hashes * given.window.cut_hashes, 0n);
        const total = weight(null);
        if (total === 0n) return;
        for (const credit of credits.accounts) {
          const error = credit.amount_sats * total - (given.reward_sats - credits.fee_sats) * weight(credit.account_id);
          expect(error < total && error > -total).toBe(true);
        }
      }),
    );
  });

  const window = (whole: [number, bigint][], cut: [number, bigint][] = [], cut_hashes = 0n) => ({
    whole: whole.map(([account_id, work_hashes]) => ({ account_id, work_hashes })),
    cut: cut.map(([account_id, work_hashes]) => ({ account_id, work_hashes })),
    cut_hashes,
  });

  test("by hand", () => {
    const given = { reward_sats: 1000n, fee_percent: 1, finder_account_id: 9 };
    expect(
      pplns({
        ...given,
        window: window([
          [1, 30n],
          [2, 10n],
        ]),
      }),
    ).toEqual({
      fee_sats: 10n,
      accounts: [
        { account_id: 1, amount_sats: 743n },
        { account_id: 2, amount_sats: 247n },
      ],
    });
    // The slice of 40 counts 20, so account 3's 20 of it counts 10.
    expect(
      pplns({
        ...given,
        fee_percent: 0,
        window: window(
          [[1, 80n]],
          [
            [1, 20n],
            [3, 20n],
          ],
          20n,
        ),
      }).accounts,
    ).toEqual([
      { account_id: 1, amount_sats: 900n },
      { account_id: 3, amount_sats: 100n },
    ]);
  });

  test("three equal workers and a reward that three does not divide: the first accounts get the odd satoshis", () => {
    const amounts = pplns({
      reward_sats: 11n,
      fee_percent: 0,
      finder_account_id: null,
      window: window([
        [3, 5n],
        [1, 5n],
        [2, 5n],
      ]),
    });
    expect(amounts.accounts.map((credit) => credit.amount_sats)).toEqual([4n, 4n, 3n]);
  });

  test("a window without shares pays the finder, and the pool when nobody is known", () => {
    const given = { reward_sats: 100n, fee_percent: 2, window: window([]) };
    expect(pplns({ ...given, finder_account_id: 7 })).toEqual({ fee_sats: 2n, accounts: [{ account_id: 7, amount_sats: 98n }] });
    expect(pplns({ ...given, finder_account_id: null })).toEqual({ fee_sats: 100n, accounts: [] });
  });

  test.each([
    [-1n, 0],
    [1n, -0.1],
    [1n, 100.1],
    [1n, Number.NaN],
  ])("refuses a reward of %s with a fee of %s", (reward_sats, fee_percent) => {
    expect(() => pplns({ reward_sats, fee_percent, window: window([]), finder_account_id: 1 })).toThrow(RangeError);
  });
});
