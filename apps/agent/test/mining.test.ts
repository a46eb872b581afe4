import { afterEach, describe, expect, test } from "vitest";
import { type JudgedShare, Mining, type MiningOptions } from "../src/mining/mining.ts";
import { TestPool, type TestPoolOptions } from "./stratum_server.ts";

const open: { close(): void | Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

async function pool(options: TestPoolOptions = {}): Promise<TestPool> {
  const started = await new TestPool(options).listen();
  open.push(started);
  return started;
}

function mine(pools: TestPool[], options: Partial<MiningOptions> = {}) {
  const shares: JudgedShare[] = [];
  const states: string[] = [];
  const notices: string[] = [];
  const mining = new Mining(
    {
      pools: pools.map((upstream, i) => ({ url: upstream.url, user: `user${i}`, password: "x" })),
      threads: 1,
      nice: 5,
      user_agent: "otedama/test",
      timing: { first_wait_ms: 20, wait_ms_max: 100, proven_after_ms: 30_000 },
      return_probe_ms: 50,
      first_job_timeout_ms: 2_000,
      ...options,
    },
    {
      random: () => 0.5,
      observers: [
        {
          pool: ({ state, pool: upstream }) => states.push(`${state} ${upstream?.user ?? "-"}`),
          job: () => undefined,
          share: (share) => shares.push(share),
          notice: (_level, text) => notices.push(text),
        },
      ],
    },
  );
  open.push({ close: () => mining.stop() });
  mining.start();
  return { mining, shares, states, notices };
}

describe("mining for a pool", () => {
  test.each([
    ["with rolled versions", {}],
    ["with a pool that knows no version rolling", { version_mask: null }],
    ["without Merkle branches", { branches: 0 }],
    ["with one byte of extranonce2", { extranonce2_size: 1 }],
    ["with no extranonce2 at all", { extranonce2_size: 0 }],
    ["with a mask of one bit", { version_mask: "00002000" }],
  ])("finds shares that an independent check accepts, %s", async (_name, options: TestPoolOptions) => {
    const upstream = await pool(options);
    const { mining, shares } = mine([upstream]);
    await upstream.until(() => upstream.shares.length >= 5 && shares.length >= 5, "five shares");
    expect(shares.map((share) => share.result.result)).not.toContain("invalid");
    expect(mining.figures().shares.accepted).toBeGreaterThanOrEqual(5);
    expect(mining.figures().counters.hardware_errors).toBe(0);
    expect(upstream.shares.every((share) => share.user === "user0")).toBe(true);
  });

  test("rolls the version only inside the mask, and does roll it", async () => {
    const upstream = await pool({ version_mask: "00006000" });
    mine([upstream]);
    const versions = () => new Set(upstream.shares.map((share) => share.header.readUInt32LE(0)));
    await upstream.until(() => versions().size === 4, "all four versions");
    expect([...versions()].sort()).toEqual([0x20000000, 0x20002000, 0x20004000, 0x20006000]);
  });

  test("goes over to a new job", async () => {
    const upstream = await pool();
    mine([upstream]);
    await upstream.until(() => upstream.shares.length > 0, "a share");
    upstream.newJob();
    await upstream.until(() => upstream.shares.some((share) => share.job_id === "job1"), "a share of the new job");
  });

  test("counts what the pool refuses by its reason", async () => {
    const upstream = await pool();
    const answers = [
      [21, "Job not found", null],
      [22, "Duplicate share", null],
      [23, "Low difficulty", null],
      [99, "odd", null],
    ];
    upstream.judge = () => answers.shift() ?? null;
    const { mining, shares } = mine([upstream]);
    await upstream.until(() => shares.length >= 5, "five answers");
    expect(mining.figures().shares).toMatchObject({ stale: 1, duplicate: 1, low_difficulty: 1, invalid: 1 });
    expect(shares[0]?.result).toMatchObject({ result: "stale", code: 21, reason: "Job not found" });
  });

  test("rests while a pool with a difficulty of almost nothing does not answer, and goes on when it does", async () => {
    const upstream = await pool({ difficulty: 1e-7 });
    upstream.hold();
    const { mining, shares } = mine([upstream]);
    await upstream.until(() => upstream.held >= 256, "256 shares in flight");
    // What was found before the pause is still on its way; then it is quiet.
    const hashes = () => mining.figures().counters.thread_hashes.reduce((sum, count) => sum + count, 0);
    let before = -1;
    const resting = () => {
      const [last, now] = [before, hashes()];
      before = now;
      return now === last;
    };
    await upstream.until(resting, "mining to rest");
    expect(upstream.held).toBeLessThan(1024);
    upstream.release();
    await upstream.until(() => hashes() > before && shares.length > 1024, "mining to go on");
    expect(mining.figures().unanswered).toBe(0);
  });
});

describe("a pool that goes away", () => {
  test("is dialled again, and mining goes on", async () => {
    const upstream = await pool();
    const { states } = mine([upstream]);
    await upstream.until(() => upstream.shares.length > 0, "a share");
    upstream.dropAll();
    const before = upstream.shares.length;
    await upstream.until(() => upstream.shares.length > before, "a share after the outage");
    expect(states).toContain("waiting user0");
    expect(upstream.requests.filter(({ method }) => method === "mining.subscribe").at(-1)?.params).toEqual([
      "otedama/test",
      "session-1",
    ]);
  });

  test("is replaced by the next one, and taken back when it returns", async () => {
    const first = await new TestPool().listen();
    const second = await pool();
    const { port } = first;
    const { mining, states } = mine([first, second]);
    await first.until(() => first.shares.length > 0, "a share for the first");
    await first.close();
    await second.until(() => second.shares.length > 0, "a share for the second");
    expect(mining.figures().pool).toMatchObject({ state: "mining", pool: { user: "user1" } });
    const again = await new TestPool().listen(port);
    open.push(again);
    await again.until(() => again.shares.length > 0, "a share for the first again");
    expect(mining.figures().pool).toMatchObject({ state: "mining", pool: { user: "user0" } });
    // Never without work in between: from the second straight to the first.
    expect(states.slice(states.lastIndexOf("mining user1"))).toEqual(["mining user1", "mining user0"]);
  });

  test("is told apart from one that refuses us", async () => {
    const upstream = await pool();
    const { notices, mining } = mine([upstream], { pools: [{ url: upstream.url, user: "nobody", password: "x" }] });
    await upstream.until(() => notices.length > 0, "a notice");
    expect(notices[0]).toContain("unknown worker");
    expect(mining.figures().pool.message).toContain("unknown worker");
  });

  test("that sends us on is followed on its own machine only", async () => {
    const first = await pool();
    const second = await pool();
    const { notices } = mine([first]);
    await first.until(() => first.shares.length > 0, "a share");
    first.send({ id: null, method: "client.reconnect", params: ["elsewhere.example", 3333, 0] });
    await first.until(() => notices.some((text) => text.includes("not followed")), "a refusal");
    first.send({ id: null, method: "client.reconnect", params: ["", second.port, 0] });
    await second.until(() => second.shares.length > 0, "a share at the new port");
  });

  test("and lines that cannot be read do no harm", async () => {
    const upstream = await pool();
    const { notices } = mine([upstream]);
    await upstream.until(() => upstream.shares.length > 0, "a share");
    upstream.send("not json\n{}\n[1,2\n\r\n");
    upstream.send({ id: null, method: "mining.notify", params: ["job", "zz"] });
    upstream.send({ id: null, method: "mining.set_difficulty", params: [-1] });
    const before = upstream.shares.length;
    await upstream.until(() => upstream.shares.length > before && notices.length >= 5, "shares after bad lines");
    expect(upstream.sockets.size).toBe(1);
  });
});
