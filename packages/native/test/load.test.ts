/** The load generator against the engine and against the yardstick, small: what it counts is what the server counts. */
import { afterEach, expect, test } from "vitest";
import { realisticJob } from "../bench/realistic_job.ts";
import { connectCrowd, PlainServer, type StratumCrowd } from "../src/load.ts";
import { type Fixture, startFixture } from "./stratum/fixture.ts";

/** Every hash is a share. */
const DIFFICULTY = 1e-10;
const CROWD = { host: "127.0.0.1", workers: 20, source_addresses: 2, user: "load.#", password: "x" };

let fixture: Fixture | undefined;
let crowd: StratumCrowd | undefined;
afterEach(async () => {
  crowd?.close();
  await fixture?.stop();
  crowd = fixture = undefined;
});

test("a crowd loads the engine, flat out and at a rate, and every share is accepted and counted once", async () => {
  fixture = startFixture({ vardiff: { initial: DIFFICULTY, min: DIFFICULTY }, options: { ack: "fast" } });
  fixture.engine.setJob(realisticJob(1));
  crowd = await connectCrowd({ ...CROWD, port: fixture.port });
  expect(crowd.ready).toBe(20);
  const flat = await crowd.run({ duration_s: 0.3, in_flight: 4 });
  const even = await crowd.run({ duration_s: 0.3, rate: 500 });
  for (const result of [flat, even]) {
    expect(result.accepted).toBeGreaterThan(50);
    expect(result.accepted).toBe(result.sent);
    expect(result.disconnected).toBe(0);
    expect(result.p50_ms).toBeGreaterThan(0);
    expect(result.p999_ms).toBeGreaterThanOrEqual(result.p50_ms);
  }
  expect(even.sent).toBeLessThanOrEqual(160);
  const { shares, answer_ms } = fixture.engine.stats();
  expect(shares).toEqual([flat.accepted + even.accepted, 0, 0, 0, 0, 0]);
  expect(answer_ms.counts.at(-1)).toBe(flat.accepted + even.accepted);

  fixture.engine.setJob(realisticJob(2));
  while (crowd.arrivals().at(-1)?.miners !== 20 || crowd.arrivals().length < 2)
    await new Promise((resolve) => setTimeout(resolve, 5));
  expect(crowd.arrivals().map((job) => [job.job_id, job.miners])).toEqual([
    ["00000001", 20],
    ["00000002", 20],
  ]);
});

test("what a pool refuses is counted by its error code", async () => {
  fixture = startFixture({ vardiff: { initial: 1e6 } });
  fixture.engine.setJob(realisticJob(1));
  crowd = await connectCrowd({ ...CROWD, port: fixture.port });
  const result = await crowd.run({ duration_s: 0.2 });
  expect(result.accepted).toBe(0);
  expect(result.refused["23"]).toBe(result.sent);
});

test("a crowd that is not let in says why", async () => {
  fixture = startFixture();
  fixture.engine.setJob(realisticJob(1));
  await expect(connectCrowd({ ...CROWD, user: "bad.#", port: fixture.port })).rejects.toThrow("does not let the workers in");
  await expect(connectCrowd({ ...CROWD, host: "localhost", port: fixture.port })).rejects.toThrow("IPv4 address in numbers");
});

test("the yardstick answers whatever it is sent", async () => {
  const job = ["00000001", "00".repeat(32), "00", "00", [], "20000000", "1d00ffff", "6756f300", true];
  const server = new PlainServer(`${JSON.stringify({ id: null, method: "mining.notify", params: job })}\n`);
  crowd = await connectCrowd({ ...CROWD, port: server.port });
  const result = await crowd.run({ duration_s: 0.2, in_flight: 2 });
  expect(result.accepted).toBe(result.sent);
  crowd.close();
  crowd = undefined;
  server.close();
});
