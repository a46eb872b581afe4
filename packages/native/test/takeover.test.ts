/** A newer engine takes over from a running one: miners keep their connection and everything that belongs to it. */
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createStratumEngine, type EngineEvent, type StratumEngine } from "../src/engine.ts";
import { EASY, engineOptions, type Fixture, makeJob, NTIME, readLog, startFixture } from "./stratum/fixture.ts";
import { difficultyOf, search } from "./stratum/judge.ts";
import { RawMiner } from "./stratum/raw_miner.ts";

let dir: string;
let old: Fixture;
let newer: StratumEngine | undefined;
let path: string;
const miners: RawMiner[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "otedama-takeover-"));
  path = join(dir, "takeover.sock");
});
afterEach(async () => {
  for (const miner of miners.splice(0)) miner.close();
  await old.stop();
  await newer?.stop();
  newer = undefined;
  rmSync(dir, { recursive: true, force: true });
});

function makeNewer(threads = 3): { engine: StratumEngine; events: EngineEvent[] } {
  const events: EngineEvent[] = [];
  const engine = createStratumEngine(engineOptions(dir, { options: { threads } }), {
    onEvent(event) {
      events.push(event);
      if (event.kind === "authorize") {
        engine.authorizeResult(event.connection_id, event.request_number, { accepted: true, worker_id: 77, difficulty: null });
      }
    },
  });
  newer = engine;
  return { engine, events };
}

async function offered(): Promise<void> {
  old.engine.offerTakeover(path);
  await connectable(path);
}

/** The socket is made on another thread. */
async function connectable(at: string): Promise<void> {
  while (!existsSync(at)) await new Promise((resolve) => setTimeout(resolve, 5));
}

function shareOf(miner: RawMiner, job: string[], difficulty: number, from = 0) {
  const claim = { job, extranonce1: miner.extranonce1, extranonce2: "0000000000000000", ntime: NTIME.toString(16) };
  const found = search(claim, (hash) => difficultyOf(hash) >= difficulty, from);
  return { next: found.next, params: ["alice.rig1", job[0], claim.extranonce2, claim.ntime, found.nonce] };
}

test("miners keep connection, jobs, difficulty and extranonce1; no share is lost or paid twice", async () => {
  old = startFixture({ dir });
  old.engine.setJob(makeJob(1));
  const first = await old.connect();
  const { job } = await first.login();
  const second = await old.connect();
  await second.login("bob.rig1");
  const paid = shareOf(first, job, EASY);
  const inFlight = shareOf(first, job, EASY, paid.next);
  expect((await first.request("mining.submit", paid.params)).result).toBe(true);
  for (const one of old.engine.sessions()) old.engine.setDifficulty(one.connection_id, 3 * EASY);
  const harder = (await first.takeMethod("mining.notify")).params as string[];
  await first.takeMethod("mining.set_difficulty");
  // Half a line is on its way when the engines change.
  const read = old.engine.stats().bytes_in;
  first.send(Buffer.from('{"id":"half","method":'));
  while (old.engine.stats().bytes_in === read) await new Promise((resolve) => setTimeout(resolve, 5));
  const before = old.engine.sessions();

  await offered();
  const { engine } = makeNewer();
  const [bound] = engine.takeOver(path);
  expect(bound).toEqual({ host: "127.0.0.1", port: old.port });
  await old.event("handed_over");
  await old.engine.stop();
  expect(old.engine.stats()).toMatchObject({ connections: 0, closed: { handed_over: 2 } });
  expect(engine.stats()).toMatchObject({ connections: 2, subscribed: 2, authorized: 2 });
  const after = engine.sessions();
  const workers = (sessions: typeof after) => sessions.map((one) => one.worker_id).sort((a, b) => a - b);
  expect(workers(after)).toEqual(workers(before));
  for (const one of after) {
    const same = before.find((earlier) => earlier.worker_id === one.worker_id);
    expect(one).toMatchObject({ difficulty: 3 * EASY, user_agent: "raw/1", remote_address: "127.0.0.1" });
    expect(Math.abs(one.connected_at_ms - (same?.connected_at_ms ?? 0))).toBeLessThan(5);
  }

  first.send('"mining.ping"}');
  expect((await first.take((message) => message.id === "half")).result).toBe("pong");
  expect((await first.request("mining.submit", inFlight.params)).result).toBe(true);
  expect((await first.request("mining.submit", paid.params)).error?.[0]).toBe(22);
  expect((await first.request("mining.submit", shareOf(first, harder, 3 * EASY, 3_000_000).params)).result).toBe(true);

  engine.setJob(makeJob(2));
  const next = (await first.takeMethod("mining.notify")).params as string[];
  expect((await first.request("mining.submit", inFlight.params)).error?.[0]).toBe(21);
  expect((await first.request("mining.submit", shareOf(first, next, 3 * EASY).params)).result).toBe(true);
  expect(() => engine.setJob(makeJob(2))).toThrow("job_number must rise");

  const late = await RawMiner.connect(old.port);
  miners.push(late);
  await late.login("carol.rig1");
  expect([first.extranonce1, second.extranonce1]).not.toContain(late.extranonce1);
  const accepted = readLog(dir).filter((record) => record.result === "accepted");
  expect(accepted.map((record) => record.job_difficulty)).toEqual([EASY, EASY, 3 * EASY, 3 * EASY]);
  expect(readLog(dir).map((record) => record.sequence)).toEqual(readLog(dir).map((_, index) => BigInt(index + 1)));
});

test("what speaks TLS connects again: its keys stay with the older process", async () => {
  old = startFixture({ dir, options: { tls: { connections_max: 1 } } });
  const plain = await old.connect();
  expect((await plain.request("mining.ping", [])).result).toBe("pong");
  const secret = await old.connect();
  secret.send(Buffer.from([0x16]));
  const event = await old.event("tls");
  const ends = [new Socket({ fd: event.fd }), new Socket({ fd: event.plain_fd })] as const;
  await offered();
  const { engine } = makeNewer();
  engine.takeOver(path);
  ends[1].resume();
  await once(ends[1], "close");
  ends[0].destroy();
  await secret.ended();
  expect((await plain.request("mining.ping", [])).result).toBe("pong");
  await old.event("handed_over");
  expect(engine.stats()).toMatchObject({ connections: 1, tls_connections: 0 });
  expect(old.engine.stats()).toMatchObject({ connections: 0, tls_connections: 0, closed: { handed_over: 1, stopped: 1 } });
});

test("when the newer one fails half-way the older one goes on", async () => {
  old = startFixture({ dir });
  old.engine.setJob(makeJob(1));
  const miner = await old.connect();
  const { job } = await miner.login();
  await offered();
  // A newer engine that cannot have the log: another one of its name holds it elsewhere.
  const elsewhere = mkdtempSync(join(tmpdir(), "otedama-takeover-"));
  const blocker = startFixture({ dir: elsewhere });
  const engine = createStratumEngine(engineOptions(elsewhere), { onEvent: () => {} });
  expect(() => engine.takeOver(path)).toThrow("is written by another process");
  await old.event("fault", (event) => event.part === "takeover");
  expect((await miner.request("mining.submit", shareOf(miner, job, EASY).params)).result).toBe(true);
  expect(old.engine.stats()).toMatchObject({ connections: 1, shares: [1, 0, 0, 0, 0, 0] });
  await blocker.stop();
  rmSync(elsewhere, { recursive: true, force: true });

  // And a second try succeeds.
  await connectable(path);
  makeNewer(1).engine.takeOver(path);
  await old.event("handed_over");
  expect((await miner.request("mining.submit", shareOf(miner, job, EASY, 1_000_000).params)).result).toBe(true);
});

test("where nobody offers a takeover, a sentence says so", async () => {
  old = startFixture({ dir });
  const { engine } = makeNewer();
  expect(() => engine.takeOver(path)).toThrow(`no running pool offers a takeover at ${path}`);
});

test("an offer ends with the engine", async () => {
  old = startFixture({ dir });
  await offered();
  await old.engine.stop();
  const socket = connect(path);
  await new Promise((resolve) => socket.once("error", resolve));
  const server = createServer().listen(path);
  await new Promise((resolve) => server.once("listening", resolve));
  server.close();
});
