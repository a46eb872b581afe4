/** Reads whole share logs and job logs, by the layouts that are written down and not by the pool's own reader. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const HEADER_BYTES = 64;
const RECORD_BYTES = 80;
/** In the order of their numbers in a record. */
const RESULTS = ["accepted", "stale", "duplicate", "low_difficulty", "unauthorized", "invalid"] as const;
export type LoggedResult = (typeof RESULTS)[number];

export interface LoggedShare {
  instance_id: string;
  /** Place in the log of its instance, from 0. */
  index: number;
  segment: number;
  offset: number;
  block: boolean;
  result: LoggedResult;
  at_ms: number;
  worker_id: number;
  job_number: number;
  difficulty: number;
  share_difficulty: number;
  sequence: bigint;
  /** Display order. */
  hash: string;
}

export interface JobLine {
  job_number: number;
  height: number;
  nbits: number;
  subsidy_sats: bigint;
  policy_version: number | null;
  average_fees_sats: bigint;
}

/** `damaged`: records inside the log that are not whole, as sentences. */
export function readShareLog(dir: string, instance_id: string): { shares: LoggedShare[]; damaged: string[] } {
  const shares: LoggedShare[] = [];
  const damaged: string[] = [];
  for (const { segment, bytes, name } of segments(dir, instance_id)) {
    if (bytes.length < HEADER_BYTES) continue;
    if (bytes.toString("latin1", 0, 8) !== "OTDSHARE" || bytes.readBigUInt64LE(16) !== BigInt(segment)) {
      damaged.push(`${name} has another header`);
      continue;
    }
    for (let offset = HEADER_BYTES; offset + RECORD_BYTES <= bytes.length; offset += RECORD_BYTES) {
      const record = bytes.subarray(offset, offset + RECORD_BYTES);
      const kind = record[4];
      const result = RESULTS[record[5] as number];
      if (record.readUInt32LE(0) !== crc32c(record.subarray(4)) || (kind !== 1 && kind !== 2) || !result) {
        damaged.push(`${name} at ${offset}`);
        continue;
      }
      shares.push({
        instance_id,
        index: shares.length,
        segment,
        offset,
        block: kind === 2,
        result,
        at_ms: Number(record.readBigUInt64LE(8)),
        worker_id: record.readUInt32LE(16),
        job_number: record.readUInt32LE(20),
        difficulty: record.readDoubleLE(24),
        share_difficulty: record.readDoubleLE(32),
        sequence: record.readBigUInt64LE(40),
        hash: kind === 2 ? Buffer.from(record.subarray(48)).reverse().toString("hex") : "",
      });
    }
  }
  return { shares, damaged };
}

/** Where the log ends, and how many records there are. */
export function logEnd(dir: string, instance_id: string): { segment: number; offset: number; records: number } {
  let end = { segment: 0, offset: 0, records: 0 };
  for (const { segment, bytes } of segments(dir, instance_id)) {
    const here = Math.max(0, Math.floor((bytes.length - HEADER_BYTES) / RECORD_BYTES));
    if (here > 0) end = { segment, offset: HEADER_BYTES + here * RECORD_BYTES, records: end.records + here };
  }
  return end;
}

/** By rising job number. */
export function readJobs(dir: string, instance_id: string): JobLine[] {
  const jobs = new Map<number, JobLine>();
  for (const name of readdirSync(dir)) {
    if (!name.startsWith(`${instance_id}.`) || !name.endsWith(".jobs")) continue;
    for (const line of readFileSync(join(dir, name), "utf8").split("\n")) {
      const job = parseJob(line);
      if (job) jobs.set(job.job_number, job);
    }
  }
  return [...jobs.values()].sort((a, b) => a.job_number - b.job_number);
}

function parseJob(line: string): JobLine | null {
  try {
    const { job_number, height, nbits, subsidy_sats, policy_version, average_fees_sats } = JSON.parse(line);
    return {
      job_number,
      height,
      nbits,
      policy_version,
      subsidy_sats: BigInt(subsidy_sats),
      average_fees_sats: BigInt(average_fees_sats),
    };
  } catch {
    // The last line of a process that was killed while it wrote.
    return null;
  }
}

function segments(dir: string, instance_id: string): { segment: number; name: string; bytes: Buffer }[] {
  return readdirSync(dir)
    .filter((name) => name.startsWith(`${instance_id}.`) && name.endsWith(".sharelog"))
    .sort()
    .map((name) => {
      const segment = Number.parseInt(name.slice(instance_id.length + 1), 16);
      return { segment, name, bytes: readFileSync(join(dir, name)) };
    });
}

/** Castagnoli's polynomial, a bit at a time (RFC 3720, appendix B.4). */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
