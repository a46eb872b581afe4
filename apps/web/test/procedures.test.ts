import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { applyConfigPolicy } from "@otedama/db/pool";
import { ROLES, type Role } from "@otedama/shared";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { appRouter } from "../src/server/trpc/router.ts";
import { POOL_POLICY } from "./fixtures/policy.ts";
import { hashOf, rigId } from "./fixtures/seed.ts";
import { type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

const OPEN = ["setup.status", "setup.complete", "me.get", "invites.look", "invites.accept"];
/** A good input of each procedure that needs one. */
const INPUTS: Record<string, unknown> = {
  "overview.get": {},
  "pool.series": {},
  "workers.list": {},
  "workers.get": { id: 1 },
  "blocks.list": {},
  "blocks.get": { hash: hashOf("none") },
  "blocks.credits": { hash: hashOf("none") },
  "rigs.list": {},
  "rigs.get": { id: rigId(1) },
  "rigs.counts": {},
  "rigs.map": {},
  "enrolment.tokens": {},
  "commands.list": {},
  "bulks.list": {},
  "bulks.get": { id: 1 },
  "sheets.list": {},
  "sheets.get": { id: 1 },
  "sheets.diff": { id: 1, from_version: 1, to_version: 2 },
  "balances.list": {},
  "balances.get": { account_id: 1 },
  "ledger.list": {},
  "ledger.get": { entry_id: "1" },
  "provision.get": { id: 1 },
  "provision.log": { id: 1, rig: 0 },
  "search.find": { q: "x" },
  "audit.list": {},
  "notices.deliveries": {},
  "policy.history": {},
  "policy.risk": {},
  "payouts.batches": {},
  "payouts.batch": { batch_id: 1 },
  "payouts.payments": {},
  "payouts.plan": {},
  "payouts.account": { account_id: 1 },
};
const procedures = Object.entries(
  appRouter._def.procedures as unknown as Record<
    string,
    { _def: { type: "query" | "mutation"; meta?: { roles?: "public" | Role[] } } }
  >,
);

let postgres: TestPostgres;
let web: RunningWeb;
let cookie: string;
beforeAll(async () => {
  postgres = await startTestPostgres();
  web = await startTestWeb(await postgres.createMigratedDatabase());
  await applyConfigPolicy(web.sql, "regtest", POOL_POLICY);
  cookie = await web.signIn();
});
afterAll(async () => {
  await web.stop();
  await postgres.stop();
});

const typeOf = (path: string) => procedures.find(([name]) => name === path)?.[1]._def.type ?? "query";

async function call(
  path: string,
  input: unknown,
  as: string | null,
): Promise<{ status: number; code: string | undefined; message: string; field: unknown }> {
  const query = new URLSearchParams({ input: JSON.stringify(input) });
  const headers: Record<string, string> = as === null ? {} : { cookie: as };
  const answer =
    typeOf(path) === "query"
      ? await fetch(`${web.origin}/api/trpc/${path}?${query}`, { headers })
      : await web.post(`/api/trpc/${path}`, input ?? {}, headers);
  const body = (await answer.json()) as { error?: { message: string; data: { code: string; field: unknown } } };
  return {
    status: answer.status,
    code: body.error?.data.code,
    message: body.error?.message ?? "",
    field: body.error?.data.field,
  };
}

test("every procedure says who may call it", () => {
  expect(procedures.length).toBeGreaterThanOrEqual(14);
  for (const [path, { _def }] of procedures) {
    expect(_def.meta?.roles, path).toEqual(OPEN.includes(path) ? "public" : expect.arrayContaining(["owner"]));
  }
});

describe("who may call", () => {
  const closed = procedures
    .filter(([path]) => !OPEN.includes(path))
    .map(([path, { _def }]) => [path, _def.meta?.roles as Role[]] as const);

  test.each(closed)("%s: nobody without signing in", async (path) => {
    expect(await call(path, INPUTS[path], null)).toMatchObject({ status: 401, code: "UNAUTHORIZED" });
    expect(await call(path, INPUTS[path], "otedama.session_token=abc.def")).toMatchObject({ status: 401, code: "UNAUTHORIZED" });
  });

  // What changes something is called with an input that is refused: roles are asked about before it is read.
  test.each(closed)("%s: %j and nobody else", async (path, roles) => {
    const input = INPUTS[path] ?? { nonsense: true };
    try {
      for (const role of ROLES) {
        await web.sql.query(`UPDATE "user" SET role = $1`, [role]);
        const { code } = await call(path, input, cookie);
        if (!roles.includes(role)) expect(code, role).toBe("FORBIDDEN");
        else if (path in INPUTS) expect([undefined, "NOT_FOUND", "PRECONDITION_FAILED"], role).toContain(code);
        else expect(["UNAUTHORIZED", "FORBIDDEN", "INTERNAL_SERVER_ERROR"], role).not.toContain(code);
      }
    } finally {
      await web.sql.query(`UPDATE "user" SET role = 'owner'`);
    }
  });
});

describe("bad input names its field and touches nothing", () => {
  test.each([
    ["workers.list", { page: 0 }, "page"],
    ["workers.list", { page_size: 201 }, "page_size"],
    ["workers.list", { sort: "password" }, "sort"],
    ["workers.list", { dir: "asc; DROP TABLE worker" }, "dir"],
    ["workers.list", { q: "x".repeat(129) }, "q"],
    ["workers.list", { q: "a\0" }, "q"],
    ["workers.list", { nonsense: 1 }, ""],
    ["workers.get", { id: 2 ** 40 }, "id"],
    ["workers.get", { id: 1, window: "10y" }, "window"],
    ["blocks.get", { hash: "00" }, "hash"],
    ["blocks.list", { state: "lost" }, "state"],
    ["rigs.get", { id: "1" }, "id"],
    ["balances.get", { account_id: "1" }, "account_id"],
    ["search.find", { q: "  " }, "q"],
    ["overview.get", { window: ["1h"] }, "window"],
  ])("%s %j", async (path, input, field) => {
    const answer = await call(path, input, cookie);
    expect(answer).toMatchObject({ status: 400, code: "BAD_REQUEST", field });
    expect(answer.message.length).toBeLessThan(300);
  });

  test("whatever JSON comes in, no procedure fails inside", async () => {
    const paths = Object.keys(INPUTS);
    const field = fc.constantFrom(
      "q",
      "id",
      "page",
      "page_size",
      "window",
      "hash",
      "state",
      "sort",
      "account_id",
      "token",
      "email",
    );
    const value = fc.oneof(
      fc.jsonValue(),
      fc.string({ unit: "binary" }),
      fc.double(),
      fc.constantFrom(1, "1h", "desc", -0, 2 ** 31),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), fc.oneof(fc.jsonValue(), fc.dictionary(field, value)), async (path, input) => {
        const { status } = await call(path, input, cookie);
        expect([200, 400, 404, 412]).toContain(status);
      }),
      { numRuns: 300 },
    );
    const counters = ((await (await fetch(`${web.origin}/api/v1/status`)).json()) as { counters: { http_errors: number } })
      .counters;
    expect(counters.http_errors).toBe(0);
  }, 180_000);

  test("text with wildcards, quotes and markup is looked for as it is", async () => {
    const client = web.client(cookie);
    for (const q of ["%", "_", "\\", "'; DROP TABLE worker; --", "<script>", "\ud800"]) {
      expect(await client.workers.list.query({ q })).toEqual({ total: 0, rows: [] });
      expect(await client.rigs.list.query({ q })).toEqual({ total: 0, rows: [] });
      expect(await client.search.find.query({ q })).toEqual({ rigs: [], workers: [], blocks: [], accounts: [] });
    }
  });

  test("what does not exist is NOT_FOUND in words", async () => {
    expect(await call("workers.get", { id: 999 }, cookie)).toMatchObject({ status: 404, message: "There is no such worker." });
    expect(await call("blocks.get", { hash: hashOf("none") }, cookie)).toMatchObject({ status: 404 });
    expect(await call("nothing.here", {}, cookie)).toMatchObject({ status: 404 });
  });

  test("an error carries no stack and no path of the server", async () => {
    const answer = await fetch(`${web.origin}/api/trpc/workers.list?input=%7Bbroken`, { headers: { cookie } });
    const text = await answer.text();
    expect(answer.status).toBe(400);
    expect(text).not.toMatch(/stack|node_modules|\/src\//);
  });

  test("too many calls in one request and a body that is too large", async () => {
    const many = Array.from({ length: 13 }, () => "me.get").join(",");
    expect((await fetch(`${web.origin}/api/trpc/${many}?batch=1&input=%7B%7D`)).status).toBe(400);
    expect((await web.post("/api/trpc/setup.complete", { token: "x".repeat(100_000) })).status).toBe(413);
  });

  test("a mutation that another site sends", async () => {
    expect((await web.post("/api/trpc/setup.complete", {}, { origin: "https://evil.example" })).status).toBe(403);
  });
});
