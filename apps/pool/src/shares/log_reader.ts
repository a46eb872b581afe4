/**
 * Reads the share log incrementally, while the engine appends to it, and over its segments in order.
 */
import { open, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { LogPosition } from "@otedama/db/pool";
import {
  checkSegmentHeader,
  decodeRecord,
  SHARE_RECORD_BYTES,
  SHARE_SEGMENT_HEADER_BYTES,
  type ShareRecord,
} from "./log_format.ts";

export interface LogRead {
  records: ShareRecord[];
  /** Where to read on from. */
  next: LogPosition;
  /** Damaged records that were passed over. */
  damaged: number;
}

export interface LogReaderDependencies {
  /** Up to where the log is on disk for good; null when nobody writes it, and all of it may be read. */
  durable: () => { segment: number; bytes: number } | null;
  /** The oldest segment that somebody besides the accounts still has to read; absent when nobody does. */
  needed?: () => number;
}

/** What somebody else still needs is kept beyond what is applied up to this many segments, and not until the disk is full. */
const NEEDED_SEGMENTS_MAX = 256;
/** Records at a time. */
const BLOCKS_READ = 20_000;

export class ShareLogReader {
  readonly #dir: string;
  readonly #prefix: string;
  readonly #d: LogReaderDependencies;

  constructor(options: { dir: string; instance_id: string }, dependencies: LogReaderDependencies) {
    this.#dir = options.dir;
    this.#prefix = `${options.instance_id}.`;
    this.#d = dependencies;
  }

  /** Beginning of the oldest segment there is; null before the engine made one. */
  async first(): Promise<LogPosition | null> {
    const segment = (await this.segments())[0];
    return segment === undefined ? null : { segment, offset: SHARE_SEGMENT_HEADER_BYTES };
  }

  /** Segment numbers in order. */
  async segments(): Promise<number[]> {
    let names: string[];
    try {
      names = await readdir(this.#dir);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
    const numbers: number[] = [];
    for (const name of names) {
      if (!name.startsWith(this.#prefix)) continue;
      const match = /^([0-9a-f]{16})\.sharelog$/.exec(name.slice(this.#prefix.length));
      if (match?.[1]) numbers.push(Number.parseInt(match[1], 16));
    }
    return numbers.sort((a, b) => a - b);
  }

  /** At most `records_max` records from `from` on, all of one segment. Throws when a segment is not a share log. */
  async read(from: LogPosition, records_max: number): Promise<LogRead> {
    const durable = this.#d.durable();
    if (durable && from.segment > durable.segment) return { records: [], next: from, damaged: 0 };
    // Whether a later segment exists is asked before this one is read to its end: then nothing can be added to it in between.
    const later = (await this.segments()).find((segment) => segment > from.segment && (!durable || segment <= durable.segment));
    const size = await this.#size(from.segment);
    const limit = durable && durable.segment === from.segment ? Math.min(size, durable.bytes) : size;
    const start = Math.max(from.offset, SHARE_SEGMENT_HEADER_BYTES);
    const count = Math.min(records_max, Math.floor((limit - start) / SHARE_RECORD_BYTES));
    if (count <= 0) {
      const next = later === undefined ? from : { segment: later, offset: SHARE_SEGMENT_HEADER_BYTES };
      return { records: [], next, damaged: 0 };
    }
    const bytes = await this.#bytes(from.segment, start, count * SHARE_RECORD_BYTES);
    const records: ShareRecord[] = [];
    let damaged = 0;
    let end = start;
    for (let at = 0; at + SHARE_RECORD_BYTES <= bytes.length; at += SHARE_RECORD_BYTES) {
      const record = decodeRecord(bytes, at, end + SHARE_RECORD_BYTES);
      // Without a writer to say so, a bad record at the end may be one that is half written.
      if (!record && !durable && later === undefined) break;
      end += SHARE_RECORD_BYTES;
      if (record) records.push(record);
      else damaged += 1;
    }
    return { records, next: { segment: from.segment, offset: end }, damaged };
  }

  /** Hashes of the block candidates from a position to the end. */
  async blocksFrom(from: LogPosition | null): Promise<Set<string>> {
    const hashes = new Set<string>();
    while (from) {
      const { records, next } = await this.read(from, BLOCKS_READ);
      for (const record of records) if (record.kind === "block" && record.result !== "duplicate") hashes.add(record.hash);
      from = next.segment === from.segment && next.offset === from.offset ? null : next;
    }
    return hashes;
  }

  /** Records between a position and the end of what is on disk. */
  async behind(from: LogPosition): Promise<number> {
    const durable = this.#d.durable();
    let bytes = 0;
    for (const segment of await this.segments()) {
      if (segment < from.segment || (durable && segment > durable.segment)) continue;
      const size = durable && segment === durable.segment ? durable.bytes : await this.#size(segment);
      const start = segment === from.segment ? from.offset : SHARE_SEGMENT_HEADER_BYTES;
      bytes += Math.max(0, size - start);
    }
    return Math.floor(bytes / SHARE_RECORD_BYTES);
  }

  /** Deletes whole segments before the position's, except the newest `keep` of them. Returns how many went. */
  async deleteApplied(applied: LogPosition, keep: number): Promise<number> {
    const needed = Math.max(this.#d.needed?.() ?? applied.segment, applied.segment - NEEDED_SEGMENTS_MAX);
    const old = (await this.segments()).filter((segment) => segment < Math.min(applied.segment, needed));
    const gone = old.slice(0, Math.max(0, old.length - keep));
    for (const segment of gone) await unlink(this.#path(segment));
    return gone.length;
  }

  async #size(segment: number): Promise<number> {
    try {
      return (await stat(this.#path(segment))).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
      throw error;
    }
  }

  async #bytes(segment: number, start: number, length: number): Promise<Buffer> {
    const path = this.#path(segment);
    const file = await open(path, "r");
    try {
      const header = Buffer.alloc(SHARE_SEGMENT_HEADER_BYTES);
      await file.read(header, 0, header.length, 0);
      checkSegmentHeader(header, path);
      const bytes = Buffer.alloc(length);
      const { bytesRead } = await file.read(bytes, 0, length, start);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  #path(segment: number): string {
    return join(this.#dir, `${this.#prefix}${segment.toString(16).padStart(16, "0")}.sharelog`);
  }
}
