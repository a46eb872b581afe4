/** The door of protocol 2: enrolment, challenge, reports; and everything that must not come through it. */
import { sign } from "node:crypto";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { type AgentChallenge, type AgentReport, challengeStatement, EnrolAnswer } from "@otedama/shared";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  arrive,
  arrived,
  enrolRequest,
  factsOf,
  helloOf,
  type Identity,
  newIdentity,
  reportOf,
  type TestAgent,
} from "./fixtures/agents.ts";
import { agentAuth, connect, connected, disconnection, send } from "./fixtures/hub_clients.ts";
import { rigId, telemetryOf } from "./fixtures/seed.ts";
import { BEHIND_PROXY, elsewhere, type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

let postgres: TestPostgres;
let web: RunningWeb;
const open: { close(): void }[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  web = await startTestWeb(await postgres.createMigratedDatabase(), BEHIND_PROXY);
});
afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  await web.stop();
});

const post = async (body: unknown, headers: Record<string, string> = elsewhere()) => {
  const answer = await fetch(`${web.origin}/api/agent/enrol`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as { code?: string; message?: string } };
};

async function enrolled(rig = 1, site = "home"): Promise<Identity> {
  const identity = newIdentity(rig);
  const answer = await post(enrolRequest(identity, await web.enrolmentToken(site), factsOf(rig)));
  expect(answer).toMatchObject({ status: 200, body: { site } });
  return identity;
}
async function comeIn(identity: Identity, options: Parameters<typeof arrive>[2] = {}): Promise<TestAgent> {
  const agent = await arrived(web.origin, identity, options);
  open.push(agent);
  return agent;
}
const counters = async () =>
  ((await (await fetch(`${web.origin}/api/v1/status`)).json()) as { counters: Record<string, number> }).counters;
const audit = async () =>
  (
    await web.sql.query<{ action: string; subject: string; details: unknown }>(
      "SELECT action, subject, details FROM audit_log ORDER BY id",
    )
  ).rows;
const row = async (rig = 1) =>
  (
    await web.sql.query<Record<string, unknown>>(
      "SELECT report_number, reports_lost, reports_missing, reports_refused, clock_skew_ms, telemetry, name FROM agent WHERE id = $1",
      [rigId(rig)],
    )
  ).rows[0];
const samples = async () => (await web.sql.query<{ n: number }>("SELECT count(*) AS n FROM agent_sample")).rows[0]?.n;

describe("enrolment", () => {
  test("makes an agent of the token's site, once, and tells the control key", async () => {
    const identity = newIdentity(1);
    const token = await web.enrolmentToken("north");
    const request = enrolRequest(identity, token, factsOf(1));
    const first = await post(request);
    expect(EnrolAnswer.parse(first.body)).toMatchObject({ agent_id: rigId(1), site: "north" });
    // The answer was lost: the same key asks again, and nothing is done twice.
    expect(await post(request)).toEqual(first);
    const lines = await audit();
    expect(lines.map((line) => line.action)).toEqual(["enrolment.create", "agent.enrol"]);
    const everything = await web.sql.query<{ text: string }>(
      "SELECT (to_jsonb(k) || to_jsonb(a))::text AS text FROM enrolment_token k, audit_log a",
    );
    expect(everything.rows.map((one) => one.text).join()).not.toContain(token);
    expect(web.log()).not.toContain(token);
  });

  test("refuses a token that was used by another, is too old, withdrawn or unknown; counts and notes it", async () => {
    const used = await web.enrolmentToken();
    await post(enrolRequest(newIdentity(1), used, factsOf(1)));
    const old = await web.enrolmentToken();
    await web.sql.query("UPDATE enrolment_token SET expires_at = now() - interval '1 second' WHERE used_at IS NULL");
    const withdrawn = await web.enrolmentToken();
    await web.sql.query("UPDATE enrolment_token SET revoked_at = now() WHERE used_at IS NULL AND expires_at > now()");
    const thief = newIdentity(2);
    for (const [token, code] of [
      [used, "used_token"],
      [old, "expired_token"],
      [withdrawn, "bad_token"],
      ["x".repeat(43), "bad_token"],
    ] as const) {
      const answer = await post(enrolRequest(thief, token, factsOf(2)));
      expect(answer).toMatchObject({ status: 403, body: { code, message: expect.stringMatching(/.{10,}/) } });
    }
    expect(await row(2)).toBeUndefined();
    expect((await counters()).agents_enrol_refused).toBe(4);
    const refused = (await audit()).filter((line) => line.action === "agent.enrol_refused");
    expect(refused.map((line) => (line.details as { after: { code: string } }).after.code)).toEqual([
      "used_token",
      "expired_token",
      "bad_token",
      "bad_token",
    ]);
  });

  test("of one token by many at once lets one in", async () => {
    const token = await web.enrolmentToken();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, rig) => post(enrolRequest(newIdentity(rig + 1), token, factsOf(rig + 1)))),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => answer.body.code === "used_token")).toHaveLength(7);
    expect((await web.sql.query("SELECT id FROM agent")).rows).toHaveLength(1);
  });

  test("refuses a signature by another key, another agent's id or key, and what is malformed", async () => {
    const mine = await enrolled(1, "north");
    const token = await web.enrolmentToken("south");
    const request = enrolRequest(newIdentity(2), token, factsOf(2));
    const bad: [unknown, number, string][] = [
      [{ ...request, signature: enrolRequest(newIdentity(2), token, factsOf(2)).signature }, 400, "bad_request"],
      // Signed for another token, for another id: worth nothing here.
      [{ ...request, agent_id: rigId(3) }, 400, "bad_request"],
      [{ ...request, token: await web.enrolmentToken("south") }, 400, "bad_request"],
      [{ ...request, surprise: 1 }, 400, "bad_request"],
      [{ ...request, public_key: "A".repeat(44) }, 400, "bad_request"],
      ["{", 400, "bad_request"],
      [enrolRequest({ ...newIdentity(2), agent_id: mine.agent_id }, token, factsOf(1)), 409, "known_agent"],
      [enrolRequest({ ...mine, agent_id: rigId(4) }, token, factsOf(4)), 409, "known_agent"],
    ];
    for (const [body, status, code] of bad) expect(await post(body)).toMatchObject({ status, body: { code } });
    expect((await post("x".repeat(20_000))).status).toBe(413);
    // None of them has used the token up.
    expect((await post(request)).status).toBe(200);
  });

  test("is not heard from an address that goes on guessing, while others are served", async () => {
    const guesser = { "x-forwarded-for": "10.9.9.9" };
    const guess = () => post(enrolRequest(newIdentity(1), "guess".repeat(8), factsOf(1)), guesser);
    const statuses = new Set<number>();
    for (let tries = 0; tries < 40; tries++) statuses.add((await guess()).status);
    expect([...statuses]).toEqual([403, 429]);
    expect((await audit()).filter((line) => line.action === "agent.enrol_refused").length).toBeLessThan(30);
    await enrolled(1);
  });

  test("of an agent of protocol 1 ends that: it is known by its key alone", async () => {
    const access = await web.accessToken("agent");
    const old = await connected(web.origin, "/agents", agentAuth(access.token));
    open.push(old);
    expect(await send(old, "telemetry", telemetryOf(1, Date.now()))).toEqual({ ok: true });
    await expect.poll(samples).toBe(1);
    const gone = disconnection(old);
    const identity = await enrolled(1);
    expect(await gone).toMatch(/server disconnect|transport close/);
    expect(await connect(web.origin, "/agents", agentAuth(access.token))).toMatchObject({ code: "version" });
    expect((await comeIn(identity)).welcome.report_number).toBe(0);
    // Another site's token does not take an agent over.
    const second = await connected(web.origin, "/agents", agentAuth(access.token, 2));
    open.push(second);
    await expect.poll(() => row(2)).toBeDefined();
    const request = enrolRequest(newIdentity(2), await web.enrolmentToken("south"), factsOf(2));
    expect(await post(request)).toMatchObject({ status: 409, body: { code: "known_agent" } });
  });
});

describe("the challenge", () => {
  test("lets in who signs it, and nobody else", async () => {
    const [one, two] = [await enrolled(1, "north"), await enrolled(2, "south")];
    const stranger = newIdentity(3);
    const proofBy = (key: Identity["key"], agent_id: string) => (challenge: AgentChallenge) => ({
      signature: sign(null, challengeStatement(agent_id, challenge), key).toString("base64"),
    });
    const refused: [string, ReturnType<typeof arrive>][] = [
      ["unknown_agent", arrive(web.origin, stranger)],
      // One agent's id with a key of another site's agent, told openly and behind its back.
      ["bad_proof", arrive(web.origin, { ...two, agent_id: one.agent_id })],
      ["bad_proof", arrive(web.origin, one, { answer: proofBy(two.key, one.agent_id) })],
      ["bad_proof", arrive(web.origin, one, { answer: proofBy(one.key, two.agent_id) })],
      ["bad_proof", arrive(web.origin, one, { answer: () => ({ signature: "nonsense" }) })],
      ["bad_proof", arrive(web.origin, one, { answer: () => null })],
      ["bad_hello", arrive(web.origin, one, { hello: { ...helloOf(one, factsOf(1)), token: "x" } })],
      ["version", arrive(web.origin, one, { hello: { ...helloOf(one, factsOf(1)), protocol: 3 } })],
    ];
    for (const [code, refusal] of refused)
      expect(await refusal).toMatchObject({ code, message: expect.stringMatching(/.{10,}/) });
    expect((await counters()).hub_refused_handshakes).toBe(refused.length);
    await comeIn(one);
    await comeIn(two);
  });

  test("cannot be answered with what was recorded before", async () => {
    const identity = await enrolled();
    let recorded: unknown;
    await comeIn(identity, {
      answer: (challenge) => {
        recorded = { signature: sign(null, challengeStatement(identity.agent_id, challenge), identity.key).toString("base64") };
        return recorded;
      },
    });
    expect(await arrive(web.origin, identity, { answer: () => recorded })).toMatchObject({ code: "bad_proof" });
  });

  test("comes before anything else is heard", async () => {
    const identity = await enrolled();
    const hasty = arrive(web.origin, identity, {
      answer: (_, socket) => {
        socket.emit("telemetry", reportOf(1));
        return undefined;
      },
    });
    expect(await hasty).toMatchObject({ code: "bad_proof", message: expect.stringContaining("first") });
    expect(await samples()).toBe(0);
  });

  test("is not asked of an agent that was retired; one that is connected is sent away", async () => {
    const identity = await enrolled();
    const agent = await comeIn(identity);
    const gone = disconnection(agent.socket);
    await web.sql.query("UPDATE agent SET retired_at = now()");
    expect(await gone).toMatch(/server disconnect|transport close/);
    expect(await arrive(web.origin, identity)).toMatchObject({ code: "retired" });
    // A new token is the operator's word that it may come back.
    expect((await post(enrolRequest(identity, await web.enrolmentToken(), factsOf(1)))).status).toBe(200);
    await comeIn(identity);
  });

  test("a second connection takes the place of the first", async () => {
    const identity = await enrolled();
    const first = await comeIn(identity);
    const gone = disconnection(first.socket);
    const second = await comeIn(identity);
    expect(await gone).toMatch(/server disconnect|transport close/);
    expect(await second.send("telemetry", reportOf(1))).toEqual({ ok: true });
  });
});

describe("reports", () => {
  test("are stored before they are acknowledged", async () => {
    const agent = await comeIn(await enrolled());
    expect(await agent.send("telemetry", reportOf(1))).toEqual({ ok: true });
    expect(await samples()).toBe(1);
    expect(await row()).toMatchObject({ report_number: 1, reports_lost: 0, telemetry: { number: 1 } });
    const rig = await web.client(await web.signIn()).rigs.get.query({ id: rigId(1) });
    expect(rig).toMatchObject({
      state: "mining",
      protocol: 2,
      power_watts: 65,
      key_fingerprint: expect.stringMatching(/^SHA256:[A-Za-z0-9+/]{43}$/),
      reports: { last_number: 1, lost: 0, refused: 0 },
      machine: { disk_total_bytes: 1e12 },
      devices: [{ hashrate_hps: { s1: 1e6 } }],
    });
  });

  test("that never came are counted, and a backlog fills the gap; what came twice is stored once", async () => {
    const identity = await enrolled();
    const agent = await comeIn(identity);
    const at = Date.now();
    await agent.send("telemetry", reportOf(1, at - 50_000));
    await agent.send("telemetry", reportOf(6, at));
    expect(await row()).toMatchObject({ report_number: 6, reports_lost: 4, reports_missing: [[2, 5]] });
    const backlog = [2, 4, 5].map((number) => reportOf(number, at - 50_000 + number * 1_000));
    expect(await agent.send("backlog", { reports: backlog })).toEqual({ ok: true });
    expect(await agent.send("backlog", { reports: backlog })).toEqual({ ok: true });
    expect(await agent.send("telemetry", reportOf(6, at))).toEqual({ ok: true });
    expect(await row()).toMatchObject({ report_number: 6, reports_lost: 1, reports_missing: [[3, 3]], telemetry: { number: 6 } });
    expect(await samples()).toBe(5);
    expect((await counters()).agents_repeated_reports).toBe(4);
    agent.close();
    expect((await comeIn(identity)).welcome.report_number).toBe(2);
  });

  test("out of order leave the newest state standing", async () => {
    const agent = await comeIn(await enrolled());
    const at = Date.now();
    await agent.send("telemetry", reportOf(9, at, { load_1m: 9 }));
    await agent.send("telemetry", reportOf(3, at - 30_000, { load_1m: 3 }));
    expect(await row()).toMatchObject({ report_number: 9, telemetry: { load_1m: 9 } });
    expect(await samples()).toBe(2);
  });

  test("from the future, from long ago, too far ahead or malformed are refused and counted", async () => {
    const agent = await comeIn(await enrolled());
    const good = reportOf(1);
    const bad: [unknown, string][] = [
      [reportOf(1, Date.now() + 3_600_000), "wrong_time"],
      [reportOf(1, Date.now() - 40 * 86_400_000), "wrong_time"],
      [reportOf(2 ** 52), "wrong_number"],
      [{ ...good, number: 0 }, "bad_message"],
      [{ ...good, extra: 1 }, "bad_message"],
      [{ ...good, devices: Array(65).fill(good.devices[0]) }, "bad_message"],
      ["text", "bad_message"],
    ];
    for (const [body, code] of bad) expect(await agent.send("telemetry", body)).toMatchObject({ ok: false, code });
    expect(await samples()).toBe(0);
    expect((await counters()).agents_refused_messages).toBe(bad.length);
    await expect.poll(async () => (await row())?.reports_refused).toBe(bad.length);
    // One bad one in a backlog does not take the good ones with it.
    const reports: AgentReport[] = [reportOf(1), reportOf(2, Date.now() + 3_600_000)];
    expect(await agent.send("backlog", { reports })).toEqual({ ok: true });
    expect(await samples()).toBe(1);
    const gone = disconnection(agent.socket);
    agent.socket.emit("telemetry", { text: "x".repeat(200_000) });
    expect(await gone).toMatch(/transport|close/);
  });

  test("of a clock that is an hour off stand at the right time, and the operator is told", async () => {
    const identity = await enrolled();
    const hour = 3_600_000;
    const agent = await comeIn(identity, { hello: helloOf(identity, factsOf(1), { at_ms: Date.now() + hour }) });
    const before = Date.now();
    expect(await agent.send("telemetry", reportOf(1, Date.now() + hour))).toEqual({ ok: true });
    const [sample] = (await web.sql.query<{ at: number }>("SELECT at FROM agent_sample")).rows;
    expect(Math.abs((sample?.at ?? 0) - before)).toBeLessThan(60_000);
    const client = web.client(await web.signIn());
    const shown = await client.rigs.get.query({ id: rigId(1) });
    expect(Math.abs((shown.clock_skew_ms ?? 0) - hour)).toBeLessThan(60_000);
    await expect
      .poll(async () => (await client.rigs.get.query({ id: rigId(1) })).events)
      .toMatchObject([{ number: -1, kind: "clock", severity: "warning", text: expect.stringContaining("60 minutes ahead") }]);
    // Told once, and once more when it is right again.
    agent.close();
    (await comeIn(identity)).close();
    await comeIn(identity);
    await expect
      .poll(async () => (await client.rigs.get.query({ id: rigId(1) })).events.map((event) => event.severity))
      .toEqual(["info", "warning"]);
  });

  test("and events that come too fast are asked to wait", async () => {
    const agent = await comeIn(await enrolled());
    const acks = await Promise.all(Array.from({ length: 70 }, (_, index) => agent.send("telemetry", reportOf(index + 1))));
    expect(acks.filter((ack) => ack.ok).length).toBeGreaterThanOrEqual(50);
    expect(acks.filter((ack) => !ack.ok).every((ack) => !ack.ok && ack.code === "flood")).toBe(true);
  });
});

describe("events and names", () => {
  const event = (number: number, text: string) => ({
    number,
    at_ms: Date.now(),
    kind: "pool",
    severity: "warning",
    device_id: null,
    text,
  });

  test("are stored once, as data", async () => {
    const nasty = '<img src=x onerror="alert(1)">\u0000\u202e';
    const identity = newIdentity(1);
    const facts = factsOf(1, { name: nasty.slice(0, 64), hostname: nasty });
    expect((await post(enrolRequest(identity, await web.enrolmentToken(), facts))).status).toBe(200);
    const agent = await comeIn(identity, { hello: helloOf(identity, facts) });
    const events = { events: [event(1, nasty), event(2, "'; DROP TABLE agent; --")] };
    expect(await agent.send("event", events)).toEqual({ ok: true });
    expect(await agent.send("event", events)).toEqual({ ok: true });
    await agent.send("telemetry", reportOf(1));
    const rig = await web.client(await web.signIn()).rigs.get.query({ id: rigId(1) });
    const plain = nasty.replaceAll("\0", "\ufffd");
    expect(rig.hostname).toBe(plain);
    expect(rig.events.map((one) => one.text).sort()).toEqual(["'; DROP TABLE agent; --", plain].sort());
    expect(await agent.send("event", { events: [{ ...event(3, "x"), kind: "party" }] })).toMatchObject({
      ok: false,
      code: "bad_message",
    });
  });
});
