/** What pools get wrong about shares: spellings, retargets, stale jobs, blocks. */
import { CPU_FEATURES, type CpuFeature, cpuFeatures, setFeatureMask } from "@otedama/native";
import { afterEach, describe, expect, test } from "vitest";
import { EASY, type Fixture, makeJob, NTIME, readLog, startFixture, workerId } from "./stratum/fixture.ts";
import { difficultyOf, hashNumber, headerOf, search, sha256d } from "./stratum/judge.ts";
import type { RawMiner } from "./stratum/raw_miner.ts";

let fixture: Fixture;
afterEach(() => fixture?.stop());

const TIME = NTIME.toString(16);
const BLOCK_NBITS = 0x207fffff;

function share(
  miner: RawMiner,
  job: string[],
  options: { at_least?: number; below?: number; extranonce2?: string; from?: number } = {},
) {
  const { at_least = EASY, below = Number.POSITIVE_INFINITY, extranonce2 = "00000000000000ab", from = 0 } = options;
  const claim = { job, extranonce1: miner.extranonce1, extranonce2, ntime: TIME };
  const found = search(claim, (hash) => difficultyOf(hash) >= at_least && difficultyOf(hash) < below, from);
  return { ...found, claim, params: ["alice.rig1", job[0] as string, extranonce2, TIME, found.nonce] };
}

test("one share in two spellings is one share", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(0xabcd));
  const miner = await fixture.connect();
  const { job } = await miner.login();
  const { params } = share(miner, job);
  expect((await miner.request("mining.submit", params)).result).toBe(true);
  const [user, id, extranonce2, time, nonce] = params as [string, string, string, string, string];
  const spellings = [
    params,
    [user, id.toUpperCase(), extranonce2.toUpperCase(), time.toUpperCase(), nonce.toUpperCase()],
    [user, id, extranonce2, time, nonce, "00000000"],
  ];
  for (const spelling of spellings) expect((await miner.request("mining.submit", spelling)).error?.[0]).toBe(22);
  miner.send(
    `{"id":"x","method":"mining.submit","params":["alice.rig1","${id}","\\u0030${extranonce2.slice(1)}","${time}","${nonce}"]}`,
  );
  expect((await miner.take((message) => message.id === "x")).error).toEqual([22, "duplicate share", null]);
  expect(fixture.engine.stats().shares).toEqual([1, 0, 4, 0, 0, 0]);
  const lines = [
    `{"params": ${JSON.stringify(params).replaceAll(",", ", ")}, "id": 101, "method": "mining.submit"}`,
    `{"method":"mining.submit","params":${JSON.stringify(params)},"id":102}`,
    `{"id":103,"jsonrpc":"2.0","method":"mining.submit","params":${JSON.stringify(params)}}`,
    `{ "id" : 104 ,\t"method" : "mining.submit" , "params" : ${JSON.stringify(params).replaceAll(",", " ,  ")} }`,
    `{"id":105,"method":"mining.submit","params":${JSON.stringify(params)}}\r`,
  ];
  miner.send(lines.join("\n"));
  for (let i = 0; i < lines.length; i++) expect((await miner.take(({ id }) => id === 101 + i)).error?.[0]).toBe(22);
  const broken = lines.map((line) => line.replace("}", "]")).concat(`{"id":106,"method":"mining.submit","params":["a" "b"]}`);
  for (const line of broken.slice(-4)) {
    miner.send(line);
    expect((await miner.take(({ id }) => id === null)).error?.[1]).toContain("not a Stratum message");
  }
});

test("thousands of shares of one job count once each, and not again", async () => {
  fixture = startFixture({ vardiff: { initial: 1e-12, min: 1e-12 } });
  fixture.engine.setJob(makeJob(1));
  const miner = await fixture.connect();
  const { job } = await miner.login();
  const COUNT = 3000;
  for (const [again, answer] of [true, 22].entries()) {
    const lines = Array.from({ length: COUNT }, (_, i) => {
      const params = ["alice.rig1", job[0], i.toString(16).padStart(16, "0"), TIME, "00000000"];
      return JSON.stringify({ id: again * COUNT + i, method: "mining.submit", params });
    });
    miner.send(lines.join("\n"));
    for (let i = 0; i < COUNT; i++) {
      const { result, error } = await miner.take(({ id }) => id === again * COUNT + i);
      expect(error?.[0] ?? result).toBe(answer);
    }
  }
  expect(fixture.engine.stats().shares).toEqual([COUNT, 0, COUNT, 0, 0, 0]);
});

test("the same share twice in one packet is paid once", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1));
  const miner = await fixture.connect();
  const { job } = await miner.login();
  const params = JSON.stringify(share(miner, job).params);
  miner.send(`{"id":1,"method":"mining.submit","params":${params}}\n{"id":2,"method":"mining.submit","params":${params}}`);
  const answers = [await miner.take((message) => message.id === 1), await miner.take((message) => message.id === 2)];
  expect(answers.map((answer) => answer.error?.[0] ?? answer.result)).toEqual([true, 22]);
});

describe.each<[string, CpuFeature[]]>([
  ["portable", []],
  ["sse41", ["sse4_1"]],
  ["avx2", ["sse4_1", "avx2"]],
  ["sha_ni", ["sse4_1", "sha_ni"]],
  ["avx512", ["sse4_1", "avx2", "avx512"]],
  ["everything", [...CPU_FEATURES]],
])("on the %s path", (name, features) => {
  afterEach(() => setFeatureMask(null));

  test("shares of two jobs in one packet are hashed as an independent judge does", async (context) => {
    if (name !== "everything" && features.some((feature) => !cpuFeatures().includes(feature))) return context.skip();
    setFeatureMask(features);
    fixture = startFixture({ vardiff: { initial: 1e-12, min: 1e-12 } });
    fixture.engine.setJob(makeJob(1));
    const miner = await fixture.connect();
    const { job } = await miner.login();
    fixture.engine.setJob(makeJob(2, { clean: false, merkle_branches: new Uint8Array(32 * 5).fill(9) }));
    const second = (await miner.takeMethod("mining.notify")).params as unknown as string[];
    const expected: string[] = [];
    const lines = Array.from({ length: 50 }, (_, i) => {
      const from = i % 3 === 0 ? second : job;
      const claim = { job: from, extranonce1: miner.extranonce1, extranonce2: i.toString(16).padStart(16, "0"), ntime: TIME };
      const nonce = (i * 7919).toString(16).padStart(8, "0");
      expected.push(
        sha256d(headerOf({ ...claim, nonce }))
          .reverse()
          .toString("hex"),
      );
      const params = ["alice.rig1", from[0], claim.extranonce2, TIME, nonce];
      return JSON.stringify({ id: i, method: "mining.submit", params });
    });
    miner.send(lines.join("\n"));
    for (let i = 0; i < lines.length; i++) expect((await miner.take((message) => message.id === i)).result).toBe(true);
    expect(readLog(fixture.dir).map(({ hash }) => hash)).toEqual(expected);
  });
});

test("a retarget judges what is in flight by its old difficulty, and credits that", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1));
  const miner = await fixture.connect();
  const { job } = await miner.login();
  const easy = share(miner, job, { below: 4 * EASY });
  const [session] = fixture.engine.sessions();
  fixture.engine.setDifficulty(session?.connection_id ?? 0, 4 * EASY);
  expect((await miner.takeMethod("mining.set_difficulty")).params).toEqual([4 * EASY]);
  const harder = (await miner.takeMethod("mining.notify")).params as string[];
  expect(harder[0]).not.toBe(job[0]);
  expect(harder.slice(1, 8)).toEqual(job.slice(1, 8));
  expect(harder[8]).toBe(false);

  // Found before the retarget: accepted, at the old credit.
  expect((await miner.request("mining.submit", easy.params)).result).toBe(true);
  // The same work under the new id is a duplicate or too easy, never paid again.
  expect((await miner.request("mining.submit", ["alice.rig1", harder[0], ...easy.params.slice(2)])).error?.[0]).toBe(23);
  const again = share(miner, harder, { at_least: 4 * EASY, from: easy.next });
  expect((await miner.request("mining.submit", again.params)).result).toBe(true);
  expect((await miner.request("mining.submit", ["alice.rig1", job[0], ...again.params.slice(2)])).error?.[0]).toBe(22);
  // The next job keeps the new difficulty.
  fixture.engine.setJob(makeJob(2, { clean: false }));
  const next = (await miner.takeMethod("mining.notify")).params as string[];
  expect((await miner.request("mining.submit", share(miner, next, { below: 4 * EASY }).params)).error?.[0]).toBe(23);
  expect((await miner.request("mining.submit", share(miner, next, { at_least: 4 * EASY }).params)).result).toBe(true);

  await fixture.engine.stop();
  const credited = readLog(fixture.dir).filter((record) => record.result === "accepted");
  expect(credited.map((record) => record.job_difficulty)).toEqual([EASY, 4 * EASY, 4 * EASY]);
});

test("an id that was never sent on this connection is not found, whatever it would be worth", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1));
  fixture.engine.setJob(makeJob(2, { clean: false }));
  const miner = await fixture.connect();
  const { job } = await miner.login();
  const { params } = share(miner, job);
  for (const id of ["00000001", "000000020001", "00000003"]) {
    const answer = await miner.request("mining.submit", ["alice.rig1", id, ...params.slice(2)]);
    expect(answer.error).toEqual([21, expect.stringContaining("job not found"), null]);
  }
  expect(fixture.engine.stats().shares[1]).toBe(3);
});

test("older jobs of a tip stay good; those of the tip before are stale; the oldest are forgotten", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1));
  const miner = await fixture.connect();
  const { job: first } = await miner.login();
  for (let number = 2; number <= 5; number++) fixture.engine.setJob(makeJob(number, { clean: false }));
  await miner.take((message) => message.method === "mining.notify" && message.params?.[0] === "00000005");
  expect((await miner.request("mining.submit", share(miner, first).params)).result).toBe(true);
  fixture.engine.setJob(makeJob(6));
  await miner.take((message) => message.method === "mining.notify" && message.params?.[0] === "00000006");
  const late = share(miner, first, { from: 2_000_000 });
  expect((await miner.request("mining.submit", late.params)).error).toEqual([21, expect.stringContaining("stale"), null]);
  for (let number = 7; number <= 71; number++) fixture.engine.setJob(makeJob(number, { clean: false }));
  await miner.take((message) => message.method === "mining.notify" && message.params?.[0] === "00000047");
  expect((await miner.request("mining.submit", late.params)).error).toEqual([21, expect.stringContaining("not found"), null]);
});

test("a block is handed up with what it takes to build it, and answered when it is stored", async () => {
  const seen: number[] = [];
  fixture = startFixture({ onEvent: (event) => event.kind === "block" && seen.push(event.candidate_id) });
  fixture.engine.setJob(makeJob(9, { nbits: BLOCK_NBITS }));
  const miner = await fixture.connect();
  const { job, difficulty } = await miner.login();
  expect(difficulty).toBeCloseTo(4.6565e-10, 13);
  const found = share(miner, job, { at_least: 1e-9 });
  miner.send(JSON.stringify({ id: "block", method: "mining.submit", params: found.params }));
  const event = await fixture.event("block");
  const header = headerOf({ ...found.claim, nonce: found.nonce });
  expect(event).toMatchObject({ worker_id: workerId("alice.rig1"), job_number: 9, accepted: true });
  expect(Buffer.from(event.header)).toEqual(header);
  expect(event.hash).toBe(sha256d(header).reverse().toString("hex"));
  expect(hashNumber(sha256d(Buffer.from(event.header)))).toBeLessThanOrEqual(0x7fffffn << 232n);
  expect(Buffer.from(event.coinbase).toString("hex")).toBe(job[2] + miner.extranonce1 + found.claim.extranonce2 + job[3]);
  expect(event.share_difficulty).toBeCloseTo(difficultyOf(found.hash), 15);
  // Its record is on disk before the answer; the answer waits for the pool.
  while (fixture.engine.stats().share_log.records < 1) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(readLog(fixture.dir)).toMatchObject([{ kind: 2, result: "accepted", hash: event.hash }]);
  expect((await miner.request("mining.ping", [])).result).toBe("pong");
  expect(miner.lines.filter((line) => line.includes('"block"'))).toEqual([]);
  fixture.engine.blockStored(event.candidate_id);
  expect((await miner.take((message) => message.id === "block")).result).toBe(true);
  // A copy of it is a duplicate and not handed up again.
  expect((await miner.request("mining.submit", found.params)).error?.[0]).toBe(22);
  expect(seen).toHaveLength(1);
});

test("a block on a job that has just gone stale is handed up all the same", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1, { nbits: BLOCK_NBITS }));
  const miner = await fixture.connect();
  const { job } = await miner.login();
  const found = share(miner, job, { at_least: 1e-9 });
  fixture.engine.setJob(makeJob(2, { nbits: BLOCK_NBITS }));
  expect((await miner.request("mining.submit", found.params)).error?.[0]).toBe(21);
  expect(await fixture.event("block")).toMatchObject({ accepted: false, job_number: 1 });
});

test("a difficulty of any fraction draws its line exactly", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1));
  const miner = await fixture.connect();
  await miner.login();
  const [session] = fixture.engine.sessions();
  // Three significant digits of difficulty, on either side of the line.
  for (const [index, difficulty] of [1.23e-7, 3.07e-7, 9.99e-8].entries()) {
    const extranonce2 = `000000000000000${index}`;
    fixture.engine.setDifficulty(session?.connection_id ?? 0, difficulty);
    expect((await miner.takeMethod("mining.set_difficulty")).params).toEqual([difficulty]);
    const sent = (await miner.takeMethod("mining.notify")).params as string[];
    const above = share(miner, sent, { at_least: difficulty, below: difficulty * 1.3, extranonce2 });
    const below = share(miner, sent, { at_least: difficulty * 0.8, below: difficulty, extranonce2 });
    expect((await miner.request("mining.submit", above.params)).result).toBe(true);
    expect((await miner.request("mining.submit", below.params)).error?.[0]).toBe(23);
  }
});

test("every connection has an extranonce1 of its own, on all threads", async () => {
  fixture = startFixture({ options: { threads: 4 } });
  const miners = await Promise.all(Array.from({ length: 100 }, () => fixture.connect()));
  await Promise.all(miners.map((miner) => miner.subscribe()));
  expect(new Set(miners.map((miner) => miner.extranonce1)).size).toBe(100);
});

test("a wrong job is refused with a sentence", () => {
  fixture = startFixture();
  const set = (overrides: object) => () => fixture.engine.setJob(makeJob(5, overrides));
  expect(set({ prev_hash: new Uint8Array(31) })).toThrow("the length of prev_hash must be 32 … 32, not 31");
  expect(set({ merkle_branches: new Uint8Array(33) })).toThrow("merkle_branches must be whole hashes of 32 bytes");
  expect(set({ job_number: 0 })).toThrow("job_number must be 1 … 4294967295, not 0");
  set({})();
  expect(set({})).toThrow("job_number must rise: 5 does not follow 5");
});

test("new bounds of difficulty hold for who connects now, and for the others from their next retarget on", async () => {
  fixture = startFixture();
  fixture.engine.setJob(makeJob(1));
  const before = await fixture.connect();
  let { job, difficulty } = await before.login();
  expect(difficulty).toBe(EASY);
  const bounds = { enabled: true, initial: 8 * EASY, min: 4 * EASY, max: 16 * EASY, target_interval_s: 600 };
  for (const wrong of [
    { min: Number.NaN },
    { min: -1 },
    { max: 2 * EASY },
    { initial: 99 },
    { target_interval_s: Number.POSITIVE_INFINITY },
  ]) {
    const [field] = Object.keys(wrong);
    expect(() => fixture.engine.setVardiff({ ...bounds, ...wrong })).toThrow(new RegExp(`vardiff\\.${field}`));
  }
  fixture.engine.setVardiff(bounds);
  // The loops take it up one after the other.
  let fresh = await fixture.connect();
  for (let seen = await fresh.login(); seen.difficulty !== bounds.initial; seen = await fresh.login()) {
    fresh.close();
    fresh = await fixture.connect();
  }
  // Far more shares than one in ten minutes: the connection from before is raised, into the new bounds.
  const changed = () => before.lines.some((line) => line.includes("mining.set_difficulty"));
  for (let at = 0; !changed(); at++) {
    const { params } = share(before, job, { extranonce2: at.toString(16).padStart(16, "0") });
    expect((await before.request("mining.submit", params)).result).toBe(true);
  }
  difficulty = (await before.takeMethod("mining.set_difficulty")).params?.[0] as number;
  expect(difficulty).toBeGreaterThanOrEqual(bounds.min);
  expect(difficulty).toBeLessThanOrEqual(bounds.max);
  job = (await before.takeMethod("mining.notify")).params as string[];
  const harder = share(before, job, { at_least: difficulty });
  expect((await before.request("mining.submit", harder.params)).result).toBe(true);
});
