import { kernels } from "@otedama/native";
import { expect, test } from "vitest";
import { benchKernels, benchStratum, kernelTable, parseStratumBench, stratumTable } from "../bench/index.ts";
import { measureSplitCrowd } from "../bench/measure_split_crowd.ts";
import { startServer } from "../bench/processes.ts";

test("the benchmark of the kernels runs, and all kernels agree in it", async () => {
  const result = await benchKernels({ quick: true });
  expect(result.rows.map((row) => row.kernel)).toEqual(
    kernels()
      .filter(({ supported }) => supported)
      .map(({ name }) => name),
  );
  for (const row of result.rows)
    expect(Math.min(row.mining_hps, row.mining_one_version_hps, row.headers_per_s)).toBeGreaterThan(0);
  expect(kernelTable(result)).toContain("sha256d/portable");
});

test("the benchmark of the engine answers every share, and its new blocks reach every miner", { timeout: 60_000 }, async () => {
  const small = "-workers 10 -duration 0.2 -rounds 1 -rate 300 -in-flight 2 -connections 20".split(" ");
  const result = await benchStratum(parseStratumBench(small), { progress: () => {} });
  const rows = ["2 in flight", "300/s"].flatMap((load) =>
    ["not hashing", "ack fast", "ack durable"].map((subject) => [load, subject]),
  );
  expect(result.loads.map(({ load, subject }) => [load, subject])).toEqual(rows);
  for (const row of result.loads) {
    expect(row.accepted).toBeGreaterThan(10);
    expect(row.refused).toBe(0);
    expect(row.cpu_us_per_share).toBeGreaterThan(0);
    if (row.subject !== "not hashing") expect(row.cpu_ratio_to["not hashing"]).toBeGreaterThan(0);
  }
  expect(result.crowds).toMatchObject([
    { subject: "engine", miners: 20, processes: 1 },
    { subject: "not hashing", miners: 20, processes: 1 },
  ]);
  for (const { last_miner_ms } of result.crowds) expect(last_miner_ms).toBeGreaterThan(0);
  expect(stratumTable(result)).toContain("20 idle connections");
});

test("a crowd that is too large for one process is spread over several", { timeout: 60_000 }, async () => {
  const progress: string[] = [];
  const options = parseStratumBench("-rounds 1".split(" "));
  const figure = await measureSplitCrowd(10, 4, options, (line) => progress.push(line));
  expect(figure).toMatchObject({ subject: "engine", miners: 10, processes: 3 });
  expect(figure.last_miner_ms).toBeGreaterThan(0);
  expect(progress).toContain("10 of 10 miners connected");
});

test("any pool can be measured, beside another one, and a block command that fails is told", { timeout: 60_000 }, async () => {
  const pool = await startServer("engine", 1, "fast");
  const versus = await startServer("plain", 1, "fast");
  try {
    const words = `-workers 5 -duration 0.2 -rounds 1 -in-flight 1 -pool 127.0.0.1:${pool.port} -versus 127.0.0.1:${versus.port}`;
    const both = [...words.split(" "), "-pool-pid", String(pool.pid), "-versus-pid", String(versus.pid)];
    const result = await benchStratum(parseStratumBench(both), { progress: () => {} });
    expect(result.loads.map(({ subject, refused }) => [subject, refused])).toEqual([
      ["pool", 0],
      ["versus", 0],
    ]);
    expect(result.loads[0]?.cpu_ratio_to.versus).toBeGreaterThan(0);
    expect(result.loads[1]?.cpu_ratio_to).toEqual({});
    const idle = ["-pool", `127.0.0.1:${pool.port}`, "-in-flight", "0", "-connections", "5", "-block-command", "exit 3"];
    const blocks = parseStratumBench(idle);
    await expect(benchStratum(blocks, { progress: () => {} })).rejects.toThrow("the block command ended with 3: exit 3");
  } finally {
    pool.close();
    versus.close();
  }
});

test.each([
  ["-workers 0", "-workers takes a number from 1 to 2000000, not “0”"],
  ["-rate fast", "-rate takes up to 8 numbers"],
  ["-pool localhost:3333", "-pool takes an IPv4 address in numbers and a port"],
  ["-versus-pid 4", "-versus-pid needs -versus HOST:PORT"],
  ["-pool 127.0.0.1:1 -pool-pid me", "-pool-pid takes the number of a process"],
  ["-worker 4", "Unknown option '--worker'"],
])("the benchmark refuses %s", (line, sentence) => {
  expect(() => parseStratumBench(line.split(" "))).toThrow(sentence);
});
