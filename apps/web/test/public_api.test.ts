import { get as httpGet } from "node:http";
import { connect as tcpConnect } from "node:net";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { KEYED_ROUTES } from "../src/server/rest/keyed/routes.ts";
import { MINER_ROUTES } from "../src/server/rest/miner_routes.ts";
import { ROUTES, TEXT_ROUTES } from "../src/server/rest/routes.ts";
import { PoolStatsAnswer, StatsFrame } from "../src/server/rest/schemas.ts";
import { connected, poolAuth, snapshotOf } from "./fixtures/hub_clients.ts";
import { addressOf, hashOf, seedFarm } from "./fixtures/seed.ts";
import { type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

let postgres: TestPostgres;
let web: RunningWeb;
beforeAll(async () => {
  postgres = await startTestPostgres();
  web = await startTestWeb(await postgres.createMigratedDatabase());
  await seedFarm(web.sql, { accounts: 2, workers_per_account: 2, history_s: 600, blocks: 4, rigs: 2, now_ms: Date.now() });
});
afterAll(async () => {
  await web.stop();
  await postgres.stop();
});

const read = async (path: string) => {
  const answer = await fetch(web.origin + path);
  return { answer, body: (await answer.json()) as Record<string, unknown> };
};

describe("the public API", () => {
  test.each(ROUTES.map((route) => [route.path, route] as const))(
    "%s answers by its schema, with and without a pool",
    async (path, route) => {
      const without = await read(path);
      expect(without.answer.status).toBe(200);
      route.answer.parse(without.body);
      const { token } = await web.accessToken("pool");
      const pool = await connected(web.origin, "/pools", poolAuth(token));
      try {
        pool.emit("snapshot", snapshotOf(Date.now()));
        await expect.poll(async () => (await read("/api/v1/stratum/stats")).body.connections).toBe(3);
        const { answer, body } = await read(path);
        route.answer.parse(body);
        expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
        expect(answer.headers.get("access-control-allow-origin")).toBe("*");
        // Public means that nobody's address is in it.
        expect(JSON.stringify(body)).not.toContain(addressOf(1));
      } finally {
        pool.close();
        await expect.poll(async () => (await read("/api/v1/pool/stats")).body.connected).toBe(false);
      }
    },
  );

  test("says what the pool found and what to expect", async () => {
    const { token } = await web.accessToken("pool");
    const pool = await connected(web.origin, "/pools", poolAuth(token));
    pool.emit("snapshot", snapshotOf(Date.now()));
    await expect.poll(async () => (await read("/api/v1/pool/stats")).body.connected).toBe(true);
    const stats = PoolStatsAnswer.parse((await read("/api/v1/pool/stats")).body);
    pool.close();
    const mean = (10 * 2 ** 32) / 5e9;
    expect(stats).toMatchObject({
      blocks: { found: 0, pending: 2, confirmed: 1, orphaned: 1, rejected: 0 },
      last_block: { hash: hashOf("block 4"), height: 204 },
      luck: { blocks: 4, value: 2 },
      workers_total: 4,
      accounts_total: 2,
    });
    // An exponential wait: 5 % are over after 0.0513 of the mean, 95 % after 3.0 of it.
    expect(stats.next_block_s?.mean).toBeCloseTo(mean, 6);
    expect(stats.next_block_s?.p05).toBeCloseTo(0.051293 * mean, 4);
    expect(stats.next_block_s?.p95).toBeCloseTo(2.995732 * mean, 4);
  });

  test("health is about this process; the parts are about the others", async () => {
    await expect.poll(async () => (await read("/health")).body).toEqual({ status: "degraded", database: "ok", pool: "down" });
    const { body } = await read("/api/v1/status");
    expect(body).toMatchObject({
      version: "0.0.0-test",
      network: "regtest",
      parts: { database: { state: "ok", message: null } },
    });
  });

  test("only reads, and says so", async () => {
    const answer = await fetch(`${web.origin}/api/v1/stats`, { method: "DELETE" });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("GET, HEAD");
    expect(await answer.json()).toMatchObject({ code: "method_not_allowed" });
    for (const path of ["/api/v1/nothing", "/api/v1", "/api/nothing"]) {
      expect((await fetch(web.origin + path)).status).not.toBe(200);
    }
    expect(await (await fetch(`${web.origin}/api/v1/nothing`)).json()).toMatchObject({ code: "not_found" });
  });

  test("its OpenAPI 3.1 document lists every endpoint, and every reference in it leads somewhere", async () => {
    const { body } = await read("/api/v1/openapi.json");
    expect(body.openapi).toBe("3.1.0");
    const paths = body.paths as Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
    const listed = [...ROUTES, ...TEXT_ROUTES, ...KEYED_ROUTES, ...MINER_ROUTES].map((route) => route.path);
    expect(Object.keys(paths).sort()).toEqual([...new Set([...listed, "/ws"])].sort());
    const ids = Object.values(paths).flatMap((path) => Object.values(path).map((operation) => operation.operationId));
    expect(new Set(ids).size).toBe(ids.length);
    const references = [...JSON.stringify(body).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? "");
    expect(references.length).toBeGreaterThan(10);
    for (const reference of references) {
      expect(reference).toMatch(/^#\//);
      const target = reference
        .slice(2)
        .split("/")
        .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], body);
      expect(target, reference).toBeTypeOf("object");
    }
    expect((await read("/api/openapi.json")).body).toEqual(body);
  });
});

describe("every answer", () => {
  test("carries the headers that keep a browser safe, and a nonce that pages can use once", async () => {
    const [first, second] = await Promise.all([fetch(`${web.origin}/some/page`), fetch(`${web.origin}/some/page`)]);
    const policy = first.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("object-src 'none'");
    expect(policy).not.toMatch(/script-src[^;]*unsafe-(inline|eval)/);
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? "";
    expect(await first.text()).toBe(`page /some/page ${nonce}`);
    expect(policy).not.toBe(second.headers.get("content-security-policy"));
    for (const path of ["/some/page", "/health", "/api/trpc/me.get", "/api/auth/get-session"]) {
      const { headers } = await fetch(web.origin + path);
      expect(headers.get("x-content-type-options"), path).toBe("nosniff");
      expect(headers.get("x-frame-options"), path).toBe("DENY");
      expect(headers.get("referrer-policy"), path).toBe("same-origin");
      expect(headers.get("x-powered-by"), path).toBeNull();
    }
  });

  test("is not steered by headers that only the server sets", async () => {
    const answer = await fetch(`${web.origin}/page`, { headers: { "x-nonce": "mine", "content-security-policy": "none" } });
    expect(await answer.text()).not.toContain("mine");
  });

  test("to nonsense on the wire is a 400 or nothing, and the server goes on", async () => {
    const port = Number(new URL(web.origin).port);
    for (const nonsense of [
      "\x16\x03\x01\x02",
      "GET / HTTP/9.9\r\n\r\n",
      `GET /${"a".repeat(40_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
      "POST /api/trpc/x HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    ]) {
      const text = await new Promise<string>((resolve) => {
        let received = "";
        const socket = tcpConnect(port, "127.0.0.1", () => socket.write(nonsense));
        socket.on("data", (chunk) => {
          received += chunk;
          socket.end();
        });
        socket.on("error", () => {});
        socket.on("close", () => resolve(received));
      });
      expect(text).toMatch(/^(HTTP\/1\.1 4|$)/);
    }
    expect((await fetch(`${web.origin}/health`)).status).toBe(200);
  });
});

describe("WS /ws", () => {
  const opened: WebSocket[] = [];
  afterEach(async () => {
    for (const socket of opened) socket.terminate();
    await expect.poll(() => opened.every((socket) => socket.readyState === WebSocket.CLOSED)).toBe(true);
    opened.length = 0;
  });
  const follow = (headers: Record<string, string> = {}, localAddress = "127.0.0.1") => {
    const socket = new WebSocket(`${web.origin.replace("http", "ws")}/ws`, { headers, localAddress });
    opened.push(socket);
    const frames: StatsFrame[] = [];
    socket.on("message", (data) => void frames.push(StatsFrame.parse(JSON.parse(String(data)))));
    return { socket, frames };
  };

  test("pushes the figures, at once and when they change, to any origin", async () => {
    const { socket, frames } = follow({ origin: "https://someone.example" });
    await expect.poll(() => frames.length).toBeGreaterThan(0);
    expect(frames[0]).toMatchObject({ type: "stats", hashrate_hps: null, blocks: { confirmed: 1 } });
    const { token } = await web.accessToken("pool");
    const pool = await connected(web.origin, "/pools", poolAuth(token));
    for (let burst = 0; burst < 30; burst++) pool.emit("snapshot", snapshotOf(Date.now(), { workers_online: 9 }));
    await expect.poll(() => frames.at(-1)?.workers_online).toBe(9);
    expect(frames.length).toBeLessThan(10);
    pool.close();
    socket.close();
  });

  test("reads nothing: a long message ends the connection, others go on", async () => {
    const [loud, quiet] = [follow(), follow()];
    await expect.poll(() => Math.min(loud.frames.length, quiet.frames.length)).toBeGreaterThan(0);
    const closed = new Promise<number>((resolve) => loud.socket.once("close", resolve));
    loud.socket.on("error", () => {});
    loud.socket.send("hello");
    loud.socket.send("x".repeat(5_000));
    expect(await closed).toBe(1009);
    expect(quiet.socket.readyState).toBe(WebSocket.OPEN);
    quiet.socket.close();
  });

  test("takes a bounded number of clients from one address, and others go on", async () => {
    // An address of its own: clients that other tests left behind do not count.
    const CROWDED = "127.0.0.9";
    const outcomeOf = (address: string) =>
      new Promise<string>((resolve) => {
        const { socket } = follow({}, address);
        socket.once("open", () => resolve("open"));
        socket.once("error", (error) => resolve(error.message));
      });
    const outcomes = await Promise.all(Array.from({ length: 55 }, () => outcomeOf(CROWDED)));
    expect(outcomes.filter((outcome) => outcome === "open")).toHaveLength(50);
    expect(outcomes.filter((outcome) => outcome.includes("503"))).toHaveLength(5);
    expect(await outcomeOf("127.0.0.10")).toBe("open");
    for (const socket of opened) socket.terminate();
    await expect.poll(() => outcomeOf(CROWDED)).toBe("open");
  });

  test("no other path can be upgraded", async () => {
    const status = await new Promise<number | undefined>((resolve) => {
      httpGet(`${web.origin}/other`, { headers: { connection: "upgrade", upgrade: "websocket" } }, (answer) =>
        resolve(answer.statusCode),
      ).on("error", () => resolve(undefined));
    });
    expect(status).toBe(404);
  });
});
