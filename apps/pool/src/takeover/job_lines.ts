/**
 * Jobs as lines for a newer process, and back. A transaction goes once, however many jobs carry it. What comes back is checked as a node's
 * template is: a block that is made of it wrongly would be refused after the work was done.
 */
import type { EngineJob } from "@otedama/native/engine-types";
import { z } from "zod";
import { sha256d, wireHash } from "../work/bytes.ts";
import type { Job } from "../work/job.ts";
import { merkleBranches } from "../work/merkle.ts";
import type { Template, TemplateTransaction } from "../work/template.ts";
import { type FromOlder, JOBS_HANDED_MAX } from "./messages.ts";

/** Characters of transactions in one line. */
const LINE_CHARACTERS = 1024 * 1024;
const TRANSACTIONS_MAX = 1_000_000;

export class HandedJobError extends Error {
  override name = "HandedJobError";
}

const Bytes = z.instanceof(Uint8Array);
const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const Sats = z.bigint().nonnegative();

/** Strict, so that a version that knows more of a job, or less, is refused before anything is handed over. */
const HandedTemplate: z.ZodType<Omit<Template, "transactions">> = z.strictObject({
  version: z.int(),
  prev_hash: Hash,
  height: z.int().positive(),
  nbits: z.int(),
  ntime: z.int(),
  clock_s: z.int().nullable(),
  coinbasevalue_sats: Sats,
  fees_sats: Sats,
  aux: z.array(Bytes),
  longpollid: z.string().nullable(),
  segwit: z.boolean(),
  witness_commitment: Bytes.nullable(),
});
const HandedEngineJob: z.ZodType<EngineJob> = z.strictObject({
  job_number: z.int().positive(),
  height: z.int().positive(),
  prev_hash: Bytes,
  coinbase_prefix: Bytes,
  coinbase_suffix: Bytes,
  merkle_branches: Bytes,
  version: z.int(),
  nbits: z.int(),
  ntime: z.int(),
  clean: z.boolean(),
  template_at_ms: z.number(),
});
const HandedJob: z.ZodType<Omit<Job, "template"> & { template: Omit<Template, "transactions"> }> = z.strictObject({
  engine: HandedEngineJob,
  template: HandedTemplate,
  template_node: z.string(),
  coinbase_text: z.string(),
  outputs: z.array(z.strictObject({ value_sats: Sats, script: Bytes })),
  network_difficulty: z.number().positive(),
  made_at_ms: z.number(),
});

/** The older side: remembers which transactions went. */
export class JobWriter {
  readonly #numbers = new Map<string, number>();

  *lines(job: Job): Generator<FromOlder> {
    let list: [string, string, string][] = [];
    let characters = 0;
    for (const { data, txid, hash } of job.template.transactions) {
      if (this.#numbers.has(hash)) continue;
      this.#numbers.set(hash, this.#numbers.size);
      list.push([data, txid, hash]);
      characters += data.length;
      if (characters < LINE_CHARACTERS) continue;
      yield { kind: "transactions", list };
      list = [];
      characters = 0;
    }
    if (list.length > 0) yield { kind: "transactions", list };
    const { transactions, ...template } = job.template;
    yield {
      kind: "job",
      job: tagged({ ...job, template }),
      transactions: transactions.map(({ hash }) => this.#numbers.get(hash) as number),
    };
  }
}

/** The newer side. */
export class JobReader {
  readonly #transactions: TemplateTransaction[] = [];
  readonly jobs: Job[] = [];

  /** Throws a HandedJobError. */
  take(message: FromOlder & { kind: "transactions" | "job" }): void {
    if (message.kind === "job") this.jobs.push(this.#job(message));
    else for (const [data, txid, hash] of message.list) this.#add({ data, txid, hash });
    // More come only while blocks do, from one to the next.
    if (this.jobs.length > 2 * JOBS_HANDED_MAX) throw new HandedJobError("too many jobs");
  }

  #add(transaction: TemplateTransaction): void {
    if (this.#transactions.length >= TRANSACTIONS_MAX) throw new HandedJobError("too many transactions");
    if (!sha256d(Buffer.from(transaction.data, "hex")).equals(wireHash(transaction.hash))) {
      throw new HandedJobError(`transaction ${transaction.hash.slice(0, 64)} is not what its hash says`);
    }
    this.#transactions.push(transaction);
  }

  #job(message: FromOlder & { kind: "job" }): Job {
    const parsed = HandedJob.safeParse(untagged(message.job));
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new HandedJobError(`a job has a wrong ${issue?.path.join(".") || "shape"}: ${issue?.message}`);
    }
    const transactions = message.transactions.map((number) => {
      const transaction = this.#transactions[number];
      if (!transaction) throw new HandedJobError(`a job names transaction ${number}, which did not come`);
      return transaction;
    });
    const { engine, template } = parsed.data;
    const branches = Buffer.concat(merkleBranches(transactions.map(({ txid }) => wireHash(txid))));
    if (!branches.equals(engine.merkle_branches) || !wireHash(template.prev_hash).equals(engine.prev_hash)) {
      throw new HandedJobError(`job ${engine.job_number} does not fit its template`);
    }
    return { ...parsed.data, template: { ...template, transactions } };
  }
}

/** JSON knows no bytes and no big numbers: they go as `{"hex":"…"}` and `{"big":"…"}`. */
function tagged(value: unknown): unknown {
  if (typeof value === "bigint") return { big: value.toString() };
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString("hex") };
  if (Array.isArray(value)) return value.map(tagged);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, tagged(item)]));
}

function untagged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(untagged);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [key, item] = entries.length === 1 && entries[0] ? entries[0] : [];
  if (key === "big" && typeof item === "string" && /^-?\d{1,32}$/.test(item)) return BigInt(item);
  if (key === "hex" && typeof item === "string" && /^(?:[0-9a-f]{2})*$/.test(item)) return Buffer.from(item, "hex");
  return Object.fromEntries(entries.map(([name, inner]) => [name, untagged(inner)]));
}
