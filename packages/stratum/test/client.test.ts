import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import {
  type Closed,
  STRATUM_CLIENT_DEFAULTS,
  StratumClient,
  type StratumClientOptions,
  type StratumJob,
} from "@otedama/stratum";
import { afterEach, describe, expect, test } from "vitest";
import { selfSigned } from "./self_signed.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Request = { id: unknown; method?: string; params?: unknown[]; result?: unknown; error?: unknown };
type Script = (request: Request, send: (message: object | string) => void, socket: Socket) => void;

const NOTIFY = ["j1", "00".repeat(32), "01", "02", [], "20000000", "1d00ffff", "60000000", true];

/** Answers the handshake as most pools do; `more` sees what is left. */
function usual(more: Script = () => undefined): Script {
  return (request, send, socket) => {
    const { id, method } = request;
    if (method === "mining.configure")
      send({ id, result: { "version-rolling": true, "version-rolling.mask": "00006000" }, error: null });
    else if (method === "mining.subscribe") send({ id, result: [[["mining.notify", "s1"]], "aabbccdd", 4], error: null });
    else if (method === "mining.authorize") {
      send({ id, result: true, error: null });
      send({ id: null, method: "mining.set_difficulty", params: [2.5] });
      send({ id: null, method: "mining.notify", params: NOTIFY });
    } else more(request, send, socket);
  };
}

async function serve(
  script: Script,
  server: Server = createServer(),
): Promise<{ port: number; seen: Request[]; sockets: Socket[] }> {
  const seen: Request[] = [];
  const sockets: Socket[] = [];
  server.on("setSecureContext" in server ? "secureConnection" : "connection", (socket: Socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    let held = "";
    socket.on("data", (chunk) => {
      held += chunk;
      const lines = held.split("\n");
      held = lines.pop() ?? "";
      for (const line of lines) {
        const request = JSON.parse(line) as Request;
        seen.push(request);
        script(
          request,
          (message) => socket.write(typeof message === "string" ? message : `${JSON.stringify(message)}\n`),
          socket,
        );
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, seen, sockets };
}

function dial(port: number, options: Partial<StratumClientOptions> = {}) {
  const client = new StratumClient({
    ...STRATUM_CLIENT_DEFAULTS,
    address: { host: "127.0.0.1", port, tls: false },
    user: "wallet.rig",
    password: "x",
    user_agent: "otedama/test",
    version_mask: 0x1fffe000,
    ...options,
  });
  const seen = {
    jobs: [] as StratumJob[],
    messages: [] as string[],
    bad_lines: [] as string[],
    closed: null as Closed | null,
    ready: 0,
  };
  client.on("job", (job) => seen.jobs.push(job));
  client.on("message", (text) => seen.messages.push(text));
  client.on("bad_line", (text) => seen.bad_lines.push(text));
  client.on("ready", () => seen.ready++);
  client.on("closed", (closed) => (seen.closed = closed));
  cleanups.push(() => client.close());
  return { client, seen };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const share = { job_id: "j1", extranonce2: new Uint8Array(4), ntime: 0x60000000, nonce: 1, version_bits: 0 };

describe("a session", () => {
  test("is configured, subscribed and authorised, and then has work", async () => {
    const server = await serve(usual());
    const { seen } = dial(server.port, { session: "s0", minimum_difficulty: 2 });
    await until(() => seen.jobs.length > 0);
    expect(server.seen.map(({ method, params }) => [method, params])).toEqual([
      [
        "mining.configure",
        [
          ["version-rolling", "subscribe-extranonce", "minimum-difficulty"],
          { "version-rolling.mask": "1fffe000", "version-rolling.min-bit-count": 2, "minimum-difficulty.value": 2 },
        ],
      ],
      ["mining.subscribe", ["otedama/test", "s0"]],
      ["mining.extranonce.subscribe", []],
      ["mining.authorize", ["wallet.rig", "x"]],
    ]);
    expect(seen.jobs[0]).toMatchObject({ job_id: "j1", difficulty: 2.5, extranonce2_size: 4, version_mask: 0x6000, clean: true });
    expect(Buffer.from(seen.jobs[0]?.extranonce1 ?? []).toString("hex")).toBe("aabbccdd");
  });

  test("gets on with a pool that has never heard of mining.configure", async () => {
    const server = await serve((request, send, socket) => {
      if (request.method === "mining.configure") send({ id: request.id, result: null, error: [20, "Not supported.", null] });
      else usual()(request, send, socket);
    });
    const { seen } = dial(server.port);
    await until(() => seen.jobs.length > 0);
    expect(seen.jobs[0]?.version_mask).toBe(0);
  });

  test("applies difficulty and extranonce from the next job on, the version mask at once", async () => {
    const server = await serve(usual());
    const { seen } = dial(server.port);
    await until(() => seen.jobs.length === 1);
    const send = (method: string, params: unknown[]) =>
      server.sockets[0]?.write(`${JSON.stringify({ id: null, method, params })}\n`);
    send("mining.set_difficulty", [7]);
    send("mining.set_extranonce", ["99", 6]);
    send("mining.set_version_mask", ["00002000"]);
    await until(() => seen.jobs.length === 2);
    expect(seen.jobs[1]).toMatchObject({ job_id: "j1", difficulty: 2.5, extranonce2_size: 4, version_mask: 0x2000 });
    send("mining.notify", ["j2", ...NOTIFY.slice(1)]);
    await until(() => seen.jobs.length === 3);
    expect(seen.jobs[2]).toMatchObject({
      job_id: "j2",
      difficulty: 7,
      extranonce2_size: 6,
      version_mask: 0x2000,
      extranonce1: Uint8Array.of(0x99),
    });
  });

  test("answers what a pool may ask, and refuses the rest", async () => {
    const server = await serve(usual());
    const { seen } = dial(server.port);
    await until(() => seen.jobs.length > 0);
    const ask = (id: number, method: string, params: unknown[] = []) =>
      server.sockets[0]?.write(`${JSON.stringify({ id, method, params })}\n`);
    ask(900, "client.get_version");
    ask(901, "mining.ping");
    ask(902, "client.show_message", ["maintenance at noon"]);
    ask(903, "client.sing");
    await until(() => server.seen.some(({ id }) => id === 903));
    expect(server.seen.filter(({ id }) => Number(id) >= 900)).toEqual([
      { id: 900, result: "otedama/test", error: null },
      { id: 901, result: "pong", error: null },
      { id: 902, result: true, error: null },
      { id: 903, result: null, error: [20, "unknown method client.sing", null] },
    ]);
    expect(seen.messages).toEqual(["maintenance at noon"]);
  });

  test("runs over TLS, and only with a certificate that can be trusted", async () => {
    const certificate = selfSigned();
    const server = await serve(usual(), createTlsServer(certificate));
    const address = { host: "127.0.0.1", port: server.port, tls: true };
    const trusted = dial(server.port, { address, tls_ca: certificate.cert });
    await until(() => trusted.seen.jobs.length > 0);
    const untrusted = dial(server.port, { address });
    await until(() => untrusted.seen.closed !== null);
    expect(untrusted.seen.closed).toMatchObject({ code: "dial", message: expect.stringContaining("certificate") });
  });
});

describe("shares", () => {
  test("are answered each by its own answer, in whatever order", async () => {
    const held: Request[] = [];
    const server = await serve(
      usual((request, send) => {
        if (request.method !== "mining.submit") return;
        held.push(request);
        if (held.length < 3) return;
        send({ id: held[2]?.id, result: true, error: null });
        send({ id: held[0]?.id, result: null, error: [23, "low", null] });
        send({ id: String(held[1]?.id), result: false, error: null });
      }),
    );
    const { client, seen } = dial(server.port);
    await until(() => seen.jobs.length > 0);
    const results = await Promise.all([
      client.submit(share),
      client.submit({ ...share, nonce: 2 }),
      client.submit({ ...share, nonce: 3 }),
    ]);
    expect(results.map(({ result }) => result)).toEqual(["low_difficulty", "invalid", "accepted"]);
    expect(server.seen.at(-1)?.params).toEqual(["wallet.rig", "j1", "00000000", "60000000", "00000003", "00000000"]);
  });

  test("that are never answered are given up, and are bounded in number", async () => {
    const server = await serve(usual());
    const { client, seen } = dial(server.port, { request_timeout_ms: 100, pending_max: 3 });
    await until(() => seen.jobs.length > 0);
    const results = await Promise.all(Array.from({ length: 5 }, () => client.submit(share)));
    expect(results.every(({ result }) => result === "unanswered")).toBe(true);
    expect(server.seen.filter(({ method }) => method === "mining.submit").length).toBeLessThanOrEqual(3);
  });

  test("in flight when the connection ends are not left waiting", async () => {
    const server = await serve(usual((request, _send, socket) => request.method === "mining.submit" && socket.destroy()));
    const { client, seen } = dial(server.port);
    await until(() => seen.jobs.length > 0);
    expect(await client.submit(share)).toMatchObject({ result: "unanswered", reason: "the connection closed" });
    expect(seen.closed?.code).toBe("pool");
    expect(await client.submit(share)).toMatchObject({ result: "unanswered" });
  });
});

describe("the end of a connection", () => {
  test("says that nobody answers at that address", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const { seen } = dial(port);
    await until(() => seen.closed !== null);
    expect(seen.closed).toMatchObject({ code: "dial", message: expect.stringContaining("ECONNREFUSED") });
  });

  test("carries the pool's reason when it refuses us", async () => {
    const server = await serve((request, send, socket) => {
      if (request.method === "mining.authorize") send({ id: request.id, result: null, error: [24, "wrong address", null] });
      else usual()(request, send, socket);
    });
    const { seen } = dial(server.port);
    await until(() => seen.closed !== null);
    expect(seen.closed).toMatchObject({ code: "refused", message: "mining.authorize was refused: wrong address" });
    expect(seen.ready).toBe(0);
  });

  test("comes when the pool falls silent", async () => {
    const server = await serve(usual());
    const { seen } = dial(server.port, { silence_timeout_ms: 100 });
    await until(() => seen.closed !== null);
    expect(seen.closed?.code).toBe("silent");
  });

  test("comes with a line that is too long, and after too many bad ones", async () => {
    const long = await serve(usual((_request, send) => send(`"${"x".repeat(70_000)}`)));
    const first = dial(long.port);
    await until(() => first.seen.jobs.length > 0 || first.seen.closed !== null);
    void first.client.submit(share);
    await until(() => first.seen.closed !== null);
    expect(first.seen.closed).toMatchObject({ code: "protocol", message: "a line is longer than 65536 bytes" });

    const bad = await serve(usual((_request, send) => send("{]\n".repeat(30))));
    const second = dial(bad.port);
    await until(() => second.seen.closed !== null);
    expect(second.seen.closed).toMatchObject({ code: "protocol", message: expect.stringContaining("bad lines") });
    expect(second.seen.bad_lines.length).toBe(21);
  });

  test("names where to go on when the pool sends us away, on the same machine only", async () => {
    const server = await serve(usual());
    const { seen } = dial(server.port);
    await until(() => seen.jobs.length > 0);
    const send = (params: unknown) =>
      server.sockets[0]?.write(`${JSON.stringify({ id: null, method: "client.reconnect", params })}\n`);
    send(["evil.example", 1, 0]);
    await until(() => seen.messages.length > 0);
    expect(seen.closed).toBeNull();
    send(["127.0.0.1", 4444, 3]);
    await until(() => seen.closed !== null);
    expect(seen.closed).toMatchObject({
      code: "reconnect",
      reconnect: { address: { host: "127.0.0.1", port: 4444, tls: false }, wait_s: 3 },
    });
  });
});
