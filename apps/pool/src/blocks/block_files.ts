/**
 * Blocks on disk, before anybody is told of them: `<hash>.json` holds the block and what the accounts need to know, `<hash>.outcome` the nodes'
 * verdict, `<hash>.answers` what each of them said and when. A block without an outcome is still to be submitted, whatever happened to the process in between.
 */
import { mkdirSync } from "node:fs";
import { open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const Sats = z
  .string()
  .regex(/^\d{1,19}$/)
  .transform(BigInt);

const StoredBlockFile = z.object({
  hash: z.string().length(64),
  height: z.int(),
  worker_id: z.int(),
  /** 0 in files from before it was kept. */
  job_number: z.int().default(0),
  prev_hash: z.string().length(64),
  coinbase_txid: z.string().length(64),
  found_at_ms: z.int(),
  reward_sats: Sats,
  fees_sats: Sats,
  network_difficulty: z.number(),
  share_difficulty: z.number(),
  transactions: z.int(),
  size_bytes: z.int(),
  /** False when the engine judged the share stale or duplicate as well. */
  accepted: z.boolean(),
  block_hex: z.string(),
  /** How its job came about: whose template it was, when that came, what the coinbase says and whom it pays. */
  template_node: z.string().nullable().default(null),
  template_at_ms: z.int().nullable().default(null),
  coinbase_text: z.string().default(""),
  outputs: z.array(z.object({ script_hex: z.string(), value_sats: Sats })).default([]),
});
export type StoredBlock = z.infer<typeof StoredBlockFile>;

const OutcomeFile = z.object({ accepted: z.boolean(), note: z.string().nullable(), at_ms: z.int() });
export type Outcome = z.infer<typeof OutcomeFile>;

const AnswersFile = z.object({
  /** True once nobody will be asked any more. */
  complete: z.boolean(),
  answers: z
    .array(
      z.object({
        node: z.string(),
        /** `away`: it has not answered. `unsure`: it does not know the block before. */
        result: z.enum(["accepted", "rejected", "unsure", "away"]),
        /** The node's own words, or why it was not reached. */
        answer: z.string().nullable(),
        attempts: z.int(),
        first_at_ms: z.int(),
        answered_at_ms: z.int().nullable(),
        /** Of the call that was answered. */
        latency_ms: z.number().nullable(),
      }),
    )
    .max(64),
});
export type Answers = z.infer<typeof AnswersFile>;
export type NodeAnswer = Answers["answers"][number];

export class BlockFiles {
  readonly #dir: string;

  constructor(options: { dir: string }) {
    this.#dir = options.dir;
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
  }

  /** On disk for good when it returns. */
  async store(block: StoredBlock): Promise<void> {
    await this.#write(`${block.hash}.json`, {
      ...block,
      reward_sats: block.reward_sats.toString(),
      fees_sats: block.fees_sats.toString(),
      outputs: block.outputs.map((output) => ({ ...output, value_sats: output.value_sats.toString() })),
    });
  }

  async read(hash: string): Promise<StoredBlock | null> {
    return this.#read(`${hash}.json`, StoredBlockFile);
  }

  async storeOutcome(hash: string, outcome: Outcome): Promise<void> {
    await this.#write(`${hash}.outcome`, outcome);
  }

  async outcome(hash: string): Promise<Outcome | null> {
    return this.#read(`${hash}.outcome`, OutcomeFile);
  }

  async storeAnswers(hash: string, answers: Answers): Promise<void> {
    await this.#write(`${hash}.answers`, answers);
  }

  async answers(hash: string): Promise<Answers | null> {
    return this.#read(`${hash}.answers`, AnswersFile);
  }

  /** Hashes of the blocks of which anything is kept. */
  async list(): Promise<string[]> {
    return (await readdir(this.#dir)).flatMap((name) => /^([0-9a-f]{64})\.json$/.exec(name)?.[1] ?? []);
  }

  /** Hashes of the blocks that no node has given a verdict on. */
  async listOpen(): Promise<string[]> {
    const names = new Set(await readdir(this.#dir));
    return [...names].flatMap((name) => {
      const hash = /^([0-9a-f]{64})\.json$/.exec(name)?.[1];
      return hash && !names.has(`${hash}.outcome`) ? [hash] : [];
    });
  }

  async listDecided(): Promise<string[]> {
    return (await readdir(this.#dir)).flatMap((name) => /^([0-9a-f]{64})\.outcome$/.exec(name)?.[1] ?? []);
  }

  async forget(hash: string): Promise<void> {
    // The outcome last: a block without one would be submitted again.
    await rm(join(this.#dir, `${hash}.answers`), { force: true });
    await rm(join(this.#dir, `${hash}.json`), { force: true });
    await rm(join(this.#dir, `${hash}.outcome`), { force: true });
  }

  async #write(name: string, value: unknown): Promise<void> {
    const path = join(this.#dir, name);
    const file = await open(`${path}.new`, "w", 0o600);
    try {
      await file.writeFile(JSON.stringify(value));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    const dir = await open(this.#dir, "r");
    try {
      await dir.sync();
    } finally {
      await dir.close();
    }
  }

  async #read<T extends z.ZodType>(name: string, schema: T): Promise<z.infer<T> | null> {
    try {
      return schema.parse(JSON.parse(await readFile(join(this.#dir, name), "utf8")));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }
}
