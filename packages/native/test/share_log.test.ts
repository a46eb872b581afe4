/** The share log over crashes and failing disks: what was acknowledged is there, once. */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SHARE_RECORD_BYTES, SHARE_SEGMENT_HEADER_BYTES } from "../src/engine_types.ts";
import { setFeatureMask } from "../src/index.ts";
import { EASY, type Fixture, makeJob, NTIME, type Overrides, readLog, startFixture } from "./stratum/fixture.ts";
import { difficultyOf, search } from "./stratum/judge.ts";
import type { RawMiner } from "./stratum/raw_miner.ts";

let dir: string;
let fixture: Fixture | undefined;
let job_number = 0;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "otedama-log-"));
});
afterEach(async () => {
  await fixture?.stop();
  fixture = undefined;
  rmSync(dir, { recursive: true, force: true });
});

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

async function begin(overrides: Overrides = {}): Promise<{ miner: RawMiner; submit: () => Promise<unknown> }> {
  fixture = startFixture({ dir, ...overrides });
  fixture.engine.setJob(makeJob(++job_number));
  const miner = await fixture.connect();
  const { job } = await miner.login();
  let next = 0;
  const submit = async () => {
    const claim = { job, extranonce1: miner.extranonce1, extranonce2: "0000000000000000", ntime: NTIME.toString(16) };
    const found = search(claim, (hash) => difficultyOf(hash) >= EASY, next);
    next = found.next;
    const answer = await miner.request("mining.submit", ["alice.rig1", job[0], claim.extranonce2, claim.ntime, found.nonce]);
    return answer.result ?? answer.error;
  };
  return { miner, submit };
}

const segment = (number: number) => join(dir, `test-1.${number.toString(16).padStart(16, "0")}.sharelog`);

test("segments and records are laid out as documented, on every instruction set", async () => {
  for (const features of [[], null]) {
    setFeatureMask(features);
    const { submit } = await begin();
    for (let i = 0; i < 3; i++) expect(await submit()).toBe(true);
    await fixture?.stop();
  }
  const header = readFileSync(segment(1)).subarray(0, SHARE_SEGMENT_HEADER_BYTES);
  expect(header.toString("latin1", 0, 8)).toBe("OTDSHARE");
  expect([header.readUInt32LE(8), header.readUInt32LE(12), header.readBigUInt64LE(16)]).toEqual([1, SHARE_RECORD_BYTES, 1n]);
  expect(Math.abs(Number(header.readBigUInt64LE(24)) - Date.now())).toBeLessThan(60_000);
  expect(header.toString("latin1", 32)).toBe("test-1".padEnd(32, "\0"));
  const records = readLog(dir);
  expect(records.map((record) => record.sequence)).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
  for (const record of records) expect(record.crc).toBe(crc32c(record.bytes.subarray(4)));
});

test.each([
  ["half a record", (path: string) => appendFileSync(path, Buffer.alloc(33, 7))],
  ["zeros, as a file system leaves them", (path: string) => appendFileSync(path, Buffer.alloc(SHARE_RECORD_BYTES * 3))],
  ["a record whose end is missing", (path: string) => truncateSync(path, statSync(path).size - 1)],
])("a torn tail is cut at start: %s", async (_name, tear) => {
  const first = await begin();
  for (let i = 0; i < 3; i++) expect(await first.submit()).toBe(true);
  await fixture?.stop();
  tear(segment(1));
  const kept = readLog(dir).filter((record) => record.crc === crc32c(record.bytes.subarray(4)));
  const second = await begin();
  expect(await second.submit()).toBe(true);
  const records = readLog(dir);
  expect(records).toHaveLength(kept.length + 1);
  expect(records.map((record) => record.sequence)).toEqual([...kept.map((record) => record.sequence), BigInt(kept.length + 1)]);
  for (const record of records) expect(record.crc).toBe(crc32c(record.bytes.subarray(4)));
});

test("a segment torn in its header is begun again, and sequences go on from the one before", async () => {
  const first = await begin();
  expect(await first.submit()).toBe(true);
  await fixture?.stop();
  writeFileSync(segment(2), "OTD");
  const second = await begin();
  expect(await second.submit()).toBe(true);
  expect(readLog(dir).map((record) => record.sequence)).toEqual([1n, 2n]);
  expect(statSync(segment(2)).size).toBe(SHARE_SEGMENT_HEADER_BYTES + SHARE_RECORD_BYTES);
});

test("segments rotate at their bound", async () => {
  const options = { share_log: { dir, instance_id: "test-1", segment_bytes_max: 1024 } };
  const { submit } = await begin({ options });
  for (let i = 0; i < 30; i++) expect(await submit()).toBe(true);
  const names = readdirSync(dir).filter((name) => name.endsWith(".sharelog"));
  expect(names).toHaveLength(3);
  for (const name of names) expect(statSync(join(dir, name)).size).toBeLessThanOrEqual(1024);
  expect(readLog(dir).map((record) => record.sequence)).toEqual(Array.from({ length: 30 }, (_, i) => BigInt(i + 1)));
  expect(fixture?.engine.stats().share_log).toMatchObject({ segment: 3, records: 30, faulted: false });
});

test("while the log cannot be written shares are refused, and counted again once it can", async () => {
  const options = { share_log: { dir, instance_id: "test-1", segment_bytes_max: 1024 } };
  const { submit, miner } = await begin({ options });
  // A folder in the way of the second segment stands for a disk that refuses it.
  mkdirSync(segment(2));
  let refused = 0;
  for (let i = 0; i < 14; i++) {
    const result = await submit();
    if (result !== true) {
      refused++;
      expect(result).toEqual([20, expect.stringContaining("share log cannot be written"), null]);
    }
  }
  expect(refused).toBe(2);
  const fault = await fixture?.event("fault");
  expect(fault?.message).toContain(`share log segment ${segment(2)} cannot be opened`);
  expect(fixture?.engine.stats().share_log.faulted).toBe(true);
  expect((await miner.request("mining.ping", [])).result).toBe("pong");
  rmdirSync(segment(2));
  await fixture?.event("fault", (event) => event.message === null);
  expect(await submit()).toBe(true);
  const records = readLog(dir).filter((record) => record.result === "accepted");
  expect(records).toHaveLength(13);
  const sequences = records.map((record) => record.sequence);
  expect(sequences).toEqual([...sequences].sort((a, b) => (a < b ? -1 : 1)));
});

test("a block that the log could not take is written to it late, and its share counts for nothing", async () => {
  const options = { share_log: { dir, instance_id: "test-1", segment_bytes_max: 1024 } };
  const { submit } = await begin({ options });
  const late = {
    hash: `${"0".repeat(16)}${"ab".repeat(24)}`,
    worker_id: 7,
    job_number,
    share_difficulty: 2.5,
    found_at_ms: 1_790_000_000_123,
  };
  mkdirSync(segment(2));
  while ((await submit()) === true) {}
  expect(fixture?.engine.logBlock(late)).toBe(false);
  rmdirSync(segment(2));
  await fixture?.event("fault", (event) => event.message === null);
  expect(fixture?.engine.logBlock(late)).toBe(true);
  expect(() => fixture?.engine.logBlock({ ...late, hash: "ab" })).toThrow(/hash must be 64 hex digits/);
  expect(await submit()).toBe(true);
  const [block] = readLog(dir).filter((record) => record.kind === 2);
  const { found_at_ms, ...said } = late;
  expect(block).toMatchObject({ ...said, result: "invalid", job_difficulty: 0 });
  expect(block?.bytes.readBigUInt64LE(8)).toBe(BigInt(found_at_ms));
});

test("a log that cannot be opened stops the start with a sentence", () => {
  mkdirSync(segment(1));
  expect(() => startFixture({ dir })).toThrow(`share log segment ${segment(1)} cannot be`);
});

test("two engines never write one log", async () => {
  await begin();
  expect(() => startFixture({ dir })).toThrow("is written by another process");
});

test("ack fast answers at once and writes all the same", async () => {
  const { submit } = await begin({ options: { ack: "fast" } });
  for (let i = 0; i < 5; i++) expect(await submit()).toBe(true);
  await fixture?.stop();
  expect(readLog(dir)).toHaveLength(5);
});
