/** A whole session over a real socket: every method of the protocol and what it answers. */
import { afterEach, expect, test } from "vitest";
import { EASY, type Fixture, makeJob, NTIME, readLog, startFixture, workerId } from "./stratum/fixture.ts";
import { difficultyOf, headerOf, search } from "./stratum/judge.ts";
import type { RawMiner } from "./stratum/raw_miner.ts";

let fixture: Fixture;
afterEach(() => fixture?.stop());

const TIME = NTIME.toString(16);

function claimOf(miner: RawMiner, job: string[], extranonce2 = "0000000000000000") {
  return { job, extranonce1: miner.extranonce1, extranonce2, ntime: TIME };
}

function good(miner: RawMiner, job: string[], extranonce2 = "0000000000000000", difficulty = EASY) {
  const claim = claimOf(miner, job, extranonce2);
  const found = search(claim, (hash) => difficultyOf(hash) >= difficulty);
  return { ...found, params: ["alice.rig1", job[0], extranonce2, TIME, found.nonce] };
}

test("subscribe, authorize and submit: the share is judged as an independent judge does, and is in the log", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1));
  const miner = await fixture.connect();
  const { difficulty, job } = await miner.login();
  expect(difficulty).toBe(EASY);
  expect(miner.extranonce1).toMatch(/^ab12[0-9a-f]{8}$/);
  const share = good(miner, job);
  expect(await miner.request("mining.submit", share.params)).toEqual({ id: expect.any(Number), result: true, error: null });

  const [record] = readLog(fixture.dir);
  expect(record).toMatchObject({
    kind: 1,
    result: "accepted",
    worker_id: workerId("alice.rig1"),
    job_number: 1,
    job_difficulty: EASY,
  });
  expect(record?.hash).toBe(Buffer.from(share.hash).reverse().toString("hex"));
  expect(record?.share_difficulty).toBeCloseTo(difficultyOf(share.hash), 12);
  expect(fixture.engine.stats()).toMatchObject({ shares: [1, 0, 0, 0, 0, 0], connections: 1, subscribed: 1, authorized: 1 });
});

test("the notify line carries the job as Stratum writes it", async () => {
  fixture = startFixture();
  const job = makeJob(0x1a2b);
  fixture.engine.setJob(job);
  const { job: params } = await (await fixture.connect()).login();
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  const words = hex(job.prev_hash).match(/.{8}/g) ?? [];
  expect(params).toEqual([
    "00001a2b",
    words.map((word) => (word.match(/../g) ?? []).reverse().join("")).join(""),
    hex(job.coinbase_prefix),
    hex(job.coinbase_suffix),
    hex(job.merkle_branches).match(/.{64}/g),
    "20000000",
    "1d00ffff",
    TIME,
    true,
  ]);
});

test("many shares in one packet, in any order of keys and spelling of JSON, are all answered", async () => {
  fixture = startFixture({ options: { ack: "fast" } });
  fixture.engine.setJob(makeJob(1));
  const miner = await fixture.connect();
  const { job } = await miner.login();
  const lines: string[] = [];
  for (let i = 0; i < 40; i++) {
    const extranonce2 = (i % 7).toString(16).padStart(16, "0");
    const claim = claimOf(miner, job, extranonce2);
    const found = search(claim, (hash) => difficultyOf(hash) >= EASY, i * 1_000_000);
    const params = JSON.stringify(["alice.rig1", job[0], extranonce2, TIME, found.nonce]);
    lines.push(
      i % 2
        ? `\t{ "params" : ${params} ,"extra":{"a":[1,2,{"b":null}]}, "method":"mining.submit", "id": "s\\u00e9-${i}" } \r`
        : `{"id":${i},"method":"mining.submit","params":${params}}`,
    );
  }
  miner.send(lines.join("\n"));
  for (let i = 0; i < 40; i++) {
    const id = i % 2 ? `sé-${i}` : i;
    expect(await miner.take((message) => message.id === id)).toEqual({ id, result: true, error: null });
  }
  expect(fixture.engine.stats().shares[0]).toBe(40);
});

test("ids are echoed exactly as they were written", async () => {
  fixture = startFixture();
  const miner = await fixture.connect();
  for (const id of ["1", "-0.50e1", '"a\\u0041"', "null", "18446744073709551616"]) {
    miner.send(`{"id":${id},"method":"mining.ping","params":[]}`);
    await miner.take(() => true).then(() => {});
  }
  miner.send('{"id":"a\\u0041","method":"mining.ping"}');
  while (miner.lines.length < 1) await new Promise((resolve) => miner.socket.once("data", resolve));
  expect(miner.lines[0]).toBe('{"id":"a\\u0041","result":"pong","error":null}');
});

test("configure: version rolling is the true intersection of the masks, and bits outside it are refused", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1));
  const miner = await fixture.connect();
  const configure = (mask: string, bits: number) =>
    miner.request("mining.configure", [
      ["version-rolling"],
      { "version-rolling.mask": mask, "version-rolling.min-bit-count": bits },
    ]);
  expect((await configure("00000fff", 2)).result).toEqual({ "version-rolling": false });
  expect((await configure("0000ffff", 4)).result).toEqual({ "version-rolling": false });
  expect((await configure("0000FFFF", 3)).result).toEqual({ "version-rolling": true, "version-rolling.mask": "0000e000" });

  const { job } = await miner.login();
  const version = 0x20000000 | 0x0000a000;
  const found = search({ ...claimOf(miner, job), version }, (hash) => difficultyOf(hash) >= EASY);
  const submit = (bits: string) =>
    miner.request("mining.submit", ["alice.rig1", job[0], "0000000000000000", TIME, found.nonce, bits]);
  expect((await submit("0001a000")).error).toEqual([20, expect.stringContaining("mask 0000e000"), null]);
  expect((await submit("0000A000")).result).toBe(true);
  expect(Buffer.from(headerOf({ ...claimOf(miner, job), version, nonce: found.nonce }).subarray(0, 4)).readUInt32LE()).toBe(
    version,
  );
});

test("configure: minimum-difficulty, subscribe-extranonce and info are understood, others answered with false", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1));
  const miner = await fixture.connect();
  const answer = await miner.request("mining.configure", [
    ["minimum-difficulty", "subscribe-extranonce", "info", "time-travel"],
    { "minimum-difficulty.value": 0.25, "info.hw-id": "x" },
  ]);
  expect(answer.result).toEqual({
    "minimum-difficulty": true,
    "subscribe-extranonce": true,
    info: true,
    "time-travel": false,
  });
  expect((await miner.login()).difficulty).toBe(0.25);
});

test.each([
  ["mining.configure", [], "must be an array of extensions"],
  ["mining.configure", [["version-rolling"], { "version-rolling.mask": "xyz" }], "version-rolling.mask must be 8 hex digits"],
  ["mining.configure", [["minimum-difficulty"], {}], "minimum-difficulty.value must be a number"],
  ["mining.subscribe", [7], "must be the miner's name"],
  ["mining.authorize", [], "must be the user"],
  ["mining.authorize", ["a".repeat(300)], "longer than 256 bytes"],
  ["mining.suggest_difficulty", ["much"], "must be a number above 0"],
  ["mining.suggest_difficulty", [-1], "must be a number above 0"],
  ["mining.suggest_target", ["00ff"], "must be 64 hex digits"],
  ["mining.get_transactions", ["00000001"], "not served over Stratum"],
  ["mining.levitate", [], "unknown method mining.levitate"],
  ["eth_submitLogin", ["x"], "unknown method eth_submitLogin"],
])("%s %j is refused with error 20 that says why", async (method, params, why) => {
  fixture = startFixture();
  const miner = await fixture.connect();
  const answer = await miner.request(method, params);
  expect(answer.result).toBeNull();
  expect(answer.error).toEqual([20, expect.stringContaining(why), null]);
});

test("several workers share a connection; a refused login is error 24 with the pool's sentence", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1));
  const miner = await fixture.connect();
  await miner.subscribe();
  expect((await miner.request("mining.authorize", ["bad.one", "x"])).error).toEqual([24, "no such account", null]);
  const { job } = { job: (await loginSecond(miner)).params as string[] };
  const share = good(miner, job);
  expect((await miner.request("mining.submit", ["stranger", ...share.params.slice(1)])).error?.[0]).toBe(24);
  expect((await miner.request("mining.submit", ["alice.rig2", ...share.params.slice(1)])).result).toBe(true);
  expect(readLog(fixture.dir)).toMatchObject([{ worker_id: workerId("alice.rig2"), result: "accepted" }]);
  expect(fixture.engine.stats()).toMatchObject({ shares: [1, 0, 0, 0, 1, 0], authorized: 1 });
  expect(fixture.engine.sessions().map((session) => session.worker_id)).toEqual([workerId("alice.rig1"), workerId("alice.rig2")]);
});

async function loginSecond(miner: RawMiner) {
  expect((await miner.request("mining.authorize", ["alice.rig1", "x"])).result).toBe(true);
  expect((await miner.request("mining.authorize", ["alice.rig2", "x"])).result).toBe(true);
  return miner.takeMethod("mining.notify");
}

test("a submit before a subscription is error 25, counted apart", async () => {
  fixture = startFixture();
  const miner = await fixture.connect();
  const answer = await miner.request("mining.submit", ["a", "00000001", "0000000000000000", TIME, "00000000"]);
  expect(answer.error).toEqual([25, expect.stringContaining("mining.subscribe"), null]);
  expect(fixture.engine.stats()).toMatchObject({ not_subscribed: 1, shares: [0, 0, 0, 0, 0, 0] });
});

test.each([
  [2, "000000000000000", "extranonce2 must be 16 hex digits"],
  [2, "00000000000000000", "extranonce2 must be 16 hex digits"],
  [2, "000000000000000g", "extranonce2 must be 16 hex digits"],
  [3, "6756f3", "ntime must be 8 hex digits"],
  [3, "6756f2ff", "ntime must lie between"],
  [3, (NTIME + 7001).toString(16), "ntime must lie between"],
  [4, "0x000000", "nonce must be 8 hex digits"],
  [4, "", "nonce must be 8 hex digits"],
  [1, "1", "job id is not one that was sent"],
  [1, 7, "must be strings"],
])("param %i of a submit as %j is refused with error 20 that names it", async (index, value, why) => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1));
  const miner = await fixture.connect();
  const { job } = await miner.login();
  const params: unknown[] = ["alice.rig1", job[0], "0000000000000000", TIME, "00000000"];
  params[index] = value;
  const answer = await miner.request("mining.submit", params);
  expect(answer.error).toEqual([20, expect.stringContaining(why), null]);
  expect(fixture.engine.stats().shares[5]).toBe(1);
});

test("the latest time that is allowed is allowed", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1));
  const miner = await fixture.connect();
  const { job } = await miner.login();
  const ntime = (NTIME + 7000).toString(16);
  const found = search({ ...claimOf(miner, job), ntime }, (hash) => difficultyOf(hash) >= EASY);
  expect((await miner.request("mining.submit", ["alice.rig1", job[0], "0000000000000000", ntime, found.nonce])).result).toBe(
    true,
  );
});

test("low difficulty is error 23 and the log has it for its worker", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1));
  const miner = await fixture.connect();
  const { job } = await miner.login();
  const found = search(claimOf(miner, job), (hash) => difficultyOf(hash) < EASY);
  const answer = await miner.request("mining.submit", ["alice.rig1", job[0], "0000000000000000", TIME, found.nonce]);
  expect(answer.error?.[0]).toBe(23);
  await fixture.engine.stop();
  expect(readLog(fixture.dir)).toMatchObject([{ result: "low_difficulty", worker_id: workerId("alice.rig1") }]);
});

test("suggest_difficulty and suggest_target set the difficulty, with a job of its own at once", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1));
  const miner = await fixture.connect();
  await miner.login();
  expect((await miner.request("mining.suggest_difficulty", [0.5])).result).toBe(true);
  expect((await miner.takeMethod("mining.set_difficulty")).params).toEqual([0.5]);
  expect((await miner.takeMethod("mining.notify")).params?.slice(0, 1)).toEqual(["000000010001"]);
  const target = "00000003fffc0000000000000000000000000000000000000000000000000000";
  expect((await miner.request("mining.suggest_target", [target])).result).toBe(true);
  expect((await miner.takeMethod("mining.set_difficulty")).params).toEqual([0.25]);
});

test("a difficulty is never above the network's", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1, { nbits: 0x1e00ffff }));
  const miner = await fixture.connect();
  expect((await miner.login("alice.rig1", "d=1000000")).difficulty).toBe(1 / 256);
});

test("set_extranonce reaches those who asked for it, and shares of before still count", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1));
  const asked = await fixture.connect();
  const other = await fixture.connect();
  expect((await asked.request("mining.extranonce.subscribe", [])).result).toBe(true);
  const { job } = await asked.login();
  await other.login("bob.rig1");
  const before = good(asked, job);
  fixture.engine.setExtranoncePrefix(0xcd34);
  const [extranonce1, size] = (await asked.takeMethod("mining.set_extranonce")).params as [string, number];
  expect(extranonce1).toMatch(/^cd34[0-9a-f]{8}$/);
  expect(size).toBe(8);
  const next = (await asked.takeMethod("mining.notify")).params as string[];
  expect((await asked.request("mining.submit", before.params)).result).toBe(true);
  asked.extranonce1 = extranonce1;
  expect((await asked.request("mining.submit", good(asked, next).params)).result).toBe(true);
  expect((await other.request("mining.ping", [])).result).toBe("pong");
  expect(other.lines.filter((line) => line.includes("set_extranonce"))).toEqual([]);
});

test("a session that comes back by its id gets its extranonce1 again, and nobody else does", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1));
  const first = await fixture.connect();
  const { job } = await first.login();
  const { session, extranonce1 } = first;
  const share = good(first, job);
  const thief = await fixture.connect();
  await thief.subscribe("raw/1", session);
  expect(thief.extranonce1).not.toBe(extranonce1);
  expect((await first.request("mining.submit", share.params)).result).toBe(true);
  first.close();
  await fixture.event("closed");
  const wrong = await fixture.connect();
  await wrong.subscribe("raw/1", session.slice(0, -1) + (session.endsWith("0") ? "1" : "0"));
  expect(wrong.extranonce1).not.toBe(extranonce1);
  const again = await fixture.connect();
  await again.subscribe("raw/1", session);
  expect(again.extranonce1).toBe(extranonce1);
  // What it submitted before it came back is not paid again.
  await again.request("mining.authorize", ["alice.rig1", "x"]);
  expect((await again.request("mining.submit", share.params)).error?.[0]).toBe(22);
});

test("show_message and reconnect reach one or all; a nameless miner is asked for its version", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1));
  const first = await fixture.connect();
  const second = await fixture.connect();
  await first.login("alice.rig1");
  await second.request("mining.subscribe", []);
  expect((await second.takeMethod("client.get_version")).id).toBe(0);
  second.send('{"id":0,"result":"nameless/2.0","error":null}');
  await second.request("mining.authorize", ["bob.rig1", "x"]);
  const sessions = fixture.engine.sessions();
  expect(sessions.map((session) => session.user_agent).sort()).toEqual(["nameless/2.0", "raw/1"]);
  const alice = sessions.find((session) => session.worker_id === workerId("alice.rig1"));
  fixture.engine.showMessage("a block!\n");
  fixture.engine.reconnect({ host: "pool.example", port: 3333, wait_s: 5 }, alice?.connection_id);
  expect((await first.takeMethod("client.show_message")).params).toEqual(["a block!\n"]);
  expect((await second.takeMethod("client.show_message")).params).toEqual(["a block!\n"]);
  expect((await first.takeMethod("client.reconnect")).params).toEqual(["pool.example", 3333, 5]);
  expect((await second.request("mining.ping", [])).result).toBe("pong");
  expect(second.lines).toEqual(expect.not.arrayContaining([expect.stringContaining("client.reconnect")]));
});

test("a port that is taken is named", () => {
  fixture = startFixture();
  const again = () => startFixture({ options: { listen: [{ host: "127.0.0.1", port: fixture.port }] } });
  expect(again).toThrow(`Stratum cannot listen on 127.0.0.1:${fixture.port}: the port is in use by another program`);
});
