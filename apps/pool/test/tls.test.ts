/** TLS on the Stratum port: a real engine, real handshakes, and what strangers do with them. */
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { createStratumEngine, type EngineOptions, type StratumEngine } from "@otedama/native/engine";
import { afterEach, describe, expect, test } from "vitest";
import { Certificate } from "../src/stratum/certificate.ts";
import { TlsConnections } from "../src/stratum/tls.ts";
import { until } from "./support/until.ts";

const FIXTURES = join(import.meta.dirname, "fixtures/tls");
const pem = (name: string) => join(FIXTURES, `test-only-${name}.pem`);
const PING = '{"id":1,"method":"mining.ping"}\n';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Server {
  engine: StratumEngine;
  tls: TlsConnections;
  certificate: Certificate;
  reloads: (string | null)[];
  port: number;
  dir: string;
}

interface Overrides {
  options?: Partial<EngineOptions>;
  limits?: Partial<EngineOptions["limits"]>;
  tls?: false;
}

async function startServer(overrides: Overrides = {}): Promise<Server> {
  const dir = mkdtempSync(join(tmpdir(), "otedama-tls-"));
  ends.push(() => rmSync(dir, { recursive: true }));
  const files = { cert_file: join(dir, "cert.pem"), key_file: join(dir, "key.pem") };
  copyFileSync(pem("first.cert"), files.cert_file);
  copyFileSync(pem("first.key"), files.key_file);
  const reloads: (string | null)[] = [];
  const certificate = await Certificate.open({ ...files, poll_ms: 50 }, { onReload: (message) => reloads.push(message) });
  ends.push(() => certificate.stop());
  const tls = new TlsConnections({ linger_ms: 500 }, { context: () => certificate.context });
  const engine = createStratumEngine(
    {
      listen: [{ host: "127.0.0.1", port: 0 }],
      threads: 1,
      extranonce_prefix: 1,
      version_mask: 0,
      ack: "fast",
      vardiff: { enabled: false, initial: 1, min: 1, max: 1, target_interval_s: 5 },
      share_log: { dir, instance_id: "tls", segment_bytes_max: 1 << 20 },
      limits: {
        connections_max: 100,
        connections_per_address_max: 100,
        connects_per_address_per_s: 0,
        line_bytes_max: 8192,
        output_bytes_max: 1 << 18,
        messages_per_s: 0,
        handshake_timeout_s: 30,
        idle_timeout_s: 600,
        ban_invalid_ratio: 1,
        ban_after_shares: 0,
        ban_s: 60,
        ...overrides.limits,
      },
      ...(overrides.tls !== false && { tls: { connections_max: 10 } }),
      ...overrides.options,
    },
    {
      onEvent: (event) => {
        if (event.kind === "tls") tls.take(event);
        else if (event.kind === "authorize") {
          engine.authorizeResult(event.connection_id, event.request_number, { accepted: false, message: event.remote_address });
        }
      },
    },
  );
  const port = engine.start()[0]?.port ?? 0;
  ends.push(async () => {
    await engine.stop();
    tls.stop();
  });
  return { engine, tls, certificate, reloads, port, dir };
}

interface Client<Stream extends Socket> {
  socket: Stream;
  lines: Interface;
  closed: Promise<unknown>;
}

function client<Stream extends Socket>(socket: Stream): Client<Stream> {
  ends.push(() => socket.destroy());
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const lines = createInterface({ input: socket }).on("error", () => {});
  return { socket, lines, closed };
}

async function overTls(port: number, name = "first", socket?: Socket): Promise<Client<TLSSocket>> {
  const options = { ca: readFileSync(pem(`${name}.cert`)), servername: `${name}.test.invalid` };
  const miner = client(connectTls(socket ? { ...options, socket } : { ...options, port, host: "127.0.0.1" }));
  await once(miner.socket, "secureConnect");
  return miner;
}

async function plainly(port: number, localAddress = "127.0.0.1"): Promise<Client<Socket>> {
  const miner = client(connect({ port, host: "127.0.0.1", localAddress }));
  await once(miner.socket, "connect");
  return miner;
}

async function ask({ socket, lines }: Client<Socket>, line = PING): Promise<{ result: unknown; error: unknown }> {
  const answer = once(lines, "line");
  socket.write(line);
  return JSON.parse((await answer)[0]);
}

describe("on one port", () => {
  test("miners with TLS and without are served side by side", async () => {
    const server = await startServer();
    const [secret, plain] = [await overTls(server.port), await plainly(server.port)];
    for (let i = 0; i < 3; i++) for (const miner of [secret, plain]) expect((await ask(miner)).result).toBe("pong");
    expect(secret.socket.getProtocol()).toBe("TLSv1.3");
    expect(server.engine.stats()).toMatchObject({ connections: 2, connects_total: 2, tls_connections: 1 });
    expect(server.tls.handshakes).toEqual({ completed: 1, failed: 0 });
    const answer = await ask(secret, '{"id":1,"method":"mining.authorize","params":["a","b"]}\n');
    expect(answer.error).toEqual([24, "127.0.0.1", null]);
  });

  test("an old miner's TLS 1.2 will do, and one that does not know the authority is told nothing", async () => {
    const server = await startServer();
    const old = client(connectTls({ port: server.port, host: "127.0.0.1", rejectUnauthorized: false, maxVersion: "TLSv1.2" }));
    await once(old.socket, "secureConnect");
    expect((await ask(old)).result).toBe("pong");
    const careful = client(connectTls({ port: server.port, host: "127.0.0.1" }));
    await careful.closed;
    expect(careful.socket.authorized).toBe(false);
    await until("the engine to notice", () => server.engine.stats().connections === 1 && server.tls.open === 1);
  });

  test("without a certificate a handshake is closed and counted", async () => {
    const server = await startServer();
    const bare = await startServer({ tls: false });
    await expect(overTls(bare.port)).rejects.toThrow();
    expect(bare.engine.stats()).toMatchObject({ connections: 0, closed: { tls_not_configured: 1 } });
    expect((await ask(await plainly(bare.port))).result).toBe("pong");
    expect(server.engine.stats().closed.tls_not_configured).toBe(0);
  });

  test("TLS connections are bounded, and the others do not notice", async () => {
    const server = await startServer({ options: { tls: { connections_max: 2 } } });
    const first = await overTls(server.port);
    await overTls(server.port);
    await expect(overTls(server.port)).rejects.toThrow();
    expect(server.engine.stats()).toMatchObject({ tls_connections: 2, closed: { limit: 1 } });
    expect((await ask(await plainly(server.port))).result).toBe("pong");
    first.socket.destroy();
    await until("room", () => server.engine.stats().tls_connections === 1);
    expect((await ask(await overTls(server.port))).result).toBe("pong");
  });

  test("a trusted balancer names the miner, in the same packet as its handshake or before", async () => {
    const server = await startServer({ options: { trusted_proxies: ["127.0.0.5"] } });
    const header = "PROXY TCP4 198.51.100.7 203.0.113.1 51234 3333\r\n";
    const apart = await plainly(server.port, "127.0.0.5");
    apart.socket.write(header);
    await until("the header to arrive", () => server.engine.stats().bytes_in === header.length);
    apart.lines.close();
    const balancer = createServer((inner) => {
      const outer = connect({ port: server.port, host: "127.0.0.1", localAddress: "127.0.0.5" });
      inner.once("data", (hello) => {
        outer.write(Buffer.concat([Buffer.from(header), hello]));
        inner.pipe(outer).pipe(inner);
      });
      for (const socket of [inner, outer]) socket.on("error", () => {});
    }).listen(0, "127.0.0.1");
    ends.push(() => balancer.close());
    await once(balancer, "listening");
    const { port } = balancer.address() as AddressInfo;
    for (const miner of [await overTls(server.port, "first", apart.socket), await overTls(port)]) {
      const answer = await ask(miner, '{"id":1,"method":"mining.authorize","params":["a","b"]}\n');
      expect(answer.error).toEqual([24, "198.51.100.7", null]);
    }
  });
});

describe("one side ends the other", () => {
  test("a handshake that never finishes has the time of a login", async () => {
    const server = await startServer({ limits: { handshake_timeout_s: 0.5 } });
    const slow = await plainly(server.port);
    slow.socket.write(Buffer.from("160301", "hex"));
    await slow.closed;
    expect(server.engine.stats()).toMatchObject({ connections: 0, tls_connections: 0, closed: { handshake: 1 } });
    await until("the socket to be gone", () => server.tls.open === 0);
    expect(server.tls.handshakes).toEqual({ completed: 0, failed: 1 });
  });

  test("junk that begins like a handshake ends there", async () => {
    const server = await startServer();
    const junk = await plainly(server.port);
    junk.socket.write(Buffer.concat([Buffer.from([0x16]), Buffer.alloc(5000, "x")]));
    await junk.closed;
    await until("the engine to notice", () => server.engine.stats().connections === 0 && server.tls.open === 0);
    expect((await ask(await overTls(server.port))).result).toBe("pong");
  });

  test("a miner that ends its side is gone on both", async () => {
    const server = await startServer();
    const miner = await overTls(server.port);
    expect((await ask(miner)).result).toBe("pong");
    miner.socket.end();
    await miner.closed;
    await until("the engine to notice", () => server.engine.stats().connections === 0 && server.tls.open === 0);
    expect(server.engine.stats().closed.peer).toBe(1);
  });

  test("a miner that only ends its TCP side, without TLS's goodbye, is gone on both", async () => {
    const server = await startServer();
    const tcp = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    await overTls(server.port, "first", tcp);
    tcp.end();
    await until("the engine to notice", () => server.engine.stats().connections === 0 && server.tls.open === 0);
  });

  test("what the engine says before it hangs up arrives", async () => {
    const server = await startServer();
    const miner = await overTls(server.port);
    const answer = await ask(miner, `${"x".repeat(9000)}\n`);
    expect(answer.error).toEqual([20, expect.stringContaining("longer than 8192"), null]);
    await miner.closed;
    await until("nothing to be left", () => server.tls.open === 0);
  });

  test("a ban closes what is open over TLS", async () => {
    const server = await startServer();
    const miner = await overTls(server.port);
    server.engine.ban("127.0.0.1", 60, "by hand");
    await miner.closed;
    await until("nothing to be left", () => server.tls.open === 0);
  });

  test("when the pool stops", async () => {
    const server = await startServer();
    const miner = await overTls(server.port);
    await server.engine.stop();
    server.tls.stop();
    await miner.closed;
    await until("nothing to be left", () => server.tls.open === 0);
  });
});

test("a miner that asks and does not read is cut off at the engine's bound", async () => {
  const server = await startServer({ limits: { output_bytes_max: 20_000, slow_reader_timeout_s: 0.5 } });
  const reader = await overTls(server.port);
  const deaf = await overTls(server.port);
  deaf.lines.close();
  deaf.socket.pause();
  const many = PING.repeat(2_000);
  const flooding = setInterval(() => deaf.socket.writableLength < 1 << 20 && deaf.socket.write(many), 1);
  ends.push(() => clearInterval(flooding));
  await until("it to be cut off", () => server.engine.stats().closed.slow_reader === 1, 30_000);
  clearInterval(flooding);
  expect((await ask(reader)).result).toBe("pong");
  await until("nothing of it to be left", () => server.tls.open === 1);
});

describe("a certificate", () => {
  const open = (cert_file: string, key_file: string) =>
    Certificate.open({ cert_file, key_file, poll_ms: 1e6 }, { onReload: () => {} });

  test("that is wrong stops the start with a sentence", async () => {
    await expect(open("/nowhere/cert.pem", pem("first.key"))).rejects.toThrow(
      "stratum.tls.cert_file /nowhere/cert.pem cannot be read",
    );
    await expect(open(pem("first.cert"), "/nowhere/key.pem")).rejects.toThrow(
      "stratum.tls.key_file /nowhere/key.pem cannot be read",
    );
    await expect(open(pem("first.key"), pem("first.key"))).rejects.toThrow("holds no certificate in PEM form");
    await expect(open(pem("first.cert"), pem("first.cert"))).rejects.toThrow("holds no private key that can be used");
    await expect(open(pem("first.cert"), pem("second.key"))).rejects.toThrow("is not the key of the certificate");
  });

  test("is read again when its files change; a pair that does not fit leaves the one of before", async () => {
    const server = await startServer();
    const early = await overTls(server.port);
    writeFileSync(join(server.dir, "cert.pem"), readFileSync(pem("second.cert")));
    await until("the change to be seen", () => server.reloads.length > 0);
    expect(server.reloads[0]).toContain("is not the key of the certificate");
    expect((await ask(await overTls(server.port))).result).toBe("pong");
    writeFileSync(join(server.dir, "key.pem"), readFileSync(pem("second.key")));
    await until("both to be read", () => server.reloads.at(-1) === null);
    expect(server.certificate.subject).toContain("CN=second.test.invalid");
    expect((await ask(await overTls(server.port, "second"))).result).toBe("pong");
    expect((await ask(early)).result).toBe("pong");
  });
});
