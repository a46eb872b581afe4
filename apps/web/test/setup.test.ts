import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { TRPCClientError } from "@trpc/client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { OWNER, type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

let postgres: TestPostgres;
let web: RunningWeb;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  web = await startTestWeb(await postgres.createMigratedDatabase());
});
afterEach(() => web.stop());

const complete = (token: string, changes: Partial<typeof OWNER> = {}) =>
  web.client(null).setup.complete.mutate({ token, ...OWNER, ...changes });
const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => "ok",
    (error: TRPCClientError<never>) => (error.data as { code?: string } | null)?.code ?? error.message,
  );
const owners = async () => (await web.sql.query(`SELECT 1 FROM "user" WHERE role = 'owner'`)).rows.length;

describe("the one-time link", () => {
  test("creates the owner once, with an argon2id hash and an audit line, and then set-up is over", async () => {
    expect(await web.client(null).setup.status.query()).toEqual({ needed: true });
    const token = await web.setupToken();
    expect(await complete(token, { email: "Aki@Example.org" })).toEqual({ email: OWNER.email });
    expect(await web.client(null).setup.status.query()).toEqual({ needed: false });

    const stored = await web.sql.query("SELECT password FROM login_credential");
    expect(stored.rows[0]?.password).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const audit = await web.sql.query("SELECT action FROM audit_log");
    expect(audit.rows).toEqual([{ action: "setup.complete" }]);
    const tokens = await web.sql.query("SELECT token_hash FROM setup_token");
    expect(JSON.stringify(tokens.rows)).not.toContain(token);
    expect(web.log()).not.toContain(token);
    expect(web.log()).not.toContain(OWNER.password);
  });

  test("is refused once there is an owner, used or not", async () => {
    const [first, second] = [await web.setupToken(), await web.setupToken()];
    await complete(first);
    expect(await codeOf(complete(first, { email: "b@example.org" }))).toBe("CONFLICT");
    expect(await codeOf(complete(second, { email: "b@example.org" }))).toBe("CONFLICT");
    expect(await owners()).toBe(1);
  });

  test("is refused when it was used and the owner is gone", async () => {
    const token = await web.setupToken();
    await complete(token);
    await web.sql.query(`DELETE FROM "user"`);
    expect(await codeOf(complete(token))).toBe("FORBIDDEN");
    expect(await owners()).toBe(0);
  });

  test("is refused when expired and when forged", async () => {
    expect(await codeOf(complete(await web.setupToken(-1)))).toBe("FORBIDDEN");
    const token = await web.setupToken();
    const forged = (token.startsWith("A") ? "B" : "A") + token.slice(1);
    expect(await codeOf(complete(forged))).toBe("FORBIDDEN");
    expect(await codeOf(complete("' OR 1=1 --"))).toBe("FORBIDDEN");
    expect(await owners()).toBe(0);
    expect(await codeOf(complete(token))).toBe("ok");
  });

  test("lets one of two win when both come at once, with one link or with two", async () => {
    const [one, two] = [await web.setupToken(), await web.setupToken()];
    const tries = [one, one, two, two].map((token, index) => codeOf(complete(token, { email: `p${index}@example.org` })));
    const answers = await Promise.all(tries);
    expect(answers.filter((answer) => answer === "ok")).toHaveLength(1);
    expect(await owners()).toBe(1);
    expect((await web.sql.query("SELECT 1 FROM login_credential")).rows).toHaveLength(1);
  });

  test.each([
    ["password", { password: "elevenchars" }],
    ["password", { password: "x".repeat(129) }],
    ["email", { email: "nobody" }],
    ["name", { name: "   " }],
    ["name", { name: "a\0b" }],
  ])("names the field that is wrong: %s", async (field, changes) => {
    const error = await complete(await web.setupToken(), changes).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TRPCClientError);
    expect((error as TRPCClientError<never>).data).toMatchObject({ code: "BAD_REQUEST", field });
    expect((error as TRPCClientError<never>).message).toContain(field);
    expect(await owners()).toBe(0);
  });
});
