/** Payouts in the database: planned from balances, approved by people, given back; nothing made and nothing lost on the way. */
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { type PayoutPolicy, PoolPolicy, scriptAddress } from "@otedama/shared";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readDue } from "../src/payouts/due.ts";
import {
  approveBatch,
  cancelBatch,
  createBatches,
  dryRunPayouts,
  effectiveThreshold,
  excludeItem,
  explainAccount,
  historyCsvHeader,
  historyCsvLine,
  holdAccount,
  listBatches,
  listHolds,
  listPayoutHistory,
  PayoutError,
  type PlanAccount,
  planPayouts,
  readBatch,
  readPayoutSummary,
  readPlanAccounts,
  releaseAccount,
  requestBump,
  settlePostings,
} from "../src/payouts/index.ts";
import { type Database, openDatabase, transaction } from "../src/pool/connect.ts";
import { writeEntry } from "../src/pool/ledger.ts";

const POLICY: PayoutPolicy = {
  scheduled: true,
  every_hours: 24,
  threshold_sats: 100_000,
  threshold_min_sats: 10_000,
  fee_payer: "pool",
  fee_rate_min: 1,
  fee_rate_max: 100,
  fee_target_blocks: 6,
  outputs_max: 3,
  unattended_max_sats: 500_000,
  four_eyes_above_sats: 5_000_000,
  confirmations: 2,
  bump_after_minutes: 0,
  fee_payout: null,
};

function poolPolicy(payouts: Partial<PayoutPolicy>): PoolPolicy {
  return PoolPolicy.parse({
    scheme: "pplns",
    solo_allowed: true,
    fee_percent: { solo: 0, pplns: 1, prop: 1, pps: 1, fpps: 1 },
    fee_exempt_addresses: [],
    donation: null,
    finder_bonus_percent: 0,
    pplns_window: 2,
    coinbase_text: "",
    difficulty: { initial: 1, min: 1, max: 1e12, target_time_s: 10 },
    payouts: { ...POLICY, ...payouts },
    correction_four_eyes_above_sats: 0,
  });
}

const NETWORK = "regtest";
const ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
const OTHERS = ["mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r", "2N7FuwuUuoTBrDFdrAZ9KxBmtqMLxce9i1C"];

describe("the planner", () => {
  const account = fc.record({
    available_sats: fc.bigInt({ min: -10n, max: 2_000_000n }),
    threshold_sats: fc.option(fc.bigInt({ min: 0n, max: 1_000_000n })),
    hold_reason: fc.option(fc.constant("asked for"), { freq: 5 }),
    excluded: fc.boolean(),
    open_batch_id: fc.option(fc.constant(7), { freq: 5 }),
    address_problem: fc.option(fc.constant("It is no address."), { freq: 8 }),
  });
  const accounts = fc
    .array(account, { maxLength: 40 })
    .map((list) => list.map((item, index): PlanAccount => ({ ...item, account_id: index + 1, address: `a${index}` })));

  test("pays each account all or nothing, once, and says why", () => {
    fc.assert(
      fc.property(accounts, fc.integer({ min: 1, max: 9 }), (list, outputs_max) => {
        const policy = { ...POLICY, outputs_max };
        const plan = planPayouts(list, policy);
        const positive = list.filter((item) => item.available_sats > 0n);
        expect([...plan.paid, ...plan.skipped].map((item) => item.account_id).sort((a, b) => a - b)).toEqual(
          positive.map((item) => item.account_id),
        );
        expect(plan.batches.flat()).toEqual(plan.paid);
        expect(plan.batches.every((batch) => batch.length > 0 && batch.length <= outputs_max)).toBe(true);
        const sum = (items: readonly PlanAccount[]) => items.reduce((total, item) => total + item.available_sats, 0n);
        expect(sum(plan.paid)).toBe(plan.total_sats);
        expect(sum(plan.paid) + sum(plan.skipped)).toBe(sum(positive));
        for (const item of plan.paid) {
          expect(item.available_sats).toBeGreaterThanOrEqual(effectiveThreshold(item.threshold_sats, policy));
          expect([item.hold_reason, item.excluded, item.open_batch_id, item.address_problem]).toEqual([null, false, null, null]);
        }
        for (const item of [...plan.paid, ...plan.skipped]) expect(item.why).toMatch(/\S\.?$/);
      }),
    );
  });

  test("does not mind the order of its input", () => {
    fc.assert(
      fc.property(accounts, fc.nat(), (list, turn) => {
        const at = list.length ? turn % list.length : 0;
        expect(planPayouts([...list.slice(at), ...list.slice(0, at)], POLICY)).toEqual(planPayouts(list, POLICY));
      }),
    );
  });
});

test("what settles sums to nothing, whoever bears the fee", () => {
  const item = fc.record({
    amount_sats: fc.bigInt({ min: 1_000n, max: 10n ** 15n }),
    fee_part_sats: fc.bigInt({ min: 0n, max: 999n }),
  });
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 30 }), fc.bigInt({ min: 0n, max: 10n ** 7n }), (list, more) => {
      const items = list.map((one, index) => ({ ...one, account_id: index }));
      const fee_sats = items.reduce((sum, one) => sum + one.fee_part_sats, more);
      const postings = settlePostings("miners", items, fee_sats);
      expect(postings.reduce((sum, posting) => sum + posting.amount_sats, 0n)).toBe(0n);
      const own = settlePostings("fees", items, fee_sats);
      expect(own.every((posting) => posting.account_id === null && !posting.kind.startsWith("miner_"))).toBe(true);
      expect(own.map((posting) => posting.amount_sats)).toEqual(postings.map((posting) => posting.amount_sats));
      expect(postings.find((posting) => posting.kind === "network_fee")?.amount_sats).toBe(fee_sats);
      expect(() => settlePostings("miners", items, fee_sats - more - 1n)).toThrow(RangeError);
    }),
  );
});

describe("batches", () => {
  let postgres: TestPostgres;
  const databases: Database[] = [];
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(async () => {
    for (const database of databases) await database.end();
    await postgres?.stop();
  });

  async function freshDatabase(policy: Partial<PayoutPolicy> = {}): Promise<Database> {
    const database = openDatabase({ url: await postgres.createMigratedDatabase(), application_name: "payouts-test" });
    databases.push(database);
    await setPolicy(database, policy);
    return database;
  }

  async function setPolicy(database: Database, policy: Partial<PayoutPolicy>): Promise<void> {
    await database.query("INSERT INTO pool_policy (policy, created_by, reason) VALUES ($1, 'test', 'test')", [
      JSON.stringify(poolPolicy(policy)),
    ]);
  }

  let credits = 0;
  async function owe(database: Database, address: string, sats: bigint): Promise<number> {
    const { rows } = await database.query<{ id: number }>(
      "INSERT INTO account (address) VALUES ($1) ON CONFLICT (address) DO UPDATE SET address = excluded.address RETURNING id",
      [address],
    );
    const account_id = rows[0]?.id as number;
    const postings = [
      { kind: "operator", account_id: null, amount_sats: -sats } as const,
      { kind: "miner_available", account_id, amount_sats: sats } as const,
    ];
    credits += 1;
    const cause_key = `credit ${credits}`;
    await transaction(database, (db) => writeEntry(db, { cause: "share_window", cause_key, block_hash: null, postings }));
    return account_id;
  }

  async function balanceOf(database: Database, account_id: number): Promise<Record<string, number>> {
    const { rows } = await database.query<{ kind: string; sats: number }>(
      `SELECT l.kind, v.balance_sats::float8 AS sats FROM ledger_balance v JOIN ledger_account l ON l.id = v.ledger_account_id
       WHERE l.account_id = $1 AND v.balance_sats <> 0`,
      [account_id],
    );
    return Object.fromEntries(rows.map((row) => [row.kind, row.sats]));
  }

  /** In every open batch: the sum of its items is what it says, and all of them together are what the ledger has in payment. */
  async function checkSums(database: Database): Promise<void> {
    const { rows } = await database.query<{ id: number; said: string; summed: string }>(
      `SELECT b.id, b.amount_sats::text AS said, coalesce(sum(i.amount_sats) FILTER (WHERE i.excluded_by IS NULL), 0)::text AS summed
       FROM payout_batch b LEFT JOIN payout_item i ON i.batch_id = b.id GROUP BY b.id`,
    );
    for (const row of rows) expect(row.said).toBe(row.summed);
    const paying = await database.query<{ items: string; ledger: string }>(
      `SELECT (SELECT coalesce(sum(i.amount_sats), 0) FROM payout_item i JOIN payout_batch b ON b.id = i.batch_id
          WHERE i.excluded_by IS NULL AND b.state NOT IN ('cancelled', 'settled'))::text AS items,
        (SELECT coalesce(sum(v.balance_sats), 0) FROM ledger_balance v JOIN ledger_account l ON l.id = v.ledger_account_id
          WHERE l.kind IN ('miner_paying', 'fee_paying'))::text AS ledger`,
    );
    expect(paying.rows[0]?.items).toBe(paying.rows[0]?.ledger);
  }

  const code = async (run: Promise<unknown>): Promise<string> => {
    try {
      await run;
    } catch (error) {
      if (error instanceof PayoutError) return `${error.code}: ${error.message}`;
      throw error;
    }
    return "fine";
  };

  test("a plan is carried out once, whoever asks again and how many at once", async () => {
    const database = await freshDatabase({ outputs_max: 2 });
    const ids = [];
    for (const [index, address] of [ADDRESS, ...OTHERS].entries())
      ids.push(await owe(database, address, 150_000n + BigInt(index)));
    const wanted = { network: NETWORK, plan_key: "plan 1", created_by: "anna@example.org" } as const;
    const dry = await dryRunPayouts(database, { network: NETWORK });
    expect(dry).toMatchObject({ total_sats: 450_003, approvals_required: 0, batches: 2, accounts_paid: 3, accounts_skipped: 0 });
    expect(dry.accounts.map((account) => [account.skipped, account.batch])).toEqual([
      [null, 1],
      [null, 1],
      [null, 2],
    ]);
    expect(await code(createBatches(database, { ...wanted, expected_total_sats: 450_002 }))).toMatch(
      /^changed: The balances changed since the dry run: it would be 0\.00450003 BTC now/,
    );
    const all = await Promise.all(Array.from({ length: 4 }, () => createBatches(database, wanted)));
    expect(all.filter((made) => made.made)).toHaveLength(1);
    expect(new Set(all.map((made) => made.batch_ids.join()))).toHaveLength(1);
    const other = await Promise.all(["a", "b"].map((plan_key) => createBatches(database, { ...wanted, plan_key })));
    expect(other.every((made) => !made.made)).toBe(true);
    const { total, rows } = await listBatches(database, { page: 1, page_size: 10 });
    expect(total).toBe(2);
    expect(rows.map((batch) => [batch.state, batch.accounts])).toEqual([
      ["approved", 1],
      ["approved", 2],
    ]);
    for (const id of ids) expect(Object.keys(await balanceOf(database, id))).toEqual(["miner_paying"]);
    await checkSums(database);
    expect(await code(createBatches(database, { ...wanted, plan_key: "a/b" }))).toMatch(/^bad_input: plan_key/);
  });

  test("the pool's own fees are reserved beyond what is kept, by a batch of their own, and given back with it", async () => {
    const fee_payout = { address: ADDRESS, threshold_sats: 50_000, keep_sats: 10_000 };
    // Two people above 200,000: the miner's part alone would need none.
    const database = await freshDatabase({ fee_payout, unattended_max_sats: 199_999, four_eyes_above_sats: 200_000 });
    const account_id = await owe(database, ADDRESS, 150_000n);
    const earn = (key: string, sats: bigint) =>
      transaction(database, (db) =>
        writeEntry(db, {
          cause: "block_mature",
          cause_key: key,
          block_hash: null,
          postings: [
            { kind: "coinbase", account_id: null, amount_sats: -sats },
            { kind: "fee_available", account_id: null, amount_sats: sats },
          ],
        }),
      );
    const own = async () => {
      const { rows } = await database.query<{ kind: string; sats: number }>(
        "SELECT kind, balance_sats::float8 AS sats FROM ledger_kind_balance WHERE kind::text LIKE 'fee_%' AND balance_sats <> 0",
      );
      return Object.fromEntries(rows.map((row) => [row.kind, row.sats]));
    };
    await earn("a", 59_999n);
    const dry = () => dryRunPayouts(database, { network: NETWORK });
    expect((await dry()).fees).toEqual({
      address: ADDRESS,
      available_sats: 49_999,
      kept_sats: 10_000,
      threshold_sats: 50_000,
      why: "0.00049999 BTC of fees beyond the 0.00010000 BTC that are kept are below the threshold of 0.00050000 BTC.",
      skipped: "below_threshold",
      batch: null,
    });
    await earn("b", 20_001n);
    expect(await dry()).toMatchObject({ total_sats: 220_000, approvals_required: 2, fees: { available_sats: 70_000, batch: 2 } });
    const asked = { network: NETWORK, created_by: "anna@example.org" } as const;
    expect(await dryRunPayouts(database, { network: NETWORK, without_fees: true })).toMatchObject({
      total_sats: 150_000,
      fees: { skipped: "excluded" },
    });
    await holdAccount(database, { account_id, person: "bo", reason: "whose is it?" });
    expect((await dry()).fees).toMatchObject({ skipped: "held", why: "Held: whose is it?" });
    await releaseAccount(database, { account_id, person: "bo" });

    const made = await createBatches(database, { ...asked, plan_key: "both" });
    expect(made).toMatchObject({ total_sats: 220_000n, approvals_required: 2 });
    const [miners = 0, fees = 0] = made.batch_ids;
    expect((await readBatch(database, fees)).batch).toMatchObject({
      pays: "fees",
      fee_payer: "miners",
      amount_sats: 70_000,
      approvals_required: 2,
    });
    expect((await readBatch(database, miners)).batch).toMatchObject({ pays: "miners", fee_payer: "pool", amount_sats: 150_000 });
    expect(await own()).toEqual({ fee_available: 10_000, fee_paying: 70_000 });
    // The address is a miner's too: what it is owed for its shares is another matter.
    expect(await balanceOf(database, account_id)).toEqual({ miner_paying: 150_000 });
    expect(await listPayoutHistory(database, { account_id, limit: 9 })).toMatchObject([{ batch_id: miners }]);
    expect(await listPayoutHistory(database, { limit: 9 })).toHaveLength(2);
    await earn("c", 100_000n);
    expect((await dry()).fees).toMatchObject({ skipped: "in_open_batch", available_sats: 100_000 });
    expect(await createBatches(database, { ...asked, plan_key: "again" })).toMatchObject({ made: false });
    await cancelBatch(database, { batch_id: fees, person: "bo", reason: "not yet" });
    expect(await own()).toEqual({ fee_available: 180_000 });
    const alone = await createBatches(database, { ...asked, plan_key: "alone" });
    expect(alone).toMatchObject({ total_sats: 170_000n, approvals_required: 0 });
    await excludeItem(database, { batch_id: alone.batch_ids[0] as number, account_id, person: "bo", reason: "later" });
    expect(await own()).toEqual({ fee_available: 180_000 });
    await checkSums(database);
  });

  test("what decides is said for each account", async () => {
    const database = await freshDatabase();
    const [low = "", high = ""] = OTHERS;
    const below = await owe(database, low, 99_999n);
    const held = await owe(database, high, 200_000n);
    const wrong = await owe(database, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", 200_000n);
    const paid = await owe(database, ADDRESS, 20_000n);
    await database.query("INSERT INTO account_setting (account_id, threshold_sats) VALUES ($1, 15000)", [paid]);
    await holdAccount(database, { account_id: held, person: "anna@example.org", reason: "stolen rig" });
    const why = Object.fromEntries(
      (await dryRunPayouts(database, { network: NETWORK })).accounts.map((account) => [
        account.account_id,
        `${account.skipped}: ${account.why}`,
      ]),
    );
    expect(why[below]).toBe("below_threshold: 0.00099999 BTC is below the pool's threshold of 0.00100000 BTC.");
    expect(why[held]).toBe("held: Held: stolen rig");
    expect(why[wrong]).toMatch(/^bad_address: bc1q.* is an address of the main network, and this pool mines on regtest\./);
    expect(why[paid]).toBe("null: 0.00020000 BTC has reached its own threshold of 0.00015000 BTC.");
    expect(await code(holdAccount(database, { account_id: held, person: "bo", reason: "again" }))).toMatch(
      /^wrong_state: .*held already/,
    );
    expect(await code(holdAccount(database, { account_id: held, person: "bo", reason: "  " }))).toMatch(/^bad_input: reason/);
    expect(await code(holdAccount(database, { account_id: 999_999, person: "bo", reason: "x" }))).toMatch(/^not_found/);
    expect(await listHolds(database)).toMatchObject([{ account_id: held, placed_by: "anna@example.org" }]);
    await releaseAccount(database, { account_id: held, person: "bo@example.org" });
    expect(await code(releaseAccount(database, { account_id: held, person: "bo" }))).toMatch(/^wrong_state/);
    expect(await listHolds(database, { all: true })).toMatchObject([{ released_by: "bo@example.org" }]);
    const summary = await readPayoutSummary(database, { network: NETWORK });
    expect(summary.due).toEqual({ accounts: 2, amount_sats: 220_000 });
    expect(summary.waiting).toEqual({ accounts: 2, amount_sats: 299_999 });
  });

  test("the sums and first rows that screens show are the planner's own", async () => {
    const outputs_max = 7;
    const database = await freshDatabase({ outputs_max });
    const ids: number[] = [];
    for (let index = 0; index < 24; index++) {
      const key_hash = new Uint8Array(20).fill(index + 1);
      const script = index % 3 === 0 ? [0x76, 0xa9, 20, ...key_hash, 0x88, 0xac] : [0, 20, ...key_hash];
      const address = scriptAddress(Uint8Array.from(script), index % 8 === 7 ? "main" : NETWORK) ?? "";
      ids.push(await owe(database, address, BigInt(20_000 * (index % 7) + (index % 2) + 1)));
    }
    const some = fc.subarray(ids);
    const thresholds = fc.array(fc.tuple(fc.constantFrom(...ids), fc.option(fc.integer({ min: 0, max: 150_000 }))), {
      maxLength: 9,
    });
    await fc.assert(
      fc.asyncProperty(some, some, thresholds, some, async (held, excluded_account_ids, own, batched) => {
        await database.query("TRUNCATE payout_hold, account_setting RESTART IDENTITY");
        await database.query("DELETE FROM payout_item");
        await database.query("INSERT INTO payout_hold (account_id, reason, placed_by) SELECT unnest($1::int[]), 'x', 'x'", [
          held,
        ]);
        for (const [account_id, threshold_sats] of own) {
          await database.query(
            "INSERT INTO account_setting (account_id, threshold_sats) VALUES ($1, $2) ON CONFLICT (account_id) DO UPDATE SET threshold_sats = $2",
            [account_id, threshold_sats],
          );
        }
        await database.query(
          `INSERT INTO payout_batch (plan_key, created_by, policy_version, fee_payer, approvals_required, amount_sats)
           VALUES ('open', 'x', 1, 'pool', 0, 1) ON CONFLICT DO NOTHING`,
        );
        await database.query(
          `INSERT INTO payout_item (batch_id, account_id, address, amount_sats)
           SELECT b.id, a, 'x', 1 FROM payout_batch b, unnest($1::int[]) AS a WHERE b.plan_key = 'open'`,
          [batched.slice(0, 4)],
        );
        const options = { network: NETWORK, excluded_account_ids } as const;
        const policy = poolPolicy({ outputs_max }).payouts;
        const plan = planPayouts(await readPlanAccounts(database, options), policy);
        const dry = await dryRunPayouts(database, options);
        expect(dry).toMatchObject({
          total_sats: Number(plan.total_sats),
          approvals_required: plan.approvals_required,
          batches: plan.batches.length,
          accounts_paid: plan.paid.length,
          accounts_skipped: plan.skipped.length,
        });
        expect(dry.accounts.map(({ account_id, skipped, why }) => ({ account_id, skipped, why }))).toEqual(
          [...plan.paid, ...plan.skipped].map(({ account_id, skipped, why }) => ({ account_id, skipped, why })),
        );
        const first = await readDue(database, options, policy, 5);
        expect(first.account_ids).toEqual([...plan.paid, ...plan.skipped].slice(0, 5).map((account) => account.account_id));
      }),
      { numRuns: 25 },
    );
  });

  test("above the limit two different people approve, and splitting a plan does not help", async () => {
    const database = await freshDatabase({ outputs_max: 1 });
    await owe(database, ADDRESS, 3_000_000n);
    await owe(database, OTHERS[0] as string, 3_000_000n);
    const made = await createBatches(database, { network: NETWORK, plan_key: "big", created_by: "anna@example.org" });
    expect(made).toMatchObject({ approvals_required: 2, batch_ids: [expect.any(Number), expect.any(Number)] });
    const [batch_id = 0] = made.batch_ids;
    expect(await approveBatch(database, { batch_id, person: "Anna@example.org" })).toMatchObject({
      approved: false,
      approvals: 1,
    });
    expect(await code(approveBatch(database, { batch_id, person: " anna@EXAMPLE.org" }))).toMatch(
      /^not_allowed: .*2 different people/,
    );
    // The policy became stricter meanwhile: what holds is checked when it counts.
    const both = await Promise.allSettled(
      ["bo@example.org", "cleo@example.org"].map((person) => approveBatch(database, { batch_id, person })),
    );
    expect(both.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    const detail = await readBatch(database, batch_id);
    expect(detail.batch.state).toBe("approved");
    expect(detail.approvals).toHaveLength(2);
    expect(detail.can).toMatchObject({ approve: expect.stringContaining("approved"), cancel: null, exclude: null });
    expect(await code(approveBatch(database, { batch_id: 4711, person: "bo" }))).toMatch(/^not_found/);
  });

  test("a stricter policy asks for more people than the plan did", async () => {
    const database = await freshDatabase();
    await owe(database, ADDRESS, 1_000_000n);
    const { batch_ids } = await createBatches(database, { network: NETWORK, plan_key: "one", created_by: "anna" });
    const batch_id = batch_ids[0] as number;
    await setPolicy(database, { unattended_max_sats: 0, four_eyes_above_sats: 10_000 });
    expect(await approveBatch(database, { batch_id, person: "bo" })).toEqual({
      approved: false,
      approvals: 1,
      approvals_required: 2,
    });
  });

  test("who is taken out, or whose batch is given up, has the money again", async () => {
    const database = await freshDatabase({ unattended_max_sats: 0 });
    const first = await owe(database, ADDRESS, 200_000n);
    const second = await owe(database, OTHERS[0] as string, 300_000n);
    const { batch_ids } = await createBatches(database, { network: NETWORK, plan_key: "p", created_by: "anna" });
    const batch_id = batch_ids[0] as number;
    const out = { batch_id, account_id: first, person: "bo", reason: "wrong address" };
    expect(await code(excludeItem(database, { ...out, reason: "" }))).toMatch(/^bad_input/);
    expect(await excludeItem(database, out)).toEqual({ batch_cancelled: false });
    expect(await code(excludeItem(database, out))).toMatch(/^not_found/);
    expect(await balanceOf(database, first)).toEqual({ miner_available: 200_000 });
    await checkSums(database);
    // It may be planned again at once, while the other one is still in the first batch.
    const again = await createBatches(database, { network: NETWORK, plan_key: "q", created_by: "anna" });
    expect((await readBatch(database, again.batch_ids[0] as number)).items.map((item) => item.account_id)).toEqual([first]);
    await cancelBatch(database, { batch_id, person: "bo", reason: "not today" });
    expect(await balanceOf(database, second)).toEqual({ miner_available: 300_000 });
    expect(await code(cancelBatch(database, { batch_id, person: "bo", reason: "again" }))).toMatch(
      /^wrong_state: Batch \d+ is cancelled/,
    );
    const last = { batch_id: again.batch_ids[0] as number, account_id: first, person: "bo", reason: "no" };
    expect(await excludeItem(database, last)).toEqual({ batch_cancelled: true });
    await checkSums(database);
    const { rows } = await database.query("SELECT person, reason FROM ledger_entry WHERE cause = 'payout_cancel' ORDER BY id");
    expect(rows).toEqual([
      { person: "bo", reason: "wrong address" },
      { person: "bo", reason: "not today" },
      { person: "bo", reason: "no" },
    ]);
    expect(await listPayoutHistory(database, { limit: 10 })).toEqual([]);
  });

  test("an account is never in two batches that are not signed, whoever writes them", async () => {
    const database = await freshDatabase();
    const account_id = await owe(database, ADDRESS, 200_000n);
    await createBatches(database, { network: NETWORK, plan_key: "p", created_by: "anna" });
    await owe(database, ADDRESS, 300_000n);
    const plan = await dryRunPayouts(database, { network: NETWORK });
    expect(plan.accounts).toMatchObject([{ account_id, skipped: "in_open_batch" }]);
    const { rows } = await database.query<{ id: number }>(
      `INSERT INTO payout_batch (plan_key, created_by, policy_version, fee_payer, approvals_required, amount_sats)
       VALUES ('x', 'x', 1, 'pool', 0, 1) RETURNING id`,
    );
    await expect(
      database.query("INSERT INTO payout_item (batch_id, account_id, address, amount_sats) VALUES ($1, $2, 'x', 1)", [
        rows[0]?.id,
        account_id,
      ]),
    ).rejects.toThrow(/is in another payout batch/);
  });

  test("a balance is explained by what made it", async () => {
    const database = await freshDatabase();
    await owe(database, ADDRESS, 40_000n);
    await owe(database, ADDRESS, 70_000n);
    const account_id = await owe(database, ADDRESS, 30_000n);
    const explained = await explainAccount(database, { account_id, network: NETWORK });
    expect(explained).toMatchObject({
      available_sats: 140_000,
      threshold_sats: 100_000,
      threshold_is_own: false,
      hold: null,
      more: false,
    });
    expect(explained.available.map((source) => [source.cause, source.amount_sats])).toEqual([
      ["share_window", 30_000],
      ["share_window", 70_000],
      ["share_window", 40_000],
    ]);
    expect(explained.next).toMatch(/^The next plan pays it: 0\.00140000 BTC has reached/);
    await createBatches(database, { network: NETWORK, plan_key: "p", created_by: "anna" });
    await owe(database, ADDRESS, 5_000n);
    const after = await explainAccount(database, { account_id, network: NETWORK });
    expect(after).toMatchObject({ available_sats: 5_000, paying_sats: 140_000 });
    // The oldest money is in the batch; what is left is the newest.
    expect(after.available.map((source) => source.amount_sats)).toEqual([5_000]);
    const [payment] = after.payouts;
    expect(payment).toMatchObject({ amount_sats: 140_000, state: "approved", txid: null });
    if (payment) {
      const header = historyCsvHeader().trim().split(",");
      expect(historyCsvLine({ ...payment, address: 'a"b,c' })).toContain('"a""b,c"');
      expect(historyCsvLine(payment).trim().split(",")).toHaveLength(header.length);
    }
    expect(await code(explainAccount(database, { account_id: 999, network: NETWORK }))).toMatch(/^not_found/);
  });

  test("an address that can be read no more is named with the way out, and holds nobody else up", async () => {
    const database = await freshDatabase();
    const paid = await owe(database, ADDRESS, 200_000n);
    const unreadable = await owe(database, "bcrt1qonce", 300_000n);
    const plan = { network: NETWORK, plan_key: "p", created_by: "anna" } as const;
    const { total_sats } = await dryRunPayouts(database, { network: NETWORK });
    expect(await code(createBatches(database, { ...plan, expected_total_sats: total_sats }))).toMatch(
      new RegExp(`^changed: .*Account ${unreadable} cannot be paid: .*Hold it or leave it out`),
    );
    const without = { excluded_account_ids: [unreadable] };
    const again = await dryRunPayouts(database, { network: NETWORK, ...without });
    expect(again.total_sats).toBe(200_000);
    await createBatches(database, { ...plan, ...without, expected_total_sats: again.total_sats });
    const { rows } = await database.query("SELECT account_id FROM payout_item");
    expect(rows).toEqual([{ account_id: paid }]);
  });

  test("figures that are none are refused", async () => {
    const database = await freshDatabase();
    await owe(database, ADDRESS, 200_000n);
    const { batch_ids } = await createBatches(database, { network: NETWORK, plan_key: "p", created_by: "anna" });
    const batch_id = batch_ids[0] as number;
    for (const fee_rate of [Number.NaN, -1, 0, Number.POSITIVE_INFINITY]) {
      expect(await code(requestBump(database, { batch_id, fee_rate, person: "bo" }))).toMatch(/^bad_input: fee_rate/);
    }
    expect(await code(requestBump(database, { batch_id, fee_rate: 5, person: "bo" }))).toMatch(/^wrong_state/);
    for (const wrong of [{ fee_rate_min: -1 }, { fee_rate_max: Number.NaN }, { threshold_sats: 100 }, { fee_rate_min: 101 }]) {
      expect(() => poolPolicy(wrong)).toThrow();
    }
  });

  test("without a policy nothing is planned, and it is said", async () => {
    const database = openDatabase({ url: await postgres.createMigratedDatabase(), application_name: "payouts-test" });
    databases.push(database);
    expect(await code(dryRunPayouts(database, { network: NETWORK }))).toMatch(/^no_policy/);
    expect(await code(createBatches(database, { network: NETWORK, plan_key: "p", created_by: "anna" }))).toMatch(/^no_policy/);
  });
});
