/** The audit log: what it answers, what leaves it, and that nobody changes it. */
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OWNER, type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

const LINES = 450;
let postgres: TestPostgres;
let web: RunningWeb;
let owner: string;
let owner_id: string;
beforeAll(async () => {
  postgres = await startTestPostgres();
  web = await startTestWeb(await postgres.createMigratedDatabase());
  owner = await web.signIn();
  owner_id = (await web.client(owner).me.get.query())?.id ?? "";
  await web.sql.query(
    `INSERT INTO audit_log (at, actor, action, subject, details)
     SELECT to_timestamp(1700000000 + n), CASE WHEN n % 2 = 0 THEN $1 ELSE 'schedule' END,
            CASE WHEN n % 3 = 0 THEN 'payout.plan' ELSE 'pool_policy.change' END, 'thing:' || n,
            jsonb_build_object('before', jsonb_build_object('n', n), 'after', jsonb_build_object('n', '=1+1,"' || n))
       FROM generate_series(1, $2::int) n`,
    [owner_id, LINES],
  );
});
afterAll(async () => {
  await web.stop();
  await postgres.stop();
});

const list = (query: object) => web.client(owner).audit.list.query(query);
const exported = (query: string, format: "csv" | "json" = "csv", cookie = owner) =>
  fetch(`${web.origin}/api/audit.${format}?${query}`, { headers: { cookie } });

describe("the list", () => {
  test("goes through everything once, newest first, a page at a time", async () => {
    const seen: number[] = [];
    let before_id: number | null = null;
    do {
      const page: Awaited<ReturnType<typeof list>> = await list({ before_id, page_size: 100 });
      seen.push(...page.rows.map((row) => row.id));
      before_id = page.next_before_id;
    } while (before_id !== null);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(seen.toSorted((a, b) => b - a));
    expect(seen.length).toBe(((await web.sql.query("SELECT id FROM audit_log")).rows as unknown[]).length);
  });

  test("is filtered by person, action, subject and time, all at once", async () => {
    const { rows } = await list({
      actor: owner_id,
      action: "payout.plan",
      q: "thing:",
      from_ms: 1_700_000_001_000,
      to_ms: 1_700_000_013_000,
    });
    expect(rows.map((row) => row.subject)).toEqual(["thing:12", "thing:6"]);
    expect(rows[0]).toMatchObject({ actor_name: OWNER.name, actor_email: OWNER.email, details: { before: { n: 12 } } });
    expect((await list({ action: "pool_policy", page_size: 200 })).rows.every((row) => row.action === "pool_policy.change")).toBe(
      true,
    );
    expect((await list({ actor: "schedule", page_size: 1 })).rows[0]).toMatchObject({ actor: "schedule", actor_name: null });
  });

  test("finds a person who is named by e-mail address too", async () => {
    await web.sql.query(
      "INSERT INTO audit_log (actor, action, subject, details) VALUES ($1, 'payout.approve', 'batch:1', '{}')",
      [OWNER.email],
    );
    const { rows } = await list({ actor: owner_id, action: "payout.approve" });
    expect(rows).toMatchObject([{ actor: OWNER.email, actor_name: OWNER.name }]);
  });

  test("offers every person and every action that occurs", async () => {
    const choices = await web.client(owner).audit.choices.query();
    expect(choices.actors).toEqual([{ id: owner_id, name: `${OWNER.name} (${OWNER.email})` }]);
    expect(choices.actions).toEqual(
      expect.arrayContaining(["payout.plan", "pool_policy.change", "session.begin", "setup.complete"]),
    );
    expect(new Set(choices.actions).size).toBe(choices.actions.length);
  });

  test("cannot be changed, only added to", async () => {
    for (const statement of ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"]) {
      await expect(web.sql.query(statement)).rejects.toThrow(/append-only/);
    }
  });
});

describe("an export", () => {
  test("as CSV has every line that the filter has, and no formula", async () => {
    const answer = await exported("action=pool_policy.change");
    expect(answer.headers.get("content-type")).toContain("text/csv");
    expect(answer.headers.get("content-disposition")).toContain("audit.csv");
    const lines = (await answer.text()).trimEnd().split("\r\n");
    expect(lines[0]).toBe("id,time,actor,actor_name,actor_email,action,subject,details");
    expect(lines).toHaveLength(1 + LINES - LINES / 3);
    expect(lines[1]).toContain('""n""');
  });

  test("keeps a spreadsheet from running what somebody wrote", async () => {
    await web.sql.query(
      "INSERT INTO audit_log (actor, action, subject, details) VALUES ('=HYPERLINK(1)', 'odd.one', '@x', '{}')",
    );
    expect(await (await exported("action=odd.one")).text()).toContain("'=HYPERLINK(1),,,odd.one,'@x,{}");
  });

  test("as JSON is one array of the same lines, also of none", async () => {
    const lines = (await (await exported("action=payout.plan", "json")).json()) as { action: string }[];
    expect(lines).toHaveLength(LINES / 3);
    expect(lines.every((line) => line.action === "payout.plan")).toBe(true);
    expect(await (await exported("action=nothing.here", "json")).json()).toEqual([]);
  });

  test("is for owners and accountants, and says what is wrong with a filter", async () => {
    expect((await exported("", "csv", "")).status).toBe(401);
    const viewer = await web.join("viewer");
    expect(await (await exported("", "csv", viewer)).json()).toMatchObject({ code: "forbidden" });
    const accountant = await web.join("accountant");
    expect((await exported("action=payout.plan", "csv", accountant)).status).toBe(200);
    expect(await (await exported("from_ms=soon")).json()).toMatchObject({ code: "bad_request", field: "from_ms" });
    expect(await (await exported("action=1;DROP")).json()).toMatchObject({ code: "bad_request", field: "action" });
  });
});
