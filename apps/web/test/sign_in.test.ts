import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { SIGN_IN_LIMIT } from "../src/server/auth/auth.ts";
import { OWNER, type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

let postgres: TestPostgres;
let web: RunningWeb;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  web = await startTestWeb(await postgres.createMigratedDatabase());
  await web.client(null).setup.complete.mutate({ token: await web.setupToken(), ...OWNER });
});
afterEach(() => web.stop());

// Attempts are counted by address in the memory of the process, over all tests of this file: the one that uses them up comes last.
const signIn = (body: object, headers: Record<string, string> = {}) => web.post("/api/auth/sign-in/email", body, headers);
const right = { email: OWNER.email, password: OWNER.password };

describe("signing in", () => {
  test("sets a cookie that scripts cannot read, keeps the token out of the answer, and is audited", async () => {
    const answer = await signIn(right);
    expect(answer.status).toBe(200);
    const [cookie = ""] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/^otedama\.session_token=[^;]+;.*HttpOnly/);
    expect(cookie).toMatch(/SameSite=Lax/i);
    expect(cookie).not.toMatch(/Secure/i);
    const text = await answer.text();
    const session = await web.sql.query<{ token: string }>("SELECT token FROM session");
    expect(text).not.toContain(session.rows[0]?.token);
    expect(JSON.parse(text)).toMatchObject({ user: { email: OWNER.email, role: "owner" } });

    const pair = cookie.split(";", 1)[0] ?? "";
    expect(await web.client(pair).me.get.query()).toMatchObject({ name: OWNER.name, email: OWNER.email, role: "owner" });
    const current = await fetch(`${web.origin}/api/auth/get-session`, { headers: { cookie: pair } });
    expect(await current.text()).not.toContain(session.rows[0]?.token);

    const out = await web.post("/api/auth/sign-out", {}, { cookie: pair });
    expect(out.status).toBe(200);
    expect(await web.client(pair).me.get.query()).toBeNull();
    await expect(web.client(pair).workers.list.query({})).rejects.toMatchObject({ data: { code: "UNAUTHORIZED" } });
    const audit = await web.sql.query("SELECT action FROM audit_log ORDER BY id");
    expect(audit.rows.map((row) => row.action)).toEqual(["setup.complete", "session.begin", "session.end"]);
  });

  test("marks the cookie Secure when people come by https", async () => {
    const secure = await startTestWeb(web.database_url, { public_url: "https://mine.example.org" });
    try {
      const answer = await secure.post("/api/auth/sign-in/email", right);
      expect(answer.headers.getSetCookie()[0]).toMatch(/^__Secure-otedama\.session_token=.*Secure/i);
      expect(answer.headers.get("strict-transport-security")).toContain("max-age");
    } finally {
      await secure.stop();
    }
  });

  test("says the same for a wrong password and for an unknown person", async () => {
    const wrong = await signIn({ ...right, password: "not the password" });
    const unknown = await signIn({ ...right, email: "nobody@example.org" });
    expect(wrong.status).toBe(401);
    expect(wrong.headers.getSetCookie()).toEqual([]);
    expect(await wrong.json()).toEqual(await unknown.json());
  });
});

describe("what is not reachable", () => {
  test.each([
    ["/api/auth/sign-up/email", 404],
    ["/api/auth/change-password", 404],
    ["/api/auth/update-user", 404],
    ["/api/auth/list-sessions", 404],
    ["/api/auth/get-session", 405],
  ])("%s", async (path, status) => {
    const answer = await web.post(path, { name: "x", email: "x@example.org", password: "long enough password" });
    expect(answer.status).toBe(status);
    expect((await web.sql.query(`SELECT 1 FROM "user"`)).rows).toHaveLength(1);
  });

  test("a sign-in that another site sends", async () => {
    for (const headers of [{ origin: "https://evil.example" }, { origin: "null" }]) {
      const answer = await signIn(right, headers);
      expect(answer.status).toBe(403);
      expect(await answer.json()).toMatchObject({ code: "foreign_origin" });
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
  });

  test("a body that is too large", async () => {
    const answer = await signIn({ ...right, password: "x".repeat(20_000) });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ code: "body_too_large" });
  });

  test("a session whose cookie was tampered with, and one that has expired", async () => {
    const cookie = (await signIn(right)).headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
    expect(await web.client(cookie).me.get.query()).not.toBeNull();
    const [name, value = ""] = cookie.split("=");
    const flipped = `${name}=${value.startsWith("A") ? "B" : "A"}${value.slice(1)}`;
    expect(await web.client(flipped).me.get.query()).toBeNull();
    await web.sql.query(`UPDATE session SET "expiresAt" = now() - interval '1 day'`);
    expect(await web.client(cookie).me.get.query()).toBeNull();
  });
});

describe("guessing", () => {
  test("is limited by the address it really comes from, whatever headers say", async () => {
    const answers: Response[] = [];
    for (let attempt = 0; attempt < SIGN_IN_LIMIT.max + 12; attempt++) {
      answers.push(
        await signIn(
          { ...right, password: "guess" },
          { "x-forwarded-for": `10.0.0.${attempt}`, "x-otedama-remote-address": "10.1.1.1" },
        ),
      );
    }
    const last = answers.at(-1);
    expect(last?.status).toBe(429);
    expect(Number(last?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await last?.json()).toMatchObject({ code: "too_many_attempts" });
    expect(answers.filter((answer) => answer.status === 401).length).toBeLessThanOrEqual(SIGN_IN_LIMIT.max);
    // Even the right password waits now.
    expect((await signIn(right)).status).toBe(429);
  });
});
