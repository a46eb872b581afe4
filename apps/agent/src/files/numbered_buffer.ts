/**
 * Numbered things that wait on disk until the control plane has them: segments of records, the oldest dropped when the bound is
 * reached, and counted. Numbers grow by one over restarts too. What was appended outlasts the process at once and the machine within
 * `sync_ms`: after a power cut the last numbers may be given again, which `skipTo` mends.
 */
import { ftruncateSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Disk, REAL_DISK, syncFolder, writeAll } from "./atomic_file.ts";
import { decodeRecords, encodeRecord } from "./records.ts";

export interface NumberedBufferOptions {
  folder: string;
  bytes_max: number;
  /** What is dropped at once. */
  segment_bytes_max: number;
  sync_ms: number;
}

export interface NumberedBufferDependencies {
  now_ms: () => number;
  disk?: Disk;
  /** In words, for the log and for an event. */
  onTrouble: (text: string) => void;
}

export interface Waiting {
  number: number;
  /** JSON. */
  text: string;
}

interface Segment {
  path: string;
  place: number;
  /** Numbers of what it holds, without a gap; `next` is one above the last. */
  first: number;
  next: number;
  bytes: number;
}

interface Head {
  next: number;
  acknowledged: number;
  dropped: number;
}

/** First byte of a payload. */
const KIND = { head: 0x48, item: 0x49, acknowledged: 0x41 } as const;
/** Acknowledgements out of order: newer reports go first while old ones are caught up with. Above this they are forgotten and sent twice. */
const RANGES_MAX = 64;

export class NumberedBuffer {
  readonly #options: NumberedBufferOptions;
  readonly #dependencies: NumberedBufferDependencies;
  readonly #disk: Disk;
  #segments: Segment[] = [];
  #file: number | null = null;
  #next = 1;
  #acknowledged = 0;
  #dropped = 0;
  #synced_at_ms: number;
  /** Beyond `#acknowledged`: first and last of each. */
  #ranges: [number, number][] = [];
  #failing = false;

  constructor(options: NumberedBufferOptions, dependencies: NumberedBufferDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#disk = dependencies.disk ?? REAL_DISK;
    this.#synced_at_ms = dependencies.now_ms();
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    this.#load();
  }

  get next_number(): number {
    return this.#next;
  }

  /** Lost for want of room, or to a disk that took nothing. Kept over restarts. */
  get dropped(): number {
    return this.#dropped;
  }

  get waiting(): number {
    const held = this.#segments.reduce(
      (sum, { first, next }) => sum + Math.max(0, next - Math.max(first, this.#acknowledged + 1)),
      0,
    );
    return held - this.#ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  }

  /** Gives the next number; `make` returns what bears it. Where the disk takes nothing it counts as dropped, and is returned all the same. */
  append<T extends { number: number }>(make: (number: number) => T): T {
    const number = this.#next;
    const item = make(number);
    this.#next += 1;
    try {
      this.#write(KIND.item, JSON.stringify(item), true);
      this.#sync(false);
      this.#failing = false;
    } catch (error) {
      this.#dropped += 1;
      this.#add(number);
      this.#lose(`cannot be written (${reason(error)})`);
    }
    const segment = this.#segments.at(-1);
    if (segment) segment.next = this.#next;
    return item;
  }

  /** The oldest that nobody acknowledged, within both bounds; one at least, where there is one. */
  oldest(count_max: number, bytes_max: number): Waiting[] {
    const found: Waiting[] = [];
    let bytes = 0;
    for (const segment of this.#segments) {
      if (segment.next <= this.#acknowledged + 1) continue;
      for (const waiting of this.#items(segment)) {
        if (this.#isAcknowledged(waiting.number)) continue;
        bytes += Buffer.byteLength(waiting.text);
        if (found.length > 0 && (found.length >= count_max || bytes > bytes_max)) return found;
        found.push(waiting);
      }
    }
    return found;
  }

  /** These are stored elsewhere, and need not be kept. */
  acknowledge(numbers: readonly number[]): void {
    for (const number of numbers) this.#add(number);
    this.#settle();
  }

  acknowledgeUpTo(number: number): void {
    if (number <= this.#acknowledged) return;
    this.#acknowledged = Math.min(number, this.#next - 1);
    this.#ranges = this.#ranges.filter(([, last]) => last > this.#acknowledged);
    this.#settle();
  }

  /** Numbers below are taken: somebody else has seen them (after a power cut, or when files were lost). */
  skipTo(number: number): void {
    if (number <= this.#next) return;
    this.#next = number;
    this.#tryStartSegment();
  }

  close(): void {
    if (this.#file === null) return;
    try {
      this.#write(KIND.acknowledged, String(this.#acknowledged), false);
      this.#sync(true);
    } catch (error) {
      this.#lose(`cannot be closed (${reason(error)})`);
    }
    this.#disk.closeSync(this.#file);
    this.#file = null;
  }

  #add(number: number): void {
    if (this.#isAcknowledged(number)) return;
    const before = this.#ranges.find(([, last]) => last === number - 1);
    const after = this.#ranges.find(([first]) => first === number + 1);
    if (before && after) {
      before[1] = after[1];
      this.#ranges.splice(this.#ranges.indexOf(after), 1);
    } else if (before) before[1] = number;
    else if (after) after[0] = number;
    else {
      this.#ranges.push([number, number]);
      if (this.#ranges.length > RANGES_MAX) this.#ranges.shift();
    }
  }

  #isAcknowledged(number: number): boolean {
    return number <= this.#acknowledged || this.#ranges.some(([first, last]) => number >= first && number <= last);
  }

  /** Folds ranges that the prefix has reached, and lets go of segments that nobody needs; the last one carries the numbers on. */
  #settle(): void {
    const oldest = this.#segments.find(({ next }) => next > this.#acknowledged + 1);
    // Between two segments numbers may be missing: they never were, or went with a segment that was dropped.
    if (oldest) this.#acknowledged = Math.max(this.#acknowledged, oldest.first - 1);
    for (let i = this.#ranges.findIndex(([first]) => first <= this.#acknowledged + 1); i >= 0; ) {
      const [range] = this.#ranges.splice(i, 1);
      this.#acknowledged = Math.max(this.#acknowledged, range?.[1] ?? 0);
      i = this.#ranges.findIndex(([first]) => first <= this.#acknowledged + 1);
    }
    while (this.#segments.length > 1 && (this.#segments[0]?.next ?? 0) <= this.#acknowledged + 1) this.#remove();
  }

  #remove(): void {
    const segment = this.#segments.shift();
    if (!segment) return;
    try {
      rmSync(segment.path, { force: true });
    } catch (error) {
      this.#dependencies.onTrouble(`${segment.path} cannot be removed (${reason(error)})`);
    }
  }

  #write(kind: number, text: string, rotate: boolean): void {
    const payload = Buffer.concat([Buffer.from([kind]), Buffer.from(text)]);
    const record = encodeRecord(payload);
    const segment = this.#segments.at(-1);
    if (rotate && (!segment || this.#file === null || segment.bytes + record.length > this.#options.segment_bytes_max)) {
      this.#startSegment(this.#next - 1);
    }
    const current = this.#segments.at(-1);
    if (this.#file === null || !current) throw new Error("there is no segment to write to");
    try {
      writeAll(this.#disk, this.#file, record);
    } catch (error) {
      // A part of a record would make its neighbours harder to find.
      ftruncateSync(this.#file, current.bytes);
      throw error;
    }
    current.bytes += record.length;
  }

  /** `first` is the number that the segment begins with. */
  #startSegment(first = this.#next): void {
    const place = (this.#segments.at(-1)?.place ?? 0) + 1;
    const path = join(this.#options.folder, `${String(place).padStart(12, "0")}.seg`);
    this.#makeRoom();
    const head: Head = { next: first, acknowledged: this.#acknowledged, dropped: this.#dropped };
    if (this.#file !== null) {
      this.#sync(true);
      this.#disk.closeSync(this.#file);
      this.#file = null;
    }
    this.#file = this.#disk.openSync(path, "w+", 0o600);
    this.#segments.push({ path, place, first, next: first, bytes: 0 });
    this.#write(KIND.head, JSON.stringify(head), false);
    this.#sync(true);
    syncFolder(this.#options.folder, this.#disk);
    this.#settle();
  }

  #tryStartSegment(): void {
    try {
      this.#startSegment();
    } catch (error) {
      this.#lose(`cannot be written (${reason(error)})`);
    }
  }

  #makeRoom(): void {
    const { bytes_max, segment_bytes_max } = this.#options;
    let bytes = this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
    while (this.#segments.length > 0 && bytes + segment_bytes_max > bytes_max) {
      const [segment] = this.#segments;
      if (!segment) return;
      for (let number = segment.first; number < segment.next; number++) if (!this.#isAcknowledged(number)) this.#dropped += 1;
      bytes -= segment.bytes;
      this.#remove();
      this.#ranges = this.#ranges.filter(([, last]) => last >= segment.next);
      this.#acknowledged = Math.max(this.#acknowledged, segment.next - 1);
    }
  }

  #sync(now: boolean): void {
    const now_ms = this.#dependencies.now_ms();
    if (this.#file === null || (!now && now_ms - this.#synced_at_ms < this.#options.sync_ms)) return;
    this.#synced_at_ms = now_ms;
    this.#disk.fsyncSync(this.#file);
  }

  #lose(text: string): void {
    if (!this.#failing) this.#dependencies.onTrouble(`${this.#options.folder} ${text}`);
    this.#failing = true;
  }

  #items(segment: Segment): Waiting[] {
    try {
      return decodeRecords(readFileSync(segment.path)).payloads.flatMap(itemOf);
    } catch (error) {
      this.#lose(`cannot be read (${reason(error)})`);
      return [];
    }
  }

  #load(): void {
    const names = readdirSync(this.#options.folder).filter((name) => /^\d{12}\.seg$/.test(name));
    let damaged_bytes = 0;
    for (const name of names.sort()) {
      const path = join(this.#options.folder, name);
      const bytes = readFileSync(path);
      const { payloads, damaged_bytes: damaged, end } = decodeRecords(bytes);
      damaged_bytes += damaged + bytes.length - end;
      const numbers = payloads.flatMap(itemOf).map(({ number }) => number);
      const head = payloads.map(headOf).find((found) => found !== null);
      const last = numbers.at(-1);
      const next = last !== undefined ? last + 1 : (head?.next ?? this.#next);
      this.#segments.push({ path, place: Number(name.slice(0, 12)), first: numbers[0] ?? next, next, bytes: end });
      this.#next = Math.max(this.#next, next);
      this.#dropped = Math.max(this.#dropped, head?.dropped ?? 0);
      this.#acknowledged = Math.max(this.#acknowledged, head?.acknowledged ?? 0, ...payloads.map(acknowledgedOf));
    }
    this.#acknowledged = Math.min(this.#acknowledged, this.#next - 1);
    // A segment of its own for each start: what an earlier process left torn is never written to.
    this.#tryStartSegment();
    if (damaged_bytes > 0) {
      this.#dependencies.onTrouble(
        `${this.#options.folder} held ${damaged_bytes} bytes that cannot be read: what was in them is lost`,
      );
    }
  }
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function parsed(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.subarray(1).toString());
  } catch {
    return null;
  }
}

function itemOf(payload: Buffer): Waiting[] {
  if (payload[0] !== KIND.item) return [];
  const number = (parsed(payload) as { number?: unknown } | null)?.number;
  return typeof number === "number" && Number.isSafeInteger(number) ? [{ number, text: payload.subarray(1).toString() }] : [];
}

function headOf(payload: Buffer): Head | null {
  if (payload[0] !== KIND.head) return null;
  const head = parsed(payload) as Partial<Head> | null;
  const whole = (value: unknown): value is number => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
  return head && whole(head.next) && whole(head.acknowledged) && whole(head.dropped) ? (head as Head) : null;
}

function acknowledgedOf(payload: Buffer): number {
  const number = payload[0] === KIND.acknowledged ? Number(payload.subarray(1).toString()) : 0;
  return Number.isSafeInteger(number) ? number : 0;
}
