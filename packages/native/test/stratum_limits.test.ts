/** What strangers send and how much of it: each is dropped at once and counted, and the others do not notice. */
import { once } from "node:events";
import { connect, Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type Fixture, makeJob, startFixture } from "./stratum/fixture.ts";

let fixture: Fixture;
afterEach(() => fixture?.stop());

async function neighbourIsServed(): Promise<void> {
  const neighbour = await fixture.connect();
  expect((await neighbour.request("mining.ping", [])).result).toBe("pong");
}

test.each([
  ["binary junk", Buffer.from([0, 255, 1, 254, 10]), "not UTF-8"],
  ["invalid UTF-8 in a name", Buffer.from('{"id":1,"method":"mining.subscribe","params":["\xc3\x28"]}\n', "latin1"), "not UTF-8"],
  ["an overlong encoding", Buffer.from('{"id":1,"method":"\xc0\xaf"}\n', "latin1"), "not UTF-8"],
  ["half a surrogate pair", Buffer.from('{"id":1,"method":"\\ud800"}\n'), "surrogate"],
  ["nesting", Buffer.from(`{"id":1,"method":"a","params":${"[".repeat(4000)}\n`), "nested too deeply"],
  ["nested objects", Buffer.from(`{"id":1,"method":"a","x":${'{"a":'.repeat(1000)}\n`), "nested too deeply"],
  ["a thousand params", Buffer.from(`{"id":1,"method":"a","params":[${"1,".repeat(999)}1]}\n`), "too many elements"],
  ["a key twice", Buffer.from('{"id":1,"id":2,"method":"mining.ping"}\n'), "twice"],
  ["an id that is an object", Buffer.from('{"id":{},"method":"mining.ping"}\n'), "id is not a number"],
  ["a long id", Buffer.from(`{"id":"${"a".repeat(100)}","method":"mining.ping"}\n`), "longer than 64"],
  ["no method", Buffer.from('{"id":1}\n'), "method is missing"],
  ["HTTP", Buffer.from("GET / HTTP/1.1\r\n"), "not a JSON object"],
  ["two values", Buffer.from('{"id":1,"method":"mining.ping"}{}\n'), "something follows"],
  ["a bare control character", Buffer.from('{"id":1,"method":"a\u0001"}\n'), "control character"],
  ["a bad number", Buffer.from('{"id":01,"method":"mining.ping"}\n'), "object"],
])("%s is answered with error 20 and id null", async (_name, bytes, why) => {
  fixture = startFixture();
  const miner = await fixture.connect();
  miner.send(bytes);
  const answer = await miner.take((message) => message.id === null);
  expect(answer).toEqual({ id: null, result: null, error: [20, expect.stringContaining(why), null] });
  expect(fixture.engine.stats().bad_lines).toBe(1);
  expect((await miner.request("mining.ping", [])).result).toBe("pong");
});

test("who sends nothing but junk is cut off", async () => {
  fixture = startFixture();
  const miner = await fixture.connect();
  for (let i = 0; i < 10; i++) miner.send("junk");
  await miner.ended();
  expect(fixture.engine.stats()).toMatchObject({ bad_lines: 5, closed: { protocol: 1 }, connections: 0 });
  await neighbourIsServed();
});

test("a line without an end is cut at its bound, however much follows", async () => {
  fixture = startFixture();
  const socket = connect(fixture.port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  const chunk = Buffer.alloc(1 << 20, "x");
  let sent = 0;
  while (sent < 2 ** 30 && !socket.destroyed && socket.writable) {
    sent += chunk.length;
    if (!socket.write(chunk)) await Promise.race([once(socket, "drain"), once(socket, "close")]).catch(() => {});
  }
  if (!socket.closed) await once(socket, "close").catch(() => {});
  const stats = fixture.engine.stats();
  expect(stats.closed.line_too_long).toBe(1);
  expect(stats.bytes_in).toBeLessThan(1 << 20);
  await neighbourIsServed();
});

test("a slowloris loses its connection when the time for logging in is over", async () => {
  fixture = startFixture({ limits: { handshake_timeout_s: 0.5 } });
  fixture.engine.setJob(makeJob(1));
  const good = await fixture.connect();
  await good.login();
  const slow = await fixture.connect();
  const dripping = setInterval(() => slow.send(Buffer.from(" ")), 50);
  await slow.ended();
  clearInterval(dripping);
  expect(fixture.engine.stats().closed.handshake).toBe(1);
  expect((await good.request("mining.ping", [])).result).toBe("pong");
});

test("a connection that falls silent, as a half-open one does, is closed", async () => {
  fixture = startFixture({ limits: { idle_timeout_s: 0.5 } });
  fixture.engine.setJob(makeJob(1));
  const miner = await fixture.connect();
  await miner.login();
  await miner.ended();
  expect((await fixture.event("closed")).reason).toBe("idle");
});

test("a miner that ends its side is read to the end and closed", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1));
  const miner = await fixture.connect();
  await miner.login();
  // The last line and the end of the stream come together.
  miner.socket.end('{"id":"last","method":"mining.ping","params":[]}\n');
  expect((await miner.take((message) => message.id === "last")).result).toBe("pong");
  await miner.ended();
  expect((await fixture.event("closed")).reason).toBe("peer");
});

test("what comes at once is answered to its end, however many reads it takes", async () => {
  fixture = startFixture({ limits: { messages_per_s: 100_000, output_bytes_max: 4 << 20 } });
  const miner = await fixture.connect();
  const neighbour = await fixture.connect();
  const count = 8000;
  miner.send(Array.from({ length: count }, (_, i) => `{"id":${i},"method":"mining.ping","params":[]}`).join("\n"));
  expect((await neighbour.request("mining.ping", [])).result).toBe("pong");
  expect((await miner.take((message) => message.id === count - 1)).result).toBe("pong");
  expect(miner.lines.length).toBe(count - 1);
});

test("who does not read is cut off at the bound of its buffer, and the others get their jobs", async () => {
  fixture = startFixture({ limits: { output_bytes_max: 20_000 } });
  fixture.engine.setJob(makeJob(1));
  const slow = await fixture.connect();
  const fast = await fixture.connect();
  await slow.login();
  await fast.login();
  slow.socket.pause();
  // The kernel's own buffers take some megabytes before ours is needed.
  const branches = new Uint8Array(32 * 32);
  for (let number = 2; number < 20_000 && fixture.engine.stats().closed.slow_reader === 0; number++) {
    fixture.engine.setJob(makeJob(number, { merkle_branches: branches, clean: false }));
    if (number % 100 === 0) await fast.request("mining.ping", []);
  }
  expect((await fixture.event("closed")).reason).toBe("slow_reader");
  expect(fixture.engine.stats()).toMatchObject({ connections: 1, closed: { slow_reader: 1 } });
  expect((await fast.request("mining.ping", [])).result).toBe("pong");
});

test("a flood of messages is cut off", async () => {
  fixture = startFixture({ limits: { messages_per_s: 20 } });
  const flooder = await fixture.connect();
  for (let i = 0; i < 500; i++) flooder.send('{"id":1,"method":"mining.ping"}');
  await flooder.ended();
  expect(fixture.engine.stats().closed.flood).toBe(1);
  expect(flooder.lines.length).toBeLessThan(120);
  await neighbourIsServed();
});

test("connections are bounded for each address and in all", async () => {
  // One thread accepts in the order of the connects.
  fixture = startFixture({ options: { threads: 1 }, limits: { connections_per_address_max: 2, connections_max: 3 } });
  const first = [await fixture.connect(), await fixture.connect()];
  const third = await fixture.connect();
  await third.ended();
  const elsewhere = await fixture.connect({ localAddress: "127.0.0.2" });
  expect((await elsewhere.request("mining.ping", [])).result).toBe("pong");
  const full = await fixture.connect({ localAddress: "127.0.0.3" });
  await full.ended();
  expect(fixture.engine.stats()).toMatchObject({ refused_connects: 2, connections: 3 });
  first[0]?.close();
  while (fixture.engine.stats().connections > 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const again = await fixture.connect();
  expect((await again.request("mining.ping", [])).result).toBe("pong");
});

test("an address that connects too often waits", async () => {
  fixture = startFixture({ options: { threads: 1 }, limits: { connects_per_address_per_s: 2 } });
  const miners = [];
  for (let i = 0; i < 30; i++) miners.push(await fixture.connect());
  await miners.at(-1)?.ended();
  expect(fixture.engine.stats().refused_connects).toBeGreaterThanOrEqual(15);
  expect(fixture.engine.stats().connections).toBeGreaterThanOrEqual(10);
});

test("mostly wrong shares earn a ban, and a second one is longer", async () => {
  fixture = startFixture({ limits: { ban_after_shares: 10, ban_invalid_ratio: 0.5, ban_s: 0.3 } });
  fixture.engine.setJob(makeJob(1));
  const misbehave = async () => {
    const miner = await fixture.connect();
    await miner.login();
    for (let i = 0; i < 12; i++)
      miner.send(`{"id":${i},"method":"mining.submit","params":["alice.rig1","00000001","0","0","0"]}`);
    await miner.ended();
  };
  await misbehave();
  expect(await fixture.event("banned")).toMatchObject({ remote_address: "127.0.0.1", seconds: 0.3 });
  const banned = await fixture.connect();
  await banned.ended();
  expect(fixture.engine.stats()).toMatchObject({ bans_active: 1, refused_connects: 1, closed: { banned: 1 } });
  await new Promise((resolve) => setTimeout(resolve, 400));
  await misbehave();
  expect(await fixture.event("banned", (event) => event.seconds > 0.3)).toMatchObject({ seconds: 1.2 });
});

test("a ban by hand closes what is open from there", async () => {
  fixture = startFixture();
  const miner = await fixture.connect({ localAddress: "127.0.0.9" });
  expect((await miner.request("mining.ping", [])).result).toBe("pong");
  fixture.engine.ban("127.0.0.9", 60, "by hand");
  await miner.ended();
  expect(await fixture.event("banned")).toEqual({ kind: "banned", remote_address: "127.0.0.9", reason: "by hand", seconds: 60 });
  await neighbourIsServed();
  expect(() => fixture.engine.ban("nowhere", 1, "")).toThrow('"nowhere" is not an address');
});

test("deny and allow lists decide who may connect", async () => {
  fixture = startFixture({ options: { deny: ["127.0.0.8/30"], allow: ["127.0.0.0/28", "10.0.0.0/8"] } });
  for (const [localAddress, served] of [
    ["127.0.0.9", false],
    ["127.0.0.2", true],
    ["127.0.0.77", false],
  ] as const) {
    const miner = await fixture.connect({ localAddress });
    if (served) expect((await miner.request("mining.ping", [])).result).toBe("pong");
    else await miner.ended();
  }
  expect(() => startFixture({ options: { deny: ["10.0.0.0/40"] } })).toThrow('deny holds "10.0.0.0/40"');
});

test("a TLS handshake is closed where TLS is not configured, and only at the beginning of a connection", async () => {
  fixture = startFixture();
  const secret = await fixture.connect();
  secret.send(Buffer.from("1603010200", "hex"));
  await secret.ended();
  expect(fixture.engine.stats()).toMatchObject({ bad_lines: 0, connections: 0, closed: { tls_not_configured: 1 } });
  const late = await fixture.connect();
  expect((await late.request("mining.ping", [])).result).toBe("pong");
  late.send(Buffer.from("160301\n"));
  late.send(Buffer.from([0x16, 0x0a]));
  expect((await late.take((message) => message.id === null)).error?.[0]).toBe(20);
  expect(() => startFixture({ options: { tls: { connections_max: 0 } } })).toThrow("tls.connections_max must be 1");
});

test("a miner that speaks TLS is handed up with its socket, and its lines are taken from the other end", async () => {
  fixture = startFixture({ options: { tls: { connections_max: 1 } } });
  const miner = await fixture.connect({ localAddress: "127.0.0.9" });
  miner.send(Buffer.from("1603010200", "hex"));
  const event = await fixture.event("tls");
  expect(event).toMatchObject({ remote_address: "127.0.0.9", head: new Uint8Array([0x16, 3, 1, 2, 0]) });
  const [socket, plain] = [new Socket({ fd: event.fd }), new Socket({ fd: event.plain_fd })];
  plain.write('{"id":1,"method":"mining.authorize","params":["alice.rig1","x"]}\n');
  plain.on("data", (bytes) => socket.write(bytes));
  expect((await miner.take((message) => message.id === 1)).result).toBe(true);
  expect((await fixture.event("authorize")).remote_address).toBe("127.0.0.9");
  expect(fixture.engine.stats()).toMatchObject({ connections: 1, tls_connections: 1 });
  // Within the plain lines it is a character like any other.
  plain.write(Buffer.from([0x16, 0x0a]));
  expect((await miner.take((message) => message.id === null)).error?.[0]).toBe(20);
  fixture.engine.ban("127.0.0.9", 60, "by hand");
  await once(plain, "close");
  expect(fixture.engine.stats()).toMatchObject({ connections: 0, tls_connections: 0, closed: { banned: 1 } });
  socket.destroy();
  await miner.ended();
});

test("logins that nobody answers are bounded", async () => {
  fixture = startFixture({ authorize: () => null });
  const miner = await fixture.connect();
  await miner.subscribe();
  for (let i = 0; i < 9; i++) miner.send(`{"id":${i},"method":"mining.authorize","params":["w${i}"]}`);
  expect((await miner.take((message) => message.id === 8)).error).toEqual([20, expect.stringContaining("too many logins"), null]);
  expect(fixture.events.filter((event) => event.kind === "authorize")).toHaveLength(8);
});

test("workers of one connection are bounded", async () => {
  fixture = startFixture({ limits: { workers_per_connection_max: 2 } });
  const miner = await fixture.connect();
  await miner.subscribe();
  for (const user of ["a", "b"]) expect((await miner.request("mining.authorize", [user])).result).toBe(true);
  expect((await miner.request("mining.authorize", ["c"])).error?.[1]).toContain("may have 2 workers");
});

const V2 = Buffer.from("0d0a0d0a000d0a515549540a", "hex");

test.each([
  ["version 1, IPv4", Buffer.from("PROXY TCP4 198.51.100.7 203.0.113.1 51234 3333\r\n"), "198.51.100.7"],
  ["version 1, IPv6", Buffer.from("PROXY TCP6 2001:db8::7 2001:db8::1 51234 3333\r\n"), "2001:db8::7"],
  ["version 1, unknown", Buffer.from("PROXY UNKNOWN\r\n"), "127.0.0.5"],
  ["version 2, IPv4", Buffer.concat([V2, Buffer.from("2111000cc6336407cb007101c8220d05", "hex")]), "198.51.100.7"],
  [
    "version 2, IPv6 with an extension",
    Buffer.concat([
      V2,
      Buffer.from(`21210028${"20010db8".padEnd(31, "0")}7${"20010db8".padEnd(31, "0")}1c8220d0504000100`, "hex"),
    ]),
    "2001:db8::7",
  ],
  ["version 2, the balancer's own check", Buffer.concat([V2, Buffer.from("20000000", "hex")]), "127.0.0.5"],
])("a trusted balancer says for whom it speaks: %s", async (_name, header, address) => {
  fixture = startFixture({ options: { trusted_proxies: ["127.0.0.5"] } });
  const whole = await fixture.connect({ localAddress: "127.0.0.5" });
  whole.send(Buffer.concat([header, Buffer.from('{"id":1,"method":"mining.ping"}\n')]));
  expect((await whole.take((message) => message.id === 1)).result).toBe("pong");
  const inPieces = await fixture.connect({ localAddress: "127.0.0.5" });
  for (const byte of header) {
    inPieces.send(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await inPieces.request("mining.authorize", ["alice.rig1", "x"])).result).toBe(true);
  expect((await fixture.event("authorize")).remote_address).toBe(address);
});

test.each([
  ["none", Buffer.from('{"id":1,"method":"mining.ping"}\n')],
  ["a wrong family", Buffer.from("PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n")],
  ["a wrong address", Buffer.from("PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n")],
  ["a wrong port", Buffer.from("PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n")],
  ["no end", Buffer.from(`PROXY TCP4 ${"1".repeat(200)}`)],
  ["a wrong version", Buffer.concat([V2, Buffer.from("1111000cc6336407cb007101c8220d05", "hex")])],
  ["too short addresses", Buffer.concat([V2, Buffer.from("21110004c6336407", "hex")])],
  ["an endless extension", Buffer.concat([V2, Buffer.from("2111ffff", "hex")])],
])("a balancer whose header is wrong (%s) is cut off", async (_name, header) => {
  fixture = startFixture({ options: { trusted_proxies: ["127.0.0.5"] } });
  const balancer = await fixture.connect({ localAddress: "127.0.0.5" });
  balancer.send(header);
  await balancer.ended();
  expect(fixture.engine.stats()).toMatchObject({ closed: { protocol: 1 }, connections: 0 });
  await neighbourIsServed();
});

test("limits and lists go by the address that the balancer names", async () => {
  fixture = startFixture({
    options: { threads: 1, trusted_proxies: ["127.0.0.5"], deny: ["198.51.100.0/24"] },
    limits: { connections_per_address_max: 1 },
  });
  const behind = async (address: string) => {
    const miner = await fixture.connect({ localAddress: "127.0.0.5" });
    miner.send(Buffer.from(`PROXY TCP4 ${address} 127.0.0.1 1 2\r\n`));
    return miner;
  };
  await (await behind("198.51.100.9")).ended();
  const first = await behind("203.0.113.7");
  expect((await first.request("mining.ping", [])).result).toBe("pong");
  await (await behind("203.0.113.7")).ended();
  expect((await (await behind("203.0.113.8")).request("mining.ping", [])).result).toBe("pong");
  // From anybody else the header is just a bad line.
  const stranger = await fixture.connect();
  stranger.send("PROXY TCP4 1.2.3.4 127.0.0.1 1 2\r");
  expect((await stranger.take((message) => message.id === null)).error?.[0]).toBe(20);
});

test("who only guesses names loses the connection", async () => {
  fixture = startFixture();
  const miner = await fixture.connect();
  for (let i = 0; i < 9; i++) expect((await miner.request("mining.authorize", [`bad.${i}`])).error?.[0]).toBe(24);
  miner.send('{"id":9,"method":"mining.authorize","params":["bad.9"]}');
  await miner.ended();
  expect(fixture.engine.stats().closed.protocol).toBe(1);
});
