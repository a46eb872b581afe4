/** Signing in with a second factor, over HTTP as a browser does it. */
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { SECOND_FACTOR_FAILURES_MAX } from "@otedama/db/web";
import type { TRPCClientError } from "@trpc/client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { codeOf, stepAt } from "../src/server/auth/totp.ts";
import { BEHIND_PROXY, elsewhere, OWNER, type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

let postgres: TestPostgres;
let web: RunningWeb;
let owner: string;
/** The server's clock: codes are made for it, and no test waits for a step to pass. */
let now_ms: number;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  now_ms = Date.now();
  web = await startTestWeb(await postgres.createMigratedDatabase(), BEHIND_PROXY, { now: () => now_ms });
  owner = await web.signIn();
});
afterEach(() => web.stop());

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
function bytesOf(base32: string): Buffer {
  const bits = [...base32].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
const deviceCode = (secret: string) => codeOf(bytesOf(secret), stepAt(now_ms));
const nextStep = () => {
  now_ms += 30_000;
};
const errorCode = (attempt: Promise<unknown>) =>
  attempt.then(
    () => "ok",
    (error: TRPCClientError<never>) => (error.data as { code?: string } | null)?.code ?? error.message,
  );
async function signIn(code?: string) {
  // From another address each time: what is tried here is the second factor's own bound.
  const answer = await web.post(
    "/api/auth/sign-in/email",
    {
      email: OWNER.email,
      password: OWNER.password,
      ...(code ? { code } : {}),
    },
    elsewhere(),
  );
  const body = (await answer.json()) as { code?: string };
  return { status: answer.status, code: body.code, cookie: answer.headers.getSetCookie()[0]?.split(";", 1)[0] ?? null };
}
/** Turns it on for the owner. */
async function enrol() {
  const me = web.client(owner).me;
  const { secret, uri, qr } = await me.offerSecondFactor.mutate({ password: OWNER.password });
  expect(uri).toContain(`secret=${secret}`);
  expect(qr.path).toMatch(/^M4 4h7v1h-7z/);
  const { codes } = await me.confirmSecondFactor.mutate({ code: deviceCode(secret) });
  nextStep();
  return { secret, codes };
}

describe("a second factor", () => {
  test("is asked for after the right password only, and no session exists before it", async () => {
    const { secret, codes } = await enrol();
    expect(codes).toHaveLength(10);
    expect(new Set(codes).size).toBe(10);
    expect(await web.client(owner).me.get.query()).toMatchObject({ second_factor: true, second_factor_due: false });

    const before = (await web.sql.query("SELECT 1 FROM session")).rows.length;
    expect(await signIn()).toEqual({ status: 401, code: "code_needed", cookie: null });
    expect(await signIn("000000")).toMatchObject({ status: 401, cookie: null });
    expect((await web.sql.query("SELECT 1 FROM session")).rows).toHaveLength(before);
    const wrong = await web.post("/api/auth/sign-in/email", {
      email: OWNER.email,
      password: "wrong password",
      code: deviceCode(secret),
    });
    expect(await wrong.json()).toMatchObject({ code: "wrong_credentials" });

    const { status, cookie } = await signIn(deviceCode(secret));
    expect(status).toBe(200);
    expect(await web.client(cookie).me.get.query()).toMatchObject({ email: OWNER.email });
  });

  test("takes no code twice, and none older than the last", async () => {
    const { secret } = await enrol();
    const older = deviceCode(secret);
    nextStep();
    const code = deviceCode(secret);
    expect((await signIn(code)).status).toBe(200);
    expect(await signIn(code)).toMatchObject({ status: 401, code: "code_wrong" });
    expect(await signIn(older)).toMatchObject({ status: 401, code: "code_wrong" });
    nextStep();
    expect((await signIn(deviceCode(secret))).status).toBe(200);
  });

  test("the code that turned it on cannot be used again either", async () => {
    const me = web.client(owner).me;
    const { secret } = await me.offerSecondFactor.mutate({ password: OWNER.password });
    const code = deviceCode(secret);
    await me.confirmSecondFactor.mutate({ code });
    expect(await signIn(code)).toMatchObject({ code: "code_wrong" });
  });

  test("one of several at once with the same code gets in", async () => {
    const { secret } = await enrol();
    const code = deviceCode(secret);
    const answers = await Promise.all([signIn(code), signIn(code), signIn(code)]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test("a backup code is good once, however it is typed", async () => {
    const { codes } = await enrol();
    const [first = "", second = ""] = codes;
    expect(first).toMatch(/^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/);
    expect((await signIn(first.toUpperCase().replaceAll("-", " "))).status).toBe(200);
    expect(await signIn(first)).toMatchObject({ status: 401, code: "code_wrong" });
    expect(await web.client(owner).me.backupCodesLeft.query()).toBe(9);
    expect((await signIn(second)).status).toBe(200);
  });

  test("nothing readable of it is in the database or the log", async () => {
    const { secret, codes } = await enrol();
    const rows = JSON.stringify([
      (await web.sql.query("SELECT * FROM second_factor")).rows,
      (await web.sql.query("SELECT * FROM backup_code")).rows,
      (await web.sql.query("SELECT * FROM audit_log")).rows,
    ]);
    for (const text of [secret, bytesOf(secret).toString("base64url"), bytesOf(secret).toString("hex"), codes[0] ?? ""]) {
      expect(rows).not.toContain(text);
      expect(web.log()).not.toContain(text);
    }
  });

  test("too many wrong codes lock codes for a while, the right one too, and it is audited", async () => {
    const { secret } = await enrol();
    // By way of the account's own page: sign-ins have a bound by address besides.
    const me = web.client(owner).me;
    const verdicts: string[] = [];
    for (let n = 0; n < SECOND_FACTOR_FAILURES_MAX; n++) {
      now_ms += 60_000;
      verdicts.push(await errorCode(me.removeSecondFactor.mutate({ password: OWNER.password, code: "000 000" })));
    }
    expect(verdicts.at(-1)).toBe("TOO_MANY_REQUESTS");
    expect(verdicts.slice(0, -1)).toEqual(Array(SECOND_FACTOR_FAILURES_MAX - 1).fill("BAD_REQUEST"));
    expect(await signIn(deviceCode(secret))).toMatchObject({ code: "code_locked" });
    const audit = await web.sql.query("SELECT 1 FROM audit_log WHERE action = 'second_factor.lock'");
    expect(audit.rows).toHaveLength(1);
    await web.sql.query("UPDATE second_factor SET locked_until = now() - interval '1 second'");
    expect((await signIn(deviceCode(secret))).status).toBe(200);
  });

  test("needs the password to begin and a right first code to hold; until then sign-in is as before", async () => {
    const me = web.client(owner).me;
    expect(await errorCode(me.offerSecondFactor.mutate({ password: "wrong password" }))).toBe("BAD_REQUEST");
    expect(await errorCode(me.confirmSecondFactor.mutate({ code: "123456" }))).toBe("CONFLICT");
    const { secret } = await me.offerSecondFactor.mutate({ password: OWNER.password });
    const later = deviceCode(secret).replace(/.$/, (digit) => String((Number(digit) + 1) % 10));
    expect(await errorCode(me.confirmSecondFactor.mutate({ code: later }))).toBe("BAD_REQUEST");
    expect((await signIn()).status).toBe(200);
    await me.confirmSecondFactor.mutate({ code: deviceCode(secret) });
    expect(await errorCode(me.offerSecondFactor.mutate({ password: OWNER.password }))).toBe("CONFLICT");
    nextStep();
    await me.removeSecondFactor.mutate({ password: OWNER.password, code: deviceCode(secret) });
    expect((await signIn()).status).toBe(200);
    const actions = await web.sql.query("SELECT action FROM audit_log WHERE action LIKE 'second_factor.%' ORDER BY id");
    expect(actions.rows.map((row) => row.action)).toEqual(["second_factor.enable", "second_factor.disable"]);
  });

  test("an owner takes it off somebody whose device is lost, who is signed out by that", async () => {
    const { id } = (await web.client(owner).me.get.query()) ?? { id: "" };
    const other = await web.join("owner", "ben@example.org");
    await enrol();
    await web.client(other).people.resetSecondFactor.mutate({ id });
    expect(await web.client(owner).me.get.query()).toBeNull();
    expect((await signIn()).status).toBe(200);
  });
});

describe("the rule that money needs a second factor", () => {
  test("shuts those it concerns out of everything but setting it up", async () => {
    const accountant = await web.join("accountant");
    const viewer = await web.join("viewer");
    const rule = { second_factor_for: "money" } as const;
    expect(await errorCode(web.client(owner).people.setAccessRule.mutate(rule))).toBe("CONFLICT");
    await enrol();
    await web.client(owner).people.setAccessRule.mutate(rule);

    expect(await web.client(accountant).me.get.query()).toMatchObject({ second_factor_due: true });
    expect(await errorCode(web.client(accountant).balances.list.query({}))).toBe("FORBIDDEN");
    expect((await fetch(`${web.origin}/api/audit.csv`, { headers: { cookie: accountant } })).status).toBe(403);
    expect(await errorCode(web.client(viewer).balances.list.query({}))).toBe("ok");

    const me = web.client(accountant).me;
    const { secret } = await me.offerSecondFactor.mutate({ password: OWNER.password });
    await me.confirmSecondFactor.mutate({ code: deviceCode(secret) });
    expect(await errorCode(web.client(accountant).balances.list.query({}))).toBe("ok");
    const audit = await web.sql.query("SELECT details FROM audit_log WHERE action = 'access_rule.change'");
    expect(audit.rows[0]?.details).toMatchObject({
      before: { second_factor_for: "nobody" },
      after: { second_factor_for: "money" },
    });
  });
});
