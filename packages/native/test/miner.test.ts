import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  benchSha256d,
  fastestKernel,
  kernels,
  Miner,
  type MinerJob,
  type MinerOptions,
  type Share,
  scanNonces,
  setFeatureMask,
} from "@otedama/native";
import { afterEach, describe, expect, test } from "vitest";

const vectors = JSON.parse(readFileSync(new URL("../vectors/sha256d.json", import.meta.url), "utf8"));
const twice = (bytes: Uint8Array) => createHash("sha256").update(createHash("sha256").update(bytes).digest()).digest();
const topWord = (header: Uint8Array) => twice(header).readUInt32LE(28);

describe.each(kernels())("$name", ({ name, supported }) => {
  test("finds the published blocks by their nonces", (context) => {
    if (!supported) return context.skip("this CPU cannot run it");
    for (const { input } of vectors.block_headers) {
      const header = Buffer.from(input.header_hex, "hex");
      const nonce = header.readUInt32LE(76);
      const first = Math.max(0, nonce - (nonce % 16) - 160);
      const count = Math.min(1600, 0x1_0000_0000 - first);
      const hits = scanNonces({ kernel: name, headers: header, first, count: count - (count % 16), bound: 0 });
      expect(hits).toContainEqual({ nonce, version: 0 });
    }
  });

  test("finds all that meet an easy bound and nothing else, in every version", (context) => {
    if (!supported) return context.skip("this CPU cannot run it");
    const headers = Buffer.concat(
      [0, 1, 2, 3].map((version) => Buffer.from(Uint8Array.from({ length: 80 }, (_, i) => (i < 4 ? version : i * 7)))),
    );
    for (const versions of [1, 2, 3, 4]) {
      const bound = 0x03ff_ffff;
      const expected = [];
      for (let nonce = 0xffff_ff00 - 512; nonce < 0xffff_ff00; nonce++) {
        for (let version = 0; version < versions; version++) {
          const header = Buffer.from(headers.subarray(80 * version, 80 * version + 80));
          header.writeUInt32LE(nonce, 76);
          if (topWord(header) <= bound) expected.push(`${nonce}/${version}`);
        }
      }
      const hits = scanNonces({
        kernel: name,
        headers: headers.subarray(0, 80 * versions),
        first: 0xffff_ff00 - 512,
        count: 512,
        bound,
      });
      expect(hits.map(({ nonce, version }) => `${nonce}/${version}`).sort()).toEqual(expected.sort());
      expect(expected.length).toBeGreaterThan(0);
    }
  });

  test("goes on when there are more hits than room for them", (context) => {
    if (!supported) return context.skip("this CPU cannot run it");
    const hits = scanNonces({ kernel: name, headers: new Uint8Array(320), first: 0, count: 8192, bound: 0xffff_ffff });
    expect(new Set(hits.map(({ nonce, version }) => nonce * 4 + version)).size).toBe(4 * 8192);
  });
});

test("the fastest kernel is one that may run", () => {
  setFeatureMask([]);
  expect(fastestKernel()).toBe("sha256d/portable");
  expect(() => new Miner({ kernel: "sha256d/sse41" }, { onShare: () => undefined })).toThrow(
    "this CPU cannot run the kernel sha256d/sse41",
  );
  setFeatureMask(null);
  expect(kernels().find(({ name }) => name === fastestKernel())?.active).toBe(true);
});

test("the benchmark counts hashes", async () => {
  expect(await benchSha256d({ threads: 1, duration_ms: 50 })).toBeGreaterThan(10_000);
});

describe("a miner", () => {
  const running: Miner[] = [];
  afterEach(() => {
    for (const miner of running.splice(0)) miner.stop();
  });

  const job = (changes: Partial<MinerJob> = {}): MinerJob => ({
    job_id: "1",
    prev_hash: new Uint8Array(32).fill(1),
    coinbase_prefix: new Uint8Array(41).fill(2),
    coinbase_suffix: new Uint8Array(90).fill(3),
    extranonce1: new Uint8Array(4).fill(4),
    extranonce2_size: 8,
    merkle_branches: new Uint8Array(96).fill(5),
    version: 0x20000000,
    version_mask: 0x1fffe000,
    nbits: 0x207fffff,
    ntime: 1_700_000_000,
    share_target: Uint8Array.from({ length: 32 }, (_, i) => (i < 30 ? 255 : 0)),
    ...changes,
  });

  async function mine(wanted: number, options: MinerOptions, ...jobs: MinerJob[]): Promise<Share[]> {
    const shares: Share[] = [];
    const miner = new Miner({ nice: 5, ...options }, { onShare: (share) => shares.push(share) });
    running.push(miner);
    for (const next of jobs) miner.setJob(next);
    while (shares.length < wanted) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(miner.counters().hardware_errors).toBe(0);
    return shares;
  }

  function headerOf(work: MinerJob, share: Share): Buffer {
    const coinbase = Buffer.concat([work.coinbase_prefix, work.extranonce1, share.extranonce2, work.coinbase_suffix]);
    let node = twice(coinbase);
    for (let i = 0; i < work.merkle_branches.length; i += 32)
      node = twice(Buffer.concat([node, work.merkle_branches.subarray(i, i + 32)]));
    const header = Buffer.alloc(80);
    header.writeUInt32LE(((work.version & ~work.version_mask) | (share.version_bits ?? 0)) >>> 0, 0);
    header.set(work.prev_hash, 4);
    header.set(node, 36);
    header.writeUInt32LE(share.ntime, 68);
    header.writeUInt32LE(work.nbits, 72);
    header.writeUInt32LE(share.nonce, 76);
    return header;
  }

  test.each(kernels().filter(({ supported }) => supported))(
    "on $name finds shares that meet the target, each once",
    async ({ name }) => {
      const shares = await mine(20, { threads: 2, kernel: name }, job());
      for (const share of shares) {
        const header = headerOf(job(), share);
        expect(header.equals(Buffer.from(share.header))).toBe(true);
        expect(twice(header).equals(Buffer.from(share.hash))).toBe(true);
        expect([...share.hash.subarray(30)]).toEqual([0, 0]);
        expect((share.version_bits ?? -1) & ~0x1fffe000).toBe(0);
      }
      expect(new Set(shares.map((share) => Buffer.from(share.header).toString("hex"))).size).toBe(shares.length);
    },
  );

  test("leaves the version alone where it may not be rolled", async () => {
    const [share] = await mine(1, { threads: 1 }, job({ version_mask: 0 }));
    expect(share?.version_bits).toBeNull();
    expect(Buffer.from(share?.header ?? []).readUInt32LE(0)).toBe(0x20000000);
  });

  test("never gives two threads the same work, even where extranonce2 leaves no choice", async () => {
    for (const extranonce2_size of [0, 1]) {
      const shares = await mine(60, { threads: 5 }, job({ extranonce2_size, version_mask: 0 }));
      expect(new Set(shares.map((share) => Buffer.from(share.header).toString("hex"))).size).toBe(shares.length);
    }
  });

  test("works on the newest job only", async () => {
    const shares = await mine(5, { threads: 2 }, job(), job({ job_id: "2", prev_hash: new Uint8Array(32).fill(9) }));
    for (const share of shares.filter(({ job_id }) => job_id === "2")) expect(share.header[4]).toBe(9);
    expect(shares.at(-1)?.job_id).toBe("2");
  });

  test("sleeps when paused, and stops more than once without harm", async () => {
    const miner = new Miner({ threads: 1 }, { onShare: () => undefined });
    running.push(miner);
    miner.setJob(job());
    miner.pause();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { thread_hashes } = miner.counters();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(miner.counters().thread_hashes).toEqual(thread_hashes);
    miner.stop();
    miner.stop();
  });

  test("rests for most of the time at a low intensity, and not at all at the full one", async () => {
    const miner = new Miner({ threads: 1, nice: 0 }, { onShare: () => undefined });
    running.push(miner);
    const spent = async (percent: number, least_hashes: number) => {
      miner.setIntensity(percent);
      const before = miner.counters();
      const began_at_ms = performance.now();
      const hashes = () => (miner.counters().thread_hashes[0] ?? 0) - (before.thread_hashes[0] ?? 0);
      while (performance.now() - began_at_ms < 1_000 || hashes() < least_hashes)
        await new Promise((resolve) => setTimeout(resolve, 20));
      return (miner.counters().search_ms - before.search_ms) / (performance.now() - began_at_ms);
    };
    miner.setJob(job({ share_target: new Uint8Array(32) }));
    // The margins leave room for a machine on which every slice of the search takes fifty times its time.
    expect(await spent(5, 1)).toBeLessThan(0.7);
    const low = miner.counters().thread_hashes[0] ?? 0;
    await spent(100, low * 2);
    // A thread that rests follows a pause like any other.
    miner.setIntensity(1);
    miner.pause();
    miner.stop();
    expect(() => miner.setIntensity(0)).toThrow("intensity");
    expect(() => miner.setIntensity(101)).toThrow("intensity");
  });

  test.each([
    ["prev_hash", { prev_hash: new Uint8Array(31) }],
    ["share_target", { share_target: new Uint8Array(33) }],
    ["merkle_branches", { merkle_branches: new Uint8Array(33) }],
    ["extranonce2_size", { extranonce2_size: 33 }],
    ["version", { version: -1 }],
    ["ntime", { ntime: 1.5 }],
  ])("refuses a job with a bad %s by its name", (field, changes) => {
    const miner = new Miner({ threads: 1 }, { onShare: () => undefined });
    running.push(miner);
    expect(() => miner.setJob(job(changes))).toThrow(field);
  });
});
