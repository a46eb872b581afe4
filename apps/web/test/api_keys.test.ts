/** Programs with a key on REST: what a key opens, what it does not, and how it ends. */
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { ensureAccount, transaction, writeEntry } from "@otedama/db/pool";
import { API_SCOPES, PayoutPlanDto } from "@otedama/shared";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KEYED_ROUTES } from "../src/server/rest/keyed/routes.ts";
import { appRouter, createCaller } from "../src/server/trpc/router.ts";
import { POOL_POLICY } from "./fixtures/policy.ts";
import { addressOf, hashOf, rigId, seedFarm } from "./fixtures/seed.ts";
import { BEHIND_PROXY, OWNER, type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

let postgres: TestPostgres;
let web: RunningWeb;
let owner: string;
/** Of the owner, with every scope. */
let key: string;
beforeAll(async () => {
  postgres = await startTestPostgres();
  web = await startTestWeb(await postgres.createMigratedDatabase(), BEHIND_PROXY);
  owner = await web.signIn();
  await seedFarm(web.sql, { accounts: 2, workers_per_account: 2, history_s: 600, blocks: 4, rigs: 2, now_ms: Date.now() });
  await web.sql.query("INSERT INTO pool_policy (policy, created_by, reason) VALUES ($1, 'config.yaml', 'first')", [
    JSON.stringify(POOL_POLICY),
  ]);
  key = await newKey(owner, [...API_SCOPES]);
});
afterAll(async () => {
  await web.stop();
  await postgres.stop();
});

async function newKey(cookie: string, scopes: (typeof API_SCOPES)[number][], days: number | null = 30): Promise<string> {
  // Stated again and again by these tests; people may state their password five times a minute.
  const made = await web.client(cookie).me.createApiKey.mutate({ name: "a program", scopes, days, password: OWNER.password });
  return made.key;
}
const PAYABLE = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
const GETS = KEYED_ROUTES.filter((route) => route.method === "get");
async function get(path: string, as: string | null, headers: Record<string, string> = {}) {
  const answer = await fetch(web.origin + path, {
    headers: { ...(as === null ? {} : { authorization: `Bearer ${as}` }), ...headers },
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
}
const filled = (path: string) =>
  path
    .replace("/workers/{id}", "/workers/1")
    .replace("/rigs/{id}", `/rigs/${rigId(1)}`)
    .replace("{hash}", hashOf("block 1"))
    .replace("{account_id}", "1")
    .replace("{batch_id}", "1");

describe("every endpoint with a scope", () => {
  test.each(GETS.map((route) => [route.path, route] as const))("%s answers what it promises", async (_, route) => {
    const { status, body } = await get(filled(route.path), key);
    if (status === 404) expect(body.message).toMatch(/no such block|no payout batch 1/);
    else {
      expect(status).toBe(200);
      expect(route.answer.safeParse(body).success).toBe(true);
    }
  });

  test.each(GETS.map((route) => [route.path, route.scope] as const))("%s needs a key, and one with %s", async (path, scope) => {
    for (const [as, headers] of [
      [null, {}],
      [null, { cookie: owner }],
      ["otedama_short", {}],
      [`otedama_${"A".repeat(43)}`, {}],
    ] as const) {
      const { status, headers: answered } = await get(filled(path), as, headers);
      expect(status).toBe(401);
      expect(answered.get("www-authenticate")).toBe("Bearer");
      expect(answered.get("access-control-allow-origin")).toBeNull();
    }
    const lesser = await web.sql.query<{ id: number }>("SELECT id FROM api_key WHERE name = 'a program'");
    await web.sql.query("UPDATE api_key SET scopes = $2 WHERE id = $1", [
      lesser.rows[0]?.id,
      API_SCOPES.filter((one) => one !== scope),
    ]);
    const refused = await get(filled(path), key);
    await web.sql.query("UPDATE api_key SET scopes = $2 WHERE id = $1", [lesser.rows[0]?.id, API_SCOPES]);
    expect(refused).toMatchObject({ status: 403, body: { code: "scope_needed" } });
  });

  test("the OpenAPI document names each with its scope", async () => {
    const { body } = await get("/api/v1/openapi.json", null);
    const paths = body.paths as Record<string, Record<"get" | "post", { description: string; security: unknown }>>;
    for (const { path, method, scope } of KEYED_ROUTES) {
      expect(paths[path]?.[method].description).toContain(scope);
      expect(paths[path]?.[method].security).toEqual([{ key: [] }]);
    }
  });
});

describe("a key", () => {
  test("finds what is asked for, and names the parameter that is wrong", async () => {
    expect((await get(`/api/v1/balances?q=${addressOf(2)}`, key)).body).toMatchObject({ total: 1 });
    for (const [query, field] of [
      ["page=0", "page"],
      ["page=x", "page"],
      ["page=1&page=2", "page"],
      ["nonsense=1", "nonsense"],
      ["state=lost", "state"],
    ]) {
      expect(await get(`/api/v1/workers?${query}`, key)).toMatchObject({ status: 400, body: { code: "bad_request", field } });
    }
    expect((await get("/api/v1/workers/99999", key)).status).toBe(404);
    expect((await get("/api/v1/workers/%E0%A4%A", key)).status).toBe(400);
  });

  test("whatever comes in, nothing fails inside", async () => {
    const fuzzed = await newKey(owner, [...API_SCOPES]);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...GETS),
        fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 }),
        async (route, query) => {
          const { status } = await get(`${filled(route.path)}?${new URLSearchParams(query)}`, fuzzed);
          expect([200, 400, 404, 429]).toContain(status);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("is told once, kept as a hash, and its use is noted", async () => {
    const row = (await web.client(owner).me.apiKeys.query()).at(-1);
    await get("/api/v1/blocks", key, { "x-forwarded-for": "203.0.113.9" });
    expect(key).toMatch(/^otedama_[\w-]{43}$/);
    expect(row?.hint).toBe(key.slice(0, 12));
    expect((await web.client(owner).me.apiKeys.query()).at(-1)).toMatchObject({ last_used_address: "203.0.113.9" });
    const stored = JSON.stringify([
      (await web.sql.query("SELECT * FROM api_key")).rows,
      (await web.sql.query("SELECT * FROM audit_log")).rows,
    ]);
    expect(stored).not.toContain(key);
    expect(web.log()).not.toContain(key);
    expect((await web.sql.query("SELECT details FROM audit_log WHERE action = 'api_key.create'")).rows[0]?.details).toMatchObject(
      {
        after: { scopes: [...API_SCOPES] },
      },
    );
  });

  test("does no more than its person's role: a viewer's key reads no audit log, whatever its scopes", async () => {
    const viewer = await web.join("viewer");
    const lesser = await newKey(viewer, ["read", "audit:read"]);
    expect((await get("/api/v1/workers", lesser)).status).toBe(200);
    expect(await get("/api/v1/audit", lesser)).toMatchObject({ status: 403, body: { code: "forbidden" } });
  });

  test("plans payouts with the scope for it, and approves or changes nothing, whatever its scopes and its person's role", async () => {
    const plans = await newKey(owner, ["payouts:plan"]);
    const send = async (path: string, body: unknown, as: string | null = plans) => {
      const headers = { "content-type": "application/json", ...(as === null ? {} : { authorization: `Bearer ${as}` }) };
      const answer = await fetch(web.origin + path, { method: "POST", headers, body: JSON.stringify(body) });
      return {
        status: answer.status,
        body: (await answer.json()) as Record<string, unknown>,
        allow: answer.headers.get("allow"),
      };
    };
    // By this policy nobody would have to approve so little.
    const payouts = {
      ...POOL_POLICY.payouts,
      threshold_sats: 1_000,
      threshold_min_sats: 546,
      unattended_max_sats: 2e15,
      four_eyes_above_sats: 2e15,
    };
    await web.sql.query("INSERT INTO pool_policy (policy, created_by, reason) VALUES ($1, 'test', 'test')", [
      JSON.stringify({ ...POOL_POLICY, payouts }),
    ]);
    await transaction(web.sql, async (tx) =>
      writeEntry(tx, {
        cause: "correction",
        cause_key: "owed",
        block_hash: null,
        postings: [
          { kind: "operator", account_id: null, amount_sats: -70_000n },
          { kind: "miner_available", account_id: await ensureAccount(tx, PAYABLE), amount_sats: 70_000n },
        ],
      }),
    );
    const shown = PayoutPlanDto.parse((await get("/api/v1/payouts/plan", plans)).body);
    expect(shown).toMatchObject({ approvals_required: 0 });
    expect(shown.total_sats).toBeGreaterThan(0);
    const plan = { plan_key: crypto.randomUUID(), expected_total_sats: shown.total_sats };
    expect(await send("/api/v1/payouts", plan, null)).toMatchObject({ status: 401 });
    expect(await send("/api/v1/payouts", plan, await newKey(owner, ["read", "money:read", "audit:read"]))).toMatchObject({
      status: 403,
      body: { code: "scope_needed" },
    });
    for (const [field, wrong] of [
      ["expected_total_sats", { ...plan, expected_total_sats: -5 }],
      ["expected_total_sats", { ...plan, expected_total_sats: "all" }],
      ["plan_key", { ...plan, plan_key: "../x" }],
      ["excluded_account_ids.0", { ...plan, excluded_account_ids: [0] }],
    ] as const) {
      expect(await send("/api/v1/payouts", wrong)).toMatchObject({ status: 400, body: { code: "bad_request", field } });
    }
    expect(await send("/api/v1/payouts", [])).toMatchObject({ status: 400 });
    expect(await send("/api/v1/payouts", { ...plan, expected_total_sats: shown.total_sats + 1 })).toMatchObject({ status: 409 });
    const made = await send("/api/v1/payouts", plan);
    expect(made).toMatchObject({ status: 200, body: { made: true, approvals_required: 1 } });
    expect(await send("/api/v1/payouts", plan)).toMatchObject({ status: 200, body: { made: false } });
    const [batch_id = 0] = made.body.batch_ids as number[];
    expect((await get(`/api/v1/payouts/batches/${batch_id}`, key)).body).toMatchObject({
      batch: { state: "planned", created_by: OWNER.email, approved_by: [], approvals_required: 1 },
    });
    const { rows } = await web.sql.query("SELECT details FROM audit_log WHERE action = 'payouts.create' ORDER BY id LIMIT 1");
    expect(rows[0]?.details.api_key).toEqual(expect.any(Number));

    // Neither over REST nor, were a route ever to lead there, by the procedures themselves.
    expect(await send("/api/v1/blocks", {}, key)).toMatchObject({ status: 405, allow: "GET, HEAD" });
    expect(await send(`/api/v1/payouts/batches/${batch_id}`, { amount_sats: shown.total_sats }, key)).toMatchObject({
      status: 405,
    });
    const procedures = Object.entries(
      appRouter._def.procedures as unknown as Record<
        string,
        { _def: { type: string; meta?: { roles?: unknown; keyed?: boolean } } }
      >,
    );
    const changes = procedures.flatMap(([path, { _def }]) =>
      _def.type === "mutation" && Array.isArray(_def.meta?.roles) && !_def.meta.keyed ? [path] : [],
    );
    expect(changes).toEqual(expect.arrayContaining(["payouts.approve", "payouts.upload", "ledger.correct", "policy.change"]));
    expect(procedures.flatMap(([path, { _def }]) => (_def.meta?.keyed ? [path] : []))).toEqual(["payouts.create"]);
    const me = { id: "x", name: "x", email: OWNER.email, role: "owner", second_factor: true, second_factor_due: false } as const;
    // No services: whatever got past the guard would fall over.
    const by_key = createCaller({ services: null as never, me, session_id: null, api_key_id: 1, address: null });
    for (const path of changes) {
      const call = path.split(".").reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], by_key) as (
        input: unknown,
      ) => Promise<unknown>;
      await expect(call({}), path).rejects.toMatchObject({ code: expect.stringMatching(/^(FORBIDDEN|UNAUTHORIZED)$/) });
    }
  });

  test("ends when it is revoked, when it expires, and only its person can revoke it", async () => {
    const operator = await web.join("operator");
    const mine = await newKey(operator, ["read"], null);
    const id = (await web.client(operator).me.apiKeys.query())[0]?.id ?? 0;
    await expect(web.client(owner).me.revokeApiKey.mutate({ id })).rejects.toMatchObject({ data: { code: "NOT_FOUND" } });
    expect((await get("/api/v1/workers", mine)).status).toBe(200);
    await web.client(operator).me.revokeApiKey.mutate({ id });
    expect(await get("/api/v1/workers", mine)).toMatchObject({ status: 401, body: { code: "key_revoked" } });

    const brief = await newKey(operator, ["read"], 1);
    await web.sql.query(
      "UPDATE api_key SET expires_at = now() - interval '1 second' WHERE revoked_at IS NULL AND name = 'a program' AND user_id <> (SELECT user_id FROM api_key ORDER BY id LIMIT 1)",
    );
    expect(await get("/api/v1/workers", brief)).toMatchObject({ status: 401, body: { code: "key_expired" } });
    expect(await web.client(operator).me.apiKeys.query()).toEqual([]);
  });

  test("has a rate of its own, and says when to come back", async () => {
    const accountant = await web.join("accountant");
    const [busy, calm] = [await newKey(accountant, ["read"]), await newKey(accountant, ["read"])];
    const answers = await Promise.all(Array.from({ length: 120 }, () => get("/api/v1/blocks", busy)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(50);
    for (const { headers } of refused) expect(headers.get("retry-after")).toBe("1");
    expect((await get("/api/v1/blocks", calm)).status).toBe(200);
  });

  test("opens no procedure of the dashboard", async () => {
    const answer = await fetch(`${web.origin}/api/trpc/me.sessions`, { headers: { authorization: `Bearer ${key}` } });
    expect(answer.status).toBe(401);
  });
});
