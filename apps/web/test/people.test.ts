/** People: joining, roles, being kept out, sessions and passwords, each with its line in the audit log. */
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import type { TRPCClientError } from "@trpc/client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BEHIND_PROXY, elsewhere, OWNER, type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

let postgres: TestPostgres;
let web: RunningWeb;
let owner: string;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  web = await startTestWeb(await postgres.createMigratedDatabase(), BEHIND_PROXY);
  owner = await web.signIn();
});
afterEach(() => web.stop());

const as = (cookie: string | null) => web.client(cookie);
const tokenOf = (link: string) => new URL(link).hash.slice(1);
const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => "ok",
    (error: TRPCClientError<never>) => (error.data as { code?: string } | null)?.code ?? error.message,
  );
const person = async (email: string) => {
  const found = (await as(owner).people.list.query()).people.find((one) => one.email === email);
  if (found === undefined) throw new Error(`no ${email}`);
  return found;
};
const audit = async (action: string) =>
  (
    await web.sql.query<{ actor: string; subject: string; details: Record<string, unknown> }>(
      "SELECT actor, subject, details FROM audit_log WHERE action = $1 ORDER BY id",
      [action],
    )
  ).rows;
const signIn = (email: string, password = OWNER.password) =>
  web.post("/api/auth/sign-in/email", { email, password }, elsewhere());

describe("an invite", () => {
  test("lets one person join, once, with the role it names", async () => {
    const { invite, link } = await as(owner).people.invite.mutate({ email: "Ben@Example.org", role: "operator" });
    expect(invite).toMatchObject({ email: "ben@example.org", role: "operator", created_by: OWNER.name });
    expect(link).toMatch(/^http:\/\/localhost:8080\/invite#[\w-]{43}$/);
    const token = tokenOf(link);
    expect(await as(null).invites.look.mutate({ token })).toEqual({ email: "ben@example.org", role: "operator" });
    const joining = { token, name: "Ben", password: OWNER.password };
    expect(await as(null).invites.accept.mutate(joining)).toEqual({ email: "ben@example.org" });
    expect(await codeOf(as(null).invites.accept.mutate(joining))).toBe("FORBIDDEN");
    expect(await as(null).invites.look.mutate({ token })).toBeNull();

    expect((await signIn("ben@example.org")).status).toBe(200);
    expect(await person("ben@example.org")).toMatchObject({ name: "Ben", role: "operator", disabled_at_ms: null, sessions: 1 });
    expect((await as(owner).people.list.query()).invites).toEqual([]);
    expect((await audit("invite.create"))[0]?.details).toMatchObject({
      after: { email: "ben@example.org", role: "operator", hours: 72 },
    });
    expect((await audit("invite.accept"))[0]?.details).toMatchObject({ after: { role: "operator" }, address: "127.0.0.1" });
    const stored = JSON.stringify((await web.sql.query("SELECT * FROM invite")).rows);
    expect(stored).not.toContain(token);
    expect(web.log()).not.toContain(token);
  });

  test("is refused when withdrawn, replaced, expired or made up, and for a known address", async () => {
    const make = async () => as(owner).people.invite.mutate({ email: "ben@example.org", role: "viewer" });
    const join = (link: string) =>
      codeOf(as(null).invites.accept.mutate({ token: tokenOf(link), name: "Ben", password: OWNER.password }));
    const first = await make();
    const second = await make();
    expect(await join(first.link)).toBe("FORBIDDEN");
    await as(owner).people.revokeInvite.mutate({ id: second.invite.id });
    expect(await codeOf(as(owner).people.revokeInvite.mutate({ id: second.invite.id }))).toBe("NOT_FOUND");
    expect(await join(second.link)).toBe("FORBIDDEN");
    const third = await make();
    await web.sql.query("UPDATE invite SET expires_at = now() - interval '1 second'");
    expect(await join(third.link)).toBe("FORBIDDEN");
    expect(await join("http://x/#made-up")).toBe("FORBIDDEN");
    expect(await codeOf(as(owner).people.invite.mutate({ email: OWNER.email, role: "viewer" }))).toBe("CONFLICT");
    expect(await codeOf(as(owner).people.invite.mutate({ email: "x@example.org", role: "viewer", hours: 73 }))).toBe(
      "BAD_REQUEST",
    );
    expect((await web.sql.query(`SELECT 1 FROM "user"`)).rows).toHaveLength(1);
  });

  test("lets one of several win who come at once", async () => {
    const { link } = await as(owner).people.invite.mutate({ email: "ben@example.org", role: "viewer" });
    const tries = [1, 2, 3, 4].map((n) =>
      codeOf(as(null).invites.accept.mutate({ token: tokenOf(link), name: `Ben ${n}`, password: OWNER.password })),
    );
    expect((await Promise.all(tries)).filter((code) => code === "ok")).toHaveLength(1);
    expect((await web.sql.query(`SELECT 1 FROM "user" WHERE email = 'ben@example.org'`)).rows).toHaveLength(1);
  });
});

describe("a role", () => {
  test("holds from the next request on, and the audit log has before and after", async () => {
    const ben = await web.join("viewer", "ben@example.org");
    expect(await codeOf(as(ben).people.list.query())).toBe("FORBIDDEN");
    const { id } = await person("ben@example.org");
    await as(owner).people.changeRole.mutate({ id, role: "owner" });
    expect(await codeOf(as(ben).people.list.query())).toBe("ok");
    expect(await audit("person.role")).toMatchObject([
      { subject: `person:${id}`, details: { before: { role: "viewer" }, after: { role: "owner" }, address: "127.0.0.1" } },
    ]);
    // Once more changes nothing and says nothing.
    await as(owner).people.changeRole.mutate({ id, role: "owner" });
    expect(await audit("person.role")).toHaveLength(1);
  });

  test("of the last owner stays, also when two owners go at the same moment", async () => {
    const own = await person(OWNER.email);
    expect(await codeOf(as(owner).people.changeRole.mutate({ id: own.id, role: "viewer" }))).toBe("CONFLICT");
    expect(await codeOf(as(owner).people.disable.mutate({ id: own.id }))).toBe("CONFLICT");
    const ben = await web.join("owner", "ben@example.org");
    const other = await person("ben@example.org");
    const left = await Promise.all([
      codeOf(as(owner).people.changeRole.mutate({ id: own.id, role: "viewer" })),
      codeOf(as(ben).people.disable.mutate({ id: other.id })),
    ]);
    expect(left.toSorted()).toEqual(["CONFLICT", "ok"]);
    const owners = await web.sql.query(`SELECT 1 FROM "user" WHERE role = 'owner' AND disabled_at IS NULL`);
    expect(owners.rows).toHaveLength(1);
  });

  test("that does not exist is refused, here and by the database", async () => {
    const { id } = await person(OWNER.email);
    expect(await codeOf(as(owner).people.changeRole.mutate({ id, role: "admin" as "owner" }))).toBe("BAD_REQUEST");
    await expect(web.sql.query(`UPDATE "user" SET role = 'admin'`)).rejects.toThrow(/user_role/);
    expect(await codeOf(as(owner).people.changeRole.mutate({ id: "nobody", role: "viewer" }))).toBe("NOT_FOUND");
  });
});

describe("being kept out", () => {
  test("ends sessions and keys at once and refuses the password; the way back is open", async () => {
    const ben = await web.join("operator", "ben@example.org");
    const { id } = await person("ben@example.org");
    const { key } = await as(ben).me.createApiKey.mutate({ name: "k", scopes: ["read"], days: 1, password: OWNER.password });
    await as(owner).people.disable.mutate({ id });
    expect(await as(ben).me.get.query()).toBeNull();
    expect((await fetch(`${web.origin}/api/v1/workers`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(401);
    const refused = await signIn("ben@example.org");
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ code: "disabled" });
    // With a wrong password nothing is told of it.
    expect(await (await signIn("ben@example.org", "wrong password")).json()).toMatchObject({ code: "wrong_credentials" });
    expect(await audit("person.disable")).toMatchObject([{ details: { after: { sessions_ended: 1, api_keys_revoked: 1 } } }]);

    await as(owner).people.enable.mutate({ id });
    expect((await signIn("ben@example.org")).status).toBe(200);
  });

  test("a session that slips in while a person is being disabled is worth nothing", async () => {
    const ben = await web.join("viewer", "ben@example.org");
    await web.sql.query(`UPDATE "user" SET disabled_at = now() WHERE email = 'ben@example.org'`);
    expect(await as(ben).me.get.query()).toBeNull();
  });

  test("signing out everywhere ends every session of one person only", async () => {
    const ben = await web.join("viewer", "ben@example.org");
    await signIn("ben@example.org");
    const { id } = await person("ben@example.org");
    expect(await as(owner).people.signOut.mutate({ id })).toEqual({ sessions_ended: 2 });
    expect(await as(ben).me.get.query()).toBeNull();
    expect(await as(owner).me.get.query()).not.toBeNull();
  });
});

describe("sessions and the password", () => {
  test("are listed with device and address, ended one by one, and never another person's", async () => {
    const ben = await web.join("viewer", "ben@example.org");
    await web.post(
      "/api/auth/sign-in/email",
      { email: "ben@example.org", password: OWNER.password },
      { "user-agent": "A phone/2.0", "x-forwarded-for": "203.0.113.7" },
    );
    const sessions = await as(ben).me.sessions.query();
    expect(sessions).toHaveLength(2);
    expect(sessions.filter((session) => session.current)).toHaveLength(1);
    const phone = sessions.find((session) => session.device === "A phone/2.0");
    expect(phone).toMatchObject({ address: "203.0.113.7", current: false });
    const [own] = await as(owner).me.sessions.query();
    expect(await codeOf(as(ben).me.endSession.mutate({ id: own?.id ?? "" }))).toBe("NOT_FOUND");
    await as(ben).me.endSession.mutate({ id: phone?.id ?? "" });
    expect(await as(ben).me.sessions.query()).toHaveLength(1);
    expect(await as(owner).me.get.query()).not.toBeNull();
  });

  test("a new password needs the present one, and signs the other devices out", async () => {
    const ben = await web.join("viewer", "ben@example.org");
    await signIn("ben@example.org");
    const wrong = await as(ben)
      .me.changePassword.mutate({ password: "not the password", new_password: "another long one" })
      .catch((error: TRPCClientError<never>) => error);
    expect(wrong).toMatchObject({ data: { code: "BAD_REQUEST", field: "password" } });
    expect(await codeOf(as(ben).me.changePassword.mutate({ password: OWNER.password, new_password: OWNER.password }))).toBe(
      "BAD_REQUEST",
    );
    expect(await as(ben).me.changePassword.mutate({ password: OWNER.password, new_password: "another long one" })).toEqual({
      sessions_ended: 1,
    });
    expect(await as(ben).me.get.query()).not.toBeNull();
    expect((await signIn("ben@example.org")).status).toBe(401);
    expect((await signIn("ben@example.org", "another long one")).status).toBe(200);
    expect(web.log()).not.toContain("another long one");
    const details = JSON.stringify(await audit("person.password"));
    expect(details).not.toContain("another long one");
  });

  test("guessing the present password is bounded", async () => {
    const codes: string[] = [];
    for (let n = 0; n < 7; n++)
      codes.push(await codeOf(as(owner).me.changePassword.mutate({ password: `guess ${n}`, new_password: "another long one" })));
    expect(codes.slice(0, 5)).toEqual(Array(5).fill("BAD_REQUEST"));
    expect(codes.at(-1)).toBe("TOO_MANY_REQUESTS");
  });
});
