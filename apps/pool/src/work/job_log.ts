/**
 * What each job was worth, on disk before the job is sent: the share log names jobs by number only, and what a share is paid under PPS and FPPS,
 * and the policy that a block is shared out by, are the job's. A line is written without waiting for the disk (a new tip does not wait) and synced
 * after, so it outlives the process at once and the machine a moment later; a job whose line a power cut took counts as the one before it.
 *
 * `<instance_id>.<first job number>.jobs`, a JSON object a line.
 */
import { closeSync, fsync, mkdirSync, openSync, readdirSync, readFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { LineWriter } from "../line_writer.ts";

const JobLine = z.object({
  job_number: z.int().min(1),
  height: z.int().min(1),
  nbits: z.int().min(0),
  subsidy_sats: z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(BigInt),
  /** Null while the pool knew no version. */
  policy_version: z.int().nullable(),
  /** Average of recent blocks, for FPPS. */
  average_fees_sats: z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(BigInt),
  at_ms: z.int(),
});
export type JobFacts = z.infer<typeof JobLine>;

export interface JobLogOptions {
  dir: string;
  instance_id: string;
  lines_per_file?: number;
  files_kept?: number;
}

export class JobLog {
  readonly #dir: string;
  readonly #prefix: string;
  readonly #lines_per_file: number;
  readonly #files_kept: number;
  readonly #onTrouble: (error: Error) => void;
  /** By rising job number. */
  #jobs: JobFacts[] = [];
  /** The highest number that was asked for and is in no file. */
  #missed = 0;
  #fd: number | null = null;
  #writer: LineWriter | null = null;
  #lines = 0;

  constructor(options: JobLogOptions, dependencies: { onTrouble: (error: Error) => void }) {
    this.#dir = options.dir;
    this.#prefix = `${options.instance_id}.`;
    this.#lines_per_file = options.lines_per_file ?? 10_000;
    this.#files_kept = options.files_kept ?? 20;
    this.#onTrouble = dependencies.onTrouble;
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    this.#load();
  }

  append(job: JobFacts): void {
    try {
      if (this.#fd === null || this.#lines >= this.#lines_per_file) this.#begin(job.job_number);
      const fd = this.#fd as number | null;
      if (fd === null) return;
      this.#writer?.write(toLine(job));
      this.#lines += 1;
      fsync(fd, () => {});
    } catch (error) {
      // A disk that is full must not keep miners from a new tip; the job counts as the one before it, now as after a restart.
      this.#onTrouble(error as Error);
      return;
    }
    this.#jobs.push(job);
    const most = this.#lines_per_file * this.#files_kept;
    if (this.#jobs.length > most) this.#jobs = this.#jobs.slice(-most / 2);
  }

  /** The job, or the last one known before it; null when none is. */
  of(job_number: number): JobFacts | null {
    // Another process of this instance may have made it: one that handed over to this one.
    if (job_number > Math.max(this.#missed, this.#jobs.at(-1)?.job_number ?? 0)) {
      this.#load();
      if (job_number > (this.#jobs.at(-1)?.job_number ?? 0)) this.#missed = job_number;
    }
    let low = 0;
    let high = this.#jobs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#jobs[middle] as JobFacts).job_number <= job_number) low = middle + 1;
      else high = middle;
    }
    return this.#jobs[low - 1] ?? null;
  }

  /** Reads what another process of this instance has appended since. */
  refresh(): void {
    this.#load();
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
    this.#writer = null;
  }

  #files(): string[] {
    return readdirSync(this.#dir)
      .filter((name) => name.startsWith(this.#prefix) && /^\d{10}\.jobs$/.test(name.slice(this.#prefix.length)))
      .sort();
  }

  #load(): void {
    const jobs = new Map(this.#jobs.map((job) => [job.job_number, job]));
    for (const name of this.#files()) {
      for (const line of readFileSync(join(this.#dir, name), "utf8").split("\n")) {
        const job = readLine(line);
        if (job && !jobs.has(job.job_number)) jobs.set(job.job_number, job);
      }
    }
    this.#jobs = [...jobs.values()].sort((a, b) => a.job_number - b.job_number);
  }

  #begin(job_number: number): void {
    this.close();
    this.#fd = openSync(join(this.#dir, `${this.#prefix}${String(job_number).padStart(10, "0")}.jobs`), "a", 0o600);
    this.#writer = new LineWriter(this.#fd);
    this.#lines = 0;
    const files = this.#files();
    for (const name of files.slice(0, Math.max(0, files.length - this.#files_kept))) unlinkSync(join(this.#dir, name));
  }
}

function toLine(job: JobFacts): string {
  return JSON.stringify({ ...job, subsidy_sats: String(job.subsidy_sats), average_fees_sats: String(job.average_fees_sats) });
}

/** Null for a line that a crash tore. */
function readLine(line: string): JobFacts | null {
  if (line === "") return null;
  try {
    const parsed = JobLine.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
