import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { revokeAccessToken } from "@otedama/db/web";
import { LiveDto, type PoolEvent } from "@otedama/shared";
import type { Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { agentAuth, collect, connect, connected, disconnection, poolAuth, send, snapshotOf } from "./fixtures/hub_clients.ts";
import { rigId, telemetryOf } from "./fixtures/seed.ts";
import { type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

let postgres: TestPostgres;
let web: RunningWeb;
let agent_token: { id: number; token: string };
let pool_token: { id: number; token: string };
let cookie: string;
const open: Socket[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  web = await startTestWeb(await postgres.createMigratedDatabase());
  [agent_token, pool_token] = await Promise.all([web.accessToken("agent"), web.accessToken("pool")]);
});
afterEach(async () => {
  for (const socket of open.splice(0)) socket.close();
  await web.stop();
});

async function agent(auth: unknown = agentAuth(agent_token.token)): Promise<Socket> {
  const socket = await connected(web.origin, "/agents", auth);
  open.push(socket);
  return socket;
}
async function pool(auth: unknown = poolAuth(pool_token.token)): Promise<Socket> {
  const socket = await connected(web.origin, "/pools", auth);
  open.push(socket);
  return socket;
}
async function browser(): Promise<Socket> {
  cookie = await web.signIn();
  const socket = await connected(web.origin, "/browsers", {}, { headers: { cookie } });
  open.push(socket);
  return socket;
}
const counters = async () =>
  ((await (await fetch(`${web.origin}/api/v1/status`)).json()) as { counters: Record<string, number> }).counters;
const agentRows = () => web.sql.query("SELECT id, name, hello, telemetry FROM agent ORDER BY id");
const sampleCount = async () => (await web.sql.query<{ n: number }>("SELECT count(*) AS n FROM agent_sample")).rows[0]?.n ?? 0;

describe("an agent", () => {
  test("is kept with its hello, its latest report and its history, without its token", async () => {
    const socket = await agent();
    const at_ms = Date.now();
    expect(await send(socket, "telemetry", telemetryOf(1, at_ms))).toEqual({ ok: true });
    await expect.poll(sampleCount).toBe(1);
    const { rows } = await agentRows();
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ id: rigId(1), name: "rig-1", hello: { hostname: "host-1" }, telemetry: { at_ms } });
    const everything = await web.sql.query("SELECT to_jsonb(agent)::text AS text FROM agent");
    expect(everything.rows[0]?.text).not.toContain(agent_token.token);
    expect(web.log()).not.toContain(agent_token.token);
    const site = await web.sql.query("SELECT name FROM site");
    expect(site.rows).toEqual([{ name: "home" }]);
  });

  test("comes back after a break and goes on; its second connection ends the first", async () => {
    const first = await agent();
    await send(first, "telemetry", telemetryOf(1, Date.now()));
    const gone = disconnection(first);
    const second = await agent();
    expect(await gone).toMatch(/server disconnect|transport close/);
    expect(await send(second, "telemetry", telemetryOf(1, Date.now() + 1))).toEqual({ ok: true });
    await expect.poll(sampleCount).toBe(2);
    expect((await agentRows()).rows).toHaveLength(1);
  });

  test("may call itself anything: it is stored and shown as plain data", async () => {
    const names = ["<img src=x onerror=alert(1)>", "'; DROP TABLE agent; --", "\u202egnp.exe", "a\0b", "\ud800 half", "{{7*7}}"];
    const agents = await Promise.all(
      names.map((hostname, index) => agent(agentAuth(agent_token.token, index + 1, { hostname, name: hostname.slice(0, 64) }))),
    );
    for (const [index, socket] of agents.entries()) {
      const telemetry = telemetryOf(index + 1, Date.now());
      expect(await send(socket, "telemetry", { ...telemetry, pool: { ...telemetry.pool, message: names[index] } })).toEqual({
        ok: true,
      });
    }
    await expect.poll(sampleCount).toBe(names.length);
    const client = web.client(await web.signIn());
    const shown = (await client.rigs.list.query({})).rows.sort((a, b) => a.id.localeCompare(b.id));
    expect(shown.map((rig) => rig.hostname)).toEqual(names.map((name) => name.toWellFormed().replaceAll("\0", "\ufffd")));
    expect(shown.every((rig) => rig.message === rig.hostname)).toBe(true);
    expect((await counters()).fleet_rows_rejected).toBe(0);
  });
});

describe("the door", () => {
  test.each([
    ["bad_token", () => agentAuth("x".repeat(43))],
    ["bad_token", () => agentAuth(pool_token.token)],
    ["bad_hello", () => ({})],
    ["bad_hello", () => ({ protocol: 1 })],
    ["bad_hello", () => agentAuth(agent_token.token, 1, { agent_id: "not-a-uuid" })],
    ["bad_hello", () => ({ ...agentAuth(agent_token.token), surprise: true })],
    ["bad_hello", () => agentAuth(agent_token.token, 1, { hostname: "h".repeat(201) })],
    ["version", () => agentAuth(agent_token.token, 1, { protocol: 99 })],
  ])("refuses with %s and says why", async (code, auth) => {
    const refused = await connect(web.origin, "/agents", auth());
    expect(refused).toMatchObject({ code, message: expect.stringMatching(/.{10,}/) });
    expect((await counters()).hub_refused_handshakes).toBe(1);
    expect((await agentRows()).rows).toHaveLength(0);
  });

  test("refuses a revoked token, and ends the connections that it opened", async () => {
    const socket = await agent();
    const gone = disconnection(socket);
    await revokeAccessToken(web.sql, agent_token.id);
    expect(await connect(web.origin, "/agents", agentAuth(agent_token.token, 2))).toMatchObject({ code: "revoked" });
    expect(await gone).toMatch(/server disconnect|transport close/);
  });

  test("refuses an agent's token on the pools' side, and strangers and other sites on the screens' side", async () => {
    expect(await connect(web.origin, "/pools", poolAuth(agent_token.token))).toMatchObject({ code: "bad_token" });
    expect(await connect(web.origin, "/browsers", {})).toMatchObject({ code: "unauthorized" });
    const headers = { cookie: await web.signIn(), origin: "https://evil.example" };
    expect(await connect(web.origin, "/browsers", {}, { headers })).toMatchObject({ code: "transport" });
    expect(await connect(web.origin, "/browsers", {}, { headers, transports: ["polling"] })).toMatchObject({ code: "transport" });
  });

  test("has no other rooms", async () => {
    expect("code" in (await connect(web.origin, "/nowhere" as "/agents", {}))).toBe(true);
  });
});

describe("bad messages", () => {
  test("are answered with what is wrong, counted, and change nothing", async () => {
    const socket = await agent();
    const good = telemetryOf(1, Date.now());
    const bad: [unknown, string][] = [
      [null, "message"],
      ["text", "message"],
      [[], "message"],
      [{ ...good, at_ms: -1 }, "at_ms"],
      [{ ...good, load_1m: Number.POSITIVE_INFINITY }, "load_1m"],
      [{ ...good, devices: Array(65).fill(good.devices[0]) }, "devices"],
      [{ ...good, pool: { ...good.pool, state: "dancing" } }, "pool.state"],
      [{ ...good, extra: 1 }, "message"],
    ];
    for (const [body, field] of bad) {
      const ack = await send(socket, "telemetry", body);
      expect(ack).toMatchObject({ ok: false, code: "bad_telemetry" });
      expect(ack.ok ? "" : ack.message).toContain(field);
    }
    expect(await send(socket, "constructor", {})).toMatchObject({ ok: false, code: "unknown_event" });
    expect((await counters()).hub_bad_messages).toBe(bad.length + 1);
    expect(await sampleCount()).toBe(0);
  });

  test("one that is too long ends its own connection only", async () => {
    const [long, other] = await Promise.all([agent(), agent(agentAuth(agent_token.token, 2))]);
    const gone = disconnection(long);
    long.emit("telemetry", { text: "x".repeat(200_000) });
    expect(await gone).toMatch(/transport|close/);
    expect(await send(other, "telemetry", telemetryOf(2, Date.now()))).toEqual({ ok: true });
  });

  test("a flood is refused by rate, then cut off, while others are served", async () => {
    const [flooder, other] = await Promise.all([agent(), agent(agentAuth(agent_token.token, 2))]);
    const gone = disconnection(flooder);
    const acks: unknown[] = [];
    for (let message = 0; message < 200; message++) {
      flooder.emit("telemetry", telemetryOf(1, Date.now()), (ack: unknown) => void acks.push(ack));
    }
    expect(await gone).toMatch(/server disconnect|transport close/);
    expect(acks).toContainEqual({ ok: false, code: "flood", message: expect.any(String) });
    expect(await send(other, "telemetry", telemetryOf(2, Date.now()))).toEqual({ ok: true });
    const counted = await counters();
    expect(counted.hub_flooded_messages).toBeGreaterThanOrEqual(50);
    expect(counted.hub_telemetry).toBeLessThan(20);
  });

  test("a pool's malformed snapshot leaves the last one standing", async () => {
    const socket = await pool();
    const screen = await browser();
    const lives = collect<LiveDto>(screen, "live");
    socket.emit("snapshot", snapshotOf(Date.now()));
    await expect.poll(() => lives.at(-1)?.pool?.connections).toBe(3);
    socket.emit("snapshot", { ...snapshotOf(Date.now()), connections: -5 });
    expect(await send(socket, "event", { kind: "party" })).toMatchObject({ ok: false, code: "bad_event" });
    await expect.poll(async () => (await counters()).hub_bad_messages).toBe(2);
    expect(lives.at(-1)?.pool?.connections).toBe(3);
  });
});

describe("a screen", () => {
  test("gets live figures of pool and agents, at most two a second", async () => {
    const screen = await browser();
    const lives = collect<LiveDto>(screen, "live");
    await expect.poll(() => lives.length).toBeGreaterThan(0);
    expect(LiveDto.parse(lives[0]).pool).toBeNull();

    const [one, two, rig] = await Promise.all([pool(), pool(poolAuth(pool_token.token, "pool-2")), agent()]);
    const before = lives.length;
    const began = Date.now();
    for (let second = 0; second < 20; second++) one.emit("snapshot", snapshotOf(Date.now()));
    two.emit("snapshot", snapshotOf(Date.now(), { connections: 4, share_answer_ms: { p50: 1, p99: 9 } }));
    await send(rig, "telemetry", telemetryOf(1, Date.now()));
    await expect.poll(() => lives.at(-1)?.agents.mining).toBe(1);
    await expect.poll(() => lives.at(-1)?.pool?.connections).toBe(7);
    const live = LiveDto.parse(lives.at(-1));
    expect(live.pool).toMatchObject({ workers_online: 4, shares: { accepted: 200 }, share_answer_ms: { p50: 1, p99: 9 } });
    expect(live.agents).toEqual({ total: 1, mining: 1, offline: 0, hashrate_hps: 1e6, temperature_c_max: 51 });
    expect(lives.length - before).toBeLessThanOrEqual(2 + (Date.now() - began) / 500);

    one.close();
    two.close();
    await expect.poll(() => lives.at(-1)?.pool).toBeNull();
    expect(lives.at(-1)?.pool_seen_at_ms).toBeGreaterThan(0);
  });

  test("hears of a block at once, and which lists to fetch again", async () => {
    const screen = await browser();
    const events = collect<PoolEvent>(screen, "event");
    const changes = collect<{ topics: string[] }>(screen, "changed");
    const socket = await pool();
    const event: PoolEvent = { at_ms: Date.now(), kind: "block_found", subject: "ab".repeat(32), message: "Block 301 found" };
    expect(await send(socket, "event", event)).toEqual({ ok: true });
    await expect.poll(() => events).toEqual([event]);
    await expect
      .poll(() => changes.flatMap((change) => change.topics))
      .toEqual(expect.arrayContaining(["blocks", "overview", "workers"]));
  });

  test("is closed when its session ends", async () => {
    const screen = await browser();
    const gone = disconnection(screen);
    expect((await web.post("/api/auth/sign-out", {}, { cookie })).status).toBe(200);
    expect(await gone).toMatch(/server disconnect|transport close/);
  });

  test("has nothing to say here", async () => {
    const screen = await browser();
    const gone = disconnection(screen);
    screen.emit("live", {});
    expect(await gone).toMatch(/server disconnect|transport close/);
  });
});
