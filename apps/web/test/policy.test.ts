/** The pool's settings and the ledger's corrections, as the people who may change them do it. */

import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { applyConfigPolicy } from "@otedama/db/pool";
import { readReserveRisk } from "@otedama/db/web";
import { type PoolPolicy, policyChanges, ReserveRiskDto } from "@otedama/shared";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { POOL_POLICY } from "./fixtures/policy.ts";
import { type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

const MAINNET = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
const ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
const POLICY: PoolPolicy = { ...POOL_POLICY, correction_four_eyes_above_sats: 10_000 };

const FEE_PAYOUT = { address: ADDRESS, threshold_sats: 100_000, keep_sats: 0 };

let postgres: TestPostgres;
let web: RunningWeb;
let client: ReturnType<RunningWeb["client"]>;
beforeAll(async () => {
  postgres = await startTestPostgres();
  web = await startTestWeb(await postgres.createMigratedDatabase());
  client = web.client(await web.signIn());
});
afterAll(async () => {
  await web.stop();
  await postgres.stop();
});

describe("the pool's settings", () => {
  test("are there once a pool has laid them down", async () => {
    await expect(client.policy.get.query()).rejects.toThrow(/start the pool once/);
    await applyConfigPolicy(web.sql, "regtest", POLICY);
    expect(await client.policy.get.query()).toMatchObject({ version: 1, created_by: "config.yaml", policy: POLICY });
  });

  test("change by a new version from the one that was looked at, with before and after in the audit log", async () => {
    const policy = { ...POLICY, scheme: "prop", fee_percent: { ...POLICY.fee_percent, prop: 1.5 } };
    const made = await client.policy.change.mutate({ policy, expected_version: 1, reason: "a better fee" });
    expect(made).toMatchObject({ version: 2, created_by: "aki@example.org", reason: "a better fee" });
    await expect(client.policy.change.mutate({ policy, expected_version: 1, reason: "late" })).rejects.toThrow(
      /at version 2 by now/,
    );
    const { rows } = await web.sql.query("SELECT details FROM audit_log WHERE action = 'policy.change'");
    expect(rows).toHaveLength(1);
    expect(rows[0]?.details).toEqual({
      address: "127.0.0.1",
      reason: "a better fee",
      changes: [
        { field: "scheme", before: "pplns", after: "prop" },
        { field: "fee_percent.prop", before: POLICY.fee_percent.prop, after: 1.5 },
      ],
    });
    expect((await client.policy.history.query({})).map((version) => version.version)).toEqual([2, 1]);
  });

  test.each([
    ["fee_percent.pplns", { fee_percent: { ...POLICY.fee_percent, pplns: -1 } }],
    ["fee_percent.pplns", { fee_percent: { ...POLICY.fee_percent, pplns: Number.NaN } }],
    ["fee_percent.solo", { fee_percent: { ...POLICY.fee_percent, solo: 101 } }],
    ["donation.address", { donation: { address: MAINNET, percent: 1 } }],
    ["fee_exempt_addresses.0", { fee_exempt_addresses: ["nobody"] }],
    ["coinbase_text", { coinbase_text: "ü" }],
    ["payouts.threshold_sats", { payouts: { ...POLICY.payouts, threshold_sats: 1 } }],
    ["payouts.threshold_sats", { payouts: { ...POLICY.payouts, threshold_sats: -100_000 } }],
    ["payouts.four_eyes_above_sats", { payouts: { ...POLICY.payouts, four_eyes_above_sats: Number.NaN } }],
    ["payouts.fee_payout.address", { payouts: { ...POLICY.payouts, fee_payout: { ...FEE_PAYOUT, address: MAINNET } } }],
    ["payouts.fee_payout.keep_sats", { payouts: { ...POLICY.payouts, fee_payout: { ...FEE_PAYOUT, keep_sats: -1 } } }],
    ["payouts.fee_payout.threshold_sats", { payouts: { ...POLICY.payouts, fee_payout: { ...FEE_PAYOUT, threshold_sats: "" } } }],
    ["payouts.fee_rate_max", { payouts: { ...POLICY.payouts, fee_rate_max: "lots" } }],
  ])("refuse a wrong %s by its name", async (field, changes) => {
    await expect(
      client.policy.change.mutate({ policy: { ...POLICY, ...changes }, expected_version: 2, reason: "test" }),
    ).rejects.toThrow(new RegExp(`${field.replaceAll(".", "\\.")}:`));
    expect((await client.policy.get.query()).version).toBe(2);
  });

  test("are not changed by the accountant or the viewer", async () => {
    for (const role of ["accountant", "viewer"]) {
      await web.sql.query(`UPDATE "user" SET role = $1`, [role]);
      await expect(client.policy.change.mutate({ policy: POLICY, expected_version: 2, reason: "no" })).rejects.toThrow(
        /owner, operator/,
      );
    }
    await web.sql.query(`UPDATE "user" SET role = 'owner'`);
  });

  test("what differs is told field by field", () => {
    expect(policyChanges(POLICY, POLICY)).toEqual([]);
    expect(policyChanges(POLICY, { ...POLICY, donation: { address: ADDRESS, percent: 1 } })).toEqual([
      { field: "donation.address", before: null, after: ADDRESS },
      { field: "donation.percent", before: null, after: 1 },
    ]);
    const { fee_payout: _since, ...payouts } = POLICY.payouts;
    expect(policyChanges({ ...POLICY, payouts } as typeof POLICY, POLICY)).toEqual([]);
  });
});

describe("corrections of the ledger", () => {
  test("a small one is written at once, with its person and reason", async () => {
    await web.sql.query("INSERT INTO account (address) VALUES ($1)", [ADDRESS]);
    const done = await client.ledger.correct.mutate({
      from: { kind: "operator" },
      to: { kind: "miner_available", address: ADDRESS },
      amount_sats: 10_000,
      reason: "a goodwill payment",
    });
    expect(done.state).toBe("written");
    expect((await client.ledger.list.query({ cause: "correction" })).rows).toMatchObject([
      { moved_sats: 10_000, person: "aki@example.org", reason: "a goodwill payment", approved_by: null },
    ]);
  });

  test("a larger one waits, and is not approved by who asked for it", async () => {
    const { id, state } = await client.ledger.correct.mutate({
      from: { kind: "operator" },
      to: { kind: "reserve_available" },
      amount_sats: 10_001,
      reason: "reserve for PPS",
    });
    expect(state).toBe("proposed");
    await expect(client.ledger.approveCorrection.mutate({ id })).rejects.toThrow(/somebody else/);
    expect((await client.ledger.corrections.query())[0]).toMatchObject({ id, state: "proposed", amount_sats: 10_001 });
    await web.sql.query(`UPDATE "user" SET email = 'ben@example.org'`);
    expect(await client.ledger.approveCorrection.mutate({ id })).toEqual({ id, state: "written" });
    expect((await client.ledger.list.query({ cause: "correction" })).rows[0]).toMatchObject({
      person: "aki@example.org",
      approved_by: "ben@example.org",
    });
    await expect(client.ledger.refuseCorrection.mutate({ id, reason: "late" })).rejects.toThrow(/written already/);
    await web.sql.query(`UPDATE "user" SET email = 'aki@example.org'`);
  });

  test.each([
    ["from.address", { from: { kind: "miner_available", address: "nobody" }, to: { kind: "operator" }, amount_sats: 1 }],
    ["postings", { from: { kind: "miner_available", address: ADDRESS }, to: { kind: "operator" }, amount_sats: 10_001 }],
    ["postings", { from: { kind: "operator" }, to: { kind: "operator" }, amount_sats: 1 }],
    ["amount_sats", { from: { kind: "operator" }, to: { kind: "reserve_available" }, amount_sats: 0.5 }],
    ["amount_sats", { from: { kind: "operator" }, to: { kind: "reserve_available" }, amount_sats: -5 }],
    ["from.kind", { from: { kind: "coinbase" }, to: { kind: "operator" }, amount_sats: 1 }],
  ] as const)("one with a wrong %s is refused by its name and moves nothing", async (field, input) => {
    const before = (await client.ledger.list.query({})).total;
    await web.sql.query(
      "INSERT INTO pool_policy (policy, created_by, reason) SELECT jsonb_set(policy::jsonb, '{correction_four_eyes_above_sats}', '1000000'), 'test', 'higher' FROM pool_policy ORDER BY version DESC LIMIT 1",
    );
    await expect(client.ledger.correct.mutate({ ...input, reason: "test" } as never)).rejects.toThrow(
      new RegExp(`^${field.replaceAll(".", "\\.")}`),
    );
    expect((await client.ledger.list.query({})).total).toBe(before);
  });
});

describe("the risk of PPS and FPPS", () => {
  test("is of the reserve there is and the fees that hold, or of what somebody wants to know", async () => {
    const live = { pool_hashrate_hps: 1e15, network_difficulty: 1e12, reward_sats: 312_500_000, fees_sats: 2_500_000 };
    const read = (fee_percent: number | null, orphan_percent: number | null) =>
      readReserveRisk(web.sql, live, { fee_percent, orphan_percent });
    const now = ReserveRiskDto.parse(await read(null, null));
    // The reserve was put in by a correction above.
    expect(now).toMatchObject({ reserve_available_sats: 10_001, due_sats: 0, subsidy_sats: 310_000_000, orphan_percent: 0 });
    expect([now.pps.fee_percent, now.fpps.fee_percent]).toEqual([POLICY.fee_percent.pps, POLICY.fee_percent.fpps]);
    // PPS keeps the transaction fees as well as its own.
    expect(now.pps.edge).toBeGreaterThan(now.fpps.edge);
    expect((await read(0, 0)).fpps).toMatchObject({ edge: 0, ruin_probability: 1, reserve_1_percent_sats: null });
    expect((await read(10, 0)).fpps.ruin_probability).toBeLessThan((await read(1, 0)).fpps.ruin_probability);
    expect((await read(1, 5)).fpps.edge).toBeLessThan(0);
    await expect(client.policy.risk.query({ fee_percent: 101 })).rejects.toThrow(/^fee_percent:/);
    await expect(client.policy.risk.query({})).rejects.toThrow(/No pool is connected/);
  });
});
