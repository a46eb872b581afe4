/**
 * The journal of commands, `data_dir/commands.journal`: what was accepted, how far it came and what was said of it. A record is on disk
 * before anything follows from it, so that whatever ends the process, a command that may have begun is never begun again.
 */
import { ftruncateSync } from "node:fs";
import { AgentCommand, CommandReport } from "@otedama/shared/agent";
import { z } from "zod";
import { type Disk, REAL_DISK, readIfThere, writeAll, writeAtomically } from "../files/atomic_file.ts";
import { decodeRecords, encodeRecord } from "../files/records.ts";

/** Commands that are not finished; more are refused until some are. */
export const OPEN_COMMANDS_MAX = 32;
/** Finished and reported ones that are remembered, to answer a repeated message. */
const REMEMBERED_MAX = 64;
const JOURNAL_BYTES_MAX = 512 * 1024;

const JournalRecord = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("highest"), number: z.int().min(0) }),
  z.strictObject({ kind: z.literal("accepted"), command: AgentCommand }),
  /** `run` names the process that wrote it. */
  z.strictObject({ kind: z.literal("report"), report: CommandReport, run: z.string().max(64) }),
  z.strictObject({ kind: z.literal("stored"), id: z.uuid(), state: CommandReport.shape.state }),
]);
type JournalRecord = z.infer<typeof JournalRecord>;

export interface JournalEntry {
  command: AgentCommand;
  state: CommandReport["state"];
  /** The process that wrote the last state. */
  run: string;
  /** When that was. */
  state_at_ms: number;
  /** Reports that the control plane has not stored yet, oldest first. */
  waiting: CommandReport[];
}

export const isFinished = (state: CommandReport["state"]): boolean =>
  state === "proved" || state === "failed" || state === "expired";

export interface JournalDependencies {
  disk?: Disk;
  onTrouble: (text: string) => void;
}

export class Journal {
  readonly #path: string;
  /** Of this process: its start time and number. */
  readonly #run: string;
  readonly #disk: Disk;
  readonly #entries = new Map<string, JournalEntry>();
  #file: number | null = null;
  #bytes = 0;
  #highest = 0;

  /** Reads what an earlier process left. Throws where the file can be neither read nor written anew. */
  constructor(options: { path: string; run: string }, dependencies: JournalDependencies) {
    this.#path = options.path;
    this.#run = options.run;
    this.#disk = dependencies.disk ?? REAL_DISK;
    const bytes = readIfThere(options.path) ?? Buffer.alloc(0);
    const { payloads, damaged_bytes } = decodeRecords(bytes);
    let unknown = 0;
    for (const payload of payloads) {
      const record = JournalRecord.safeParse(parsed(payload));
      if (record.success) this.#replay(record.data);
      else unknown += 1;
    }
    if (damaged_bytes > 0 || unknown > 0) {
      dependencies.onTrouble(
        `${options.path} was damaged: ${damaged_bytes} bytes and ${unknown} records cannot be read; the commands in them are not run again`,
      );
    }
    // Written anew at each start: a torn end is gone, and it stays small.
    this.#compact();
  }

  /** The highest command number ever accepted. */
  get highest(): number {
    return this.#highest;
  }

  entry(id: string): JournalEntry | null {
    return this.#entries.get(id) ?? null;
  }

  /** Not finished, in the order of their numbers. */
  open(): JournalEntry[] {
    return [...this.#entries.values()]
      .filter(({ state }) => !isFinished(state))
      .sort((a, b) => a.command.number - b.command.number);
  }

  /** The oldest report that is not stored at the control plane. */
  oldestWaiting(): CommandReport | null {
    let oldest: CommandReport | null = null;
    for (const { waiting } of this.#entries.values()) {
      const [report] = waiting;
      if (report && (oldest === null || report.number < oldest.number)) oldest = report;
    }
    return oldest;
  }

  /** Throws when the disk does not take it; then nothing was accepted. */
  accept(command: AgentCommand, report: CommandReport): void {
    this.#append([
      { kind: "accepted", command },
      { kind: "report", report, run: this.#run },
    ]);
  }

  /** Throws when the disk does not take it. */
  report(report: CommandReport): void {
    this.#append([{ kind: "report", report, run: this.#run }]);
  }

  /** The control plane has it. Losing this record costs one repeated message. */
  stored({ id, state }: CommandReport): void {
    this.#append([{ kind: "stored", id, state }]);
  }

  close(): void {
    if (this.#file !== null) this.#disk.closeSync(this.#file);
    this.#file = null;
  }

  #append(records: JournalRecord[]): void {
    const bytes = Buffer.concat(records.map(encoded));
    if (this.#bytes + bytes.length > JOURNAL_BYTES_MAX) this.#compact();
    if (this.#file === null) this.#file = this.#disk.openSync(this.#path, "a", 0o600);
    try {
      writeAll(this.#disk, this.#file, bytes);
      this.#disk.fsyncSync(this.#file);
    } catch (error) {
      ftruncateSync(this.#file, this.#bytes);
      throw error;
    }
    this.#bytes += bytes.length;
    for (const record of records) this.#replay(record);
  }

  #replay(record: JournalRecord): void {
    switch (record.kind) {
      case "highest":
        this.#highest = Math.max(this.#highest, record.number);
        break;
      case "accepted": {
        const { command } = record;
        this.#highest = Math.max(this.#highest, command.number);
        if (!this.#entries.has(command.id)) {
          const state_at_ms = command.issued_at_ms;
          this.#entries.set(command.id, { command, state: "accepted", run: "", state_at_ms, waiting: [] });
        }
        break;
      }
      case "report": {
        const { report, run } = record;
        this.#highest = Math.max(this.#highest, report.number);
        const entry = this.#entries.get(report.id);
        if (entry && !isFinished(entry.state)) {
          Object.assign(entry, { state: report.state, run, state_at_ms: report.at_ms });
          entry.waiting.push(report);
        }
        break;
      }
      case "stored": {
        const entry = this.#entries.get(record.id);
        if (entry) entry.waiting = entry.waiting.filter(({ state }) => state !== record.state);
        break;
      }
    }
  }

  /** Rewrites the file with what is still of use: at most `REMEMBERED_MAX` finished commands, without their evidence once it is stored. */
  #compact(): void {
    const done = [...this.#entries.values()].filter(({ state, waiting }) => isFinished(state) && waiting.length === 0);
    done.sort((a, b) => b.command.number - a.command.number);
    for (const { command } of done.slice(REMEMBERED_MAX)) this.#entries.delete(command.id);
    const records: JournalRecord[] = [{ kind: "highest", number: this.#highest }];
    for (const entry of this.#entries.values()) records.push(...recordsOf(entry));
    const bytes = Buffer.concat(records.map(encoded));
    this.close();
    writeAtomically(this.#path, bytes, this.#disk);
    this.#bytes = bytes.length;
  }
}

/** What brings an entry back as it is. */
function recordsOf({ command, state, run, state_at_ms, waiting }: JournalEntry): JournalRecord[] {
  const records: JournalRecord[] = [{ kind: "accepted", command }];
  for (const report of waiting) records.push({ kind: "report", report, run });
  if (waiting.at(-1)?.state !== state) {
    // The last state was stored already: it stands without its words.
    const { id, number } = command;
    const report: CommandReport = { id, number, state, at_ms: state_at_ms, message: "", evidence: null };
    records.splice(1, 0, { kind: "report", report, run }, { kind: "stored", id, state });
  }
  return records;
}

const encoded = (record: JournalRecord): Buffer => encodeRecord(Buffer.from(JSON.stringify(record)));

function parsed(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString());
  } catch {
    return null;
  }
}
