/** Payouts as the accountant handles them, over the real server; the pool's part is done here by the functions it uses. */
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { PayoutBatchDetailDto, PayoutPlanDto, PayoutSummaryDto } from "@otedama/shared";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { POOL_POLICY } from "./fixtures/policy.ts";
import { type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

const ADDRESSES = [
  "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
  "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm",
  "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn",
];

let postgres: TestPostgres;
let web: RunningWeb;
let client: ReturnType<RunningWeb["client"]>;
let cookie: string;
beforeAll(async () => {
  postgres = await startTestPostgres();
  web = await startTestWeb(await postgres.createMigratedDatabase());
  await web.sql.query("INSERT INTO pool_policy (policy, created_by, reason) VALUES ($1, 'config.yaml', 'first')", [
    JSON.stringify(POOL_POLICY),
  ]);
  await web.sql.query("INSERT INTO account (address) SELECT * FROM unnest($1::text[])", [ADDRESSES]);
  await web.sql.query(`INSERT INTO ledger_account (kind, account_id) SELECT 'miner_available', id FROM account`);
  await web.sql.query("INSERT INTO ledger_account (kind) VALUES ('coinbase')");
  // 250,000, 150,000 and 50,000 satoshis.
  await web.sql.query(
    `WITH entry AS (INSERT INTO ledger_entry (cause, cause_key) VALUES ('block_mature', 'seed') RETURNING id),
          owed AS (SELECT l.id, CASE l.account_id WHEN 1 THEN 250000 WHEN 2 THEN 150000 ELSE 50000 END AS sats FROM ledger_account l WHERE l.account_id IS NOT NULL)
     INSERT INTO ledger_posting (entry_id, ledger_account_id, amount_sats)
     SELECT entry.id, owed.id, owed.sats FROM entry, owed
     UNION ALL SELECT entry.id, l.id, -450000 FROM entry, ledger_account l WHERE l.kind = 'coinbase'`,
  );
  cookie = await web.signIn();
  client = web.client(cookie);
});
afterAll(async () => {
  await web.stop();
  await postgres.stop();
});

const plan_key = () => crypto.randomUUID();
const sums = async () => Object.fromEntries((await client.ledger.list.query({})).sums.map((sum) => [sum.kind, sum.balance_sats]));

describe("payouts by hand", () => {
  test("a dry run says who gets what and why, and writes nothing", async () => {
    const plan = PayoutPlanDto.parse(await client.payouts.plan.query({ excluded_account_ids: [] }));
    expect(plan).toMatchObject({ total_sats: 400_000, approvals_required: 1, fee_payer: "pool" });
    expect(plan.accounts.map(({ account_id, skipped }) => ({ account_id, skipped }))).toEqual([
      { account_id: 1, skipped: null },
      { account_id: 2, skipped: null },
      { account_id: 3, skipped: "below_threshold" },
    ]);
    expect((await client.payouts.batches.query({})).total).toBe(0);
    expect((await sums()).miner_available).toBe(450_000);
  });

  test("holding an account takes it out of the plan until it is released; both are written down", async () => {
    await client.payouts.hold.mutate({ account_id: 2, reason: "asked by mail" });
    await expect(client.payouts.hold.mutate({ account_id: 2, reason: "again" })).rejects.toThrow(/held already/);
    await expect(client.payouts.hold.mutate({ account_id: 2, reason: "  " })).rejects.toThrow(/^reason: must say why/);
    expect(await client.payouts.holds.query()).toMatchObject([
      { account_id: 2, reason: "asked by mail", placed_by: "aki@example.org" },
    ]);
    expect((await client.payouts.plan.query({})).total_sats).toBe(250_000);
    await client.payouts.release.mutate({ account_id: 2 });
    expect((await client.payouts.plan.query({})).total_sats).toBe(400_000);
    const { rows } = await web.sql.query("SELECT action FROM audit_log WHERE subject = 'account:2' ORDER BY id");
    expect(rows.map((row) => row.action)).toEqual(["payouts.hold", "payouts.release"]);
  });

  test("a plan is made once for its key, for the sum that was looked at, and reserves it", async () => {
    const input = { plan_key: plan_key(), expected_total_sats: 400_000, excluded_account_ids: [] };
    await expect(client.payouts.create.mutate({ ...input, expected_total_sats: 399_999 })).rejects.toThrow(
      /changed since the dry run/,
    );
    const made = await client.payouts.create.mutate(input);
    expect(made).toMatchObject({ made: true, total_sats: 400_000, approvals_required: 1 });
    expect(await client.payouts.create.mutate(input)).toMatchObject({ made: false, batch_ids: made.batch_ids });
    expect(await sums()).toMatchObject({ miner_available: 50_000, miner_paying: 400_000 });
    const summary = PayoutSummaryDto.parse(await client.payouts.summary.query());
    expect(summary.pipeline.find((step) => step.state === "planned")).toMatchObject({
      batches: 1,
      accounts: 2,
      amount_sats: 400_000,
    });
  });

  test("what cannot be written into the audit log is not done", async () => {
    const [{ id: batch_id } = { id: 0 }] = (await client.payouts.batches.query({ state: "planned" })).rows;
    const { policy, version } = await client.policy.get.query();
    const reason = "a full disk";
    const correction = { from: { kind: "operator" }, to: { kind: "fee_available" }, amount_sats: 1, reason } as const;
    const proposed = await client.ledger.correct.mutate({ ...correction, amount_sats: 100_000_000_000 });
    expect(proposed.state).toBe("proposed");
    const tables = [
      "payout_batch",
      "payout_item",
      "payout_approval",
      "payout_hold",
      "ledger_posting",
      "ledger_correction",
      "pool_policy",
    ];
    const everything = () =>
      Promise.all(tables.map(async (table) => (await web.sql.query(`SELECT t FROM ${table} t ORDER BY t`)).rows));
    const before = await everything();
    await web.sql.query(
      `CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room for the audit log'; END $$;
       CREATE TRIGGER no_room BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION no_room()`,
    );
    const changes: Record<string, () => Promise<unknown>> = {
      hold: () => client.payouts.hold.mutate({ account_id: 3, reason }),
      exclude: () => client.payouts.exclude.mutate({ batch_id, account_id: 2, reason }),
      approve: () => client.payouts.approve.mutate({ batch_id, amount_sats: 400_000 }),
      cancel: () => client.payouts.cancel.mutate({ batch_id, reason }),
      correct: () => client.ledger.correct.mutate(correction),
      refuse: () => client.ledger.refuseCorrection.mutate({ id: proposed.id, reason }),
      policy: () =>
        client.policy.change.mutate({ policy: { ...policy, coinbase_text: "/other/" }, expected_version: version, reason }),
    };
    for (const [name, change] of Object.entries(changes)) {
      await expect(change(), name).rejects.toThrow("Something went wrong on the server");
      expect(await everything(), name).toEqual(before);
    }
    await web.sql.query("DROP TRIGGER no_room ON audit_log");
    await client.ledger.refuseCorrection.mutate({ id: proposed.id, reason });
    expect((await client.ledger.corrections.query()).find(({ id }) => id === proposed.id)?.state).toBe("refused");
  });

  test("an account is taken out and its money is available again; the sum that is approved is the one seen", async () => {
    const [{ id: batch_id } = { id: 0 }] = (await client.payouts.batches.query({ state: "planned" })).rows;
    await client.payouts.exclude.mutate({ batch_id, account_id: 2, reason: "wrong address" });
    expect(await sums()).toMatchObject({ miner_available: 200_000, miner_paying: 250_000 });
    await expect(client.payouts.approve.mutate({ batch_id, amount_sats: 400_000 })).rejects.toThrow(/Look at it again/);
    expect(await client.payouts.approve.mutate({ batch_id, amount_sats: 250_000 })).toMatchObject({ approved: true });
    const detail = PayoutBatchDetailDto.parse(await client.payouts.batch.query({ batch_id }));
    expect(detail.batch).toMatchObject({ state: "approved", accounts: 1, approved_by: ["aki@example.org"] });
    expect(detail.items.find((item) => item.account_id === 2)).toMatchObject({ excluded_why: "wrong address", paid_sats: 0 });
    await expect(client.payouts.approve.mutate({ batch_id, amount_sats: 250_000 })).rejects.toThrow(/only a planned batch/);
    await expect(client.payouts.upload.mutate({ batch_id, psbt: "cHNidP8=" })).rejects.toThrow(/no signature is waited for/);
    await expect(client.payouts.bump.mutate({ batch_id, fee_rate: 5 })).rejects.toThrow(/only one that was sent/);
  });

  test("a batch that is not signed is cancelled and pays nobody", async () => {
    const [{ id: batch_id } = { id: 0 }] = (await client.payouts.batches.query({ state: "approved" })).rows;
    await client.payouts.cancel.mutate({ batch_id, reason: "a rehearsal" });
    expect(await sums()).toMatchObject({ miner_available: 450_000, miner_paying: 0 });
    await expect(client.payouts.cancel.mutate({ batch_id, reason: "twice" })).rejects.toThrow(/is cancelled/);
    expect((await client.payouts.batch.query({ batch_id })).batch).toMatchObject({
      state: "cancelled",
      cancelled_by: "aki@example.org",
    });
    expect((await client.payouts.payments.query({})).total).toBe(0);
  });

  test("above the limit two different people have to approve", async () => {
    await web.sql.query(
      `INSERT INTO pool_policy (policy, created_by, reason) SELECT jsonb_set(policy::jsonb, '{payouts,four_eyes_above_sats}', '100000'), 'test', 'lower' FROM pool_policy`,
    );
    const { batch_ids } = await client.payouts.create.mutate({
      plan_key: plan_key(),
      expected_total_sats: 400_000,
      excluded_account_ids: [],
    });
    const [batch_id = 0] = batch_ids;
    expect(await client.payouts.approve.mutate({ batch_id, amount_sats: 400_000 })).toEqual({
      approved: false,
      approvals: 1,
      approvals_required: 2,
    });
    await expect(client.payouts.approve.mutate({ batch_id, amount_sats: 400_000 })).rejects.toThrow(/different people/);
    expect((await client.payouts.batch.query({ batch_id })).batch.state).toBe("planned");
  });

  test("every payment is exported, as CSV and as JSON, to who is signed in", async () => {
    const get = (path: string, headers: Record<string, string> = { cookie }) => fetch(web.origin + path, { headers });
    expect((await get("/api/payouts/export.csv", {})).status).toBe(401);
    expect((await get("/api/payouts/export.xml")).status).toBe(404);
    expect(await (await get("/api/payouts/export.csv?from_ms=yesterday")).json()).toMatchObject({
      message: expect.stringMatching(/^from_ms:/),
    });
    const csv = (await (await get("/api/payouts/export.csv")).text()).trim().split("\n");
    expect(csv[0]).toMatch(/^batch_id,state,account_id,address,amount_sats/);
    expect(csv).toHaveLength(1 + 2);
    const json = await (await get("/api/payouts/export.json")).json();
    expect(json.map((row: { account_id: number }) => row.account_id)).toEqual([1, 2]);
    expect(await (await get(`/api/payouts/export.json?from_ms=${Date.now() + 60_000}`)).json()).toEqual([]);
  });

  test("bad amounts, rates and numbers are refused by the name of their field, and change nothing", async () => {
    const before = await sums();
    const plan = { plan_key: plan_key(), expected_total_sats: 400_000, excluded_account_ids: [] };
    const move = { from: { kind: "operator" }, to: { kind: "fee_available" }, amount_sats: 1, reason: "x" } as const;
    const wrong: readonly (readonly [string, () => Promise<unknown>])[] = [
      ...[-1, 0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e30].flatMap((bad) => [
        ["expected_total_sats", () => client.payouts.create.mutate({ ...plan, expected_total_sats: bad })] as const,
        ["amount_sats", () => client.payouts.approve.mutate({ batch_id: 1, amount_sats: bad })] as const,
        ["amount_sats", () => client.ledger.correct.mutate({ ...move, amount_sats: bad })] as const,
      ]),
      ...[-1, 0, Number.NaN, 10_001].map(
        (bad) => ["fee_rate", () => client.payouts.bump.mutate({ batch_id: 1, fee_rate: bad })] as const,
      ),
      ["amount_sats", () => client.ledger.correct.mutate({ ...move, amount_sats: 2_100_000_000_000_001 })],
      ["batch_id", () => client.payouts.cancel.mutate({ batch_id: -1, reason: "x" })],
      ["batch_id", () => client.payouts.upload.mutate({ batch_id: Number.NaN, psbt: "cHNidP8=" })],
      ["psbt", () => client.payouts.upload.mutate({ batch_id: 1, psbt: "" })],
      ["account_id", () => client.payouts.hold.mutate({ account_id: 1.5, reason: "x" })],
      ["reason", () => client.payouts.hold.mutate({ account_id: 1, reason: "" })],
      ["excluded_account_ids.0", () => client.payouts.plan.query({ excluded_account_ids: [-1] })],
    ];
    for (const [index, [field, call]] of wrong.entries()) {
      await expect(call(), `${field}, case ${index}`).rejects.toMatchObject({ data: { code: "BAD_REQUEST", field } });
    }
    const far = { ...move, from: { kind: "miner_available", address: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4" } } as const;
    await expect(client.ledger.correct.mutate(far)).rejects.toThrow(/^from\.address: there is no account/);
    expect(await sums()).toEqual(before);
  });

  test("moving money is not for the operator or the viewer", async () => {
    for (const role of ["operator", "viewer"]) {
      await web.sql.query(`UPDATE "user" SET role = $1`, [role]);
      await expect(client.payouts.cancel.mutate({ batch_id: 1, reason: "no" })).rejects.toThrow(/owner, accountant/);
      await expect(client.payouts.hold.mutate({ account_id: 1, reason: "no" })).rejects.toThrow(/owner, accountant/);
      expect((await client.payouts.batches.query({})).total).toBe(2);
    }
    await web.sql.query(`UPDATE "user" SET role = 'owner'`);
  });
});
