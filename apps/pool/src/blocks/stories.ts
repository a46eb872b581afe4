/**
 * Takes what the folder of blocks knows of a block (its coinbase, what each node answered) to the database. The files are there first: a block
 * is submitted whether the database is there or not, and its row is written by the accounts later.
 */
import { type Database, writeBlockStory } from "@otedama/db/pool";
import { type Network, scriptAddress } from "@otedama/shared";
import { Pauses } from "../work/pauses.ts";
import type { Answers, BlockFiles } from "./block_files.ts";

export interface StoriesOptions {
  network: Network;
  retry_ms: number;
}

export interface StoriesDependencies {
  database: Database;
  files: BlockFiles;
  onTrouble: (error: Error) => void;
}

export class BlockStories {
  readonly #options: StoriesOptions;
  readonly #d: StoriesDependencies;
  readonly #pauses = new Pauses();
  /** Blocks whose story in the database may be older than that in the files. */
  readonly #behind = new Set<string>();
  readonly #unwritten = new Map<string, Answers>();
  #writing: Promise<void> = Promise.resolve();
  #poked = false;
  #running: Promise<void> | null = null;

  constructor(options: StoriesOptions, dependencies: StoriesDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  /** Files are forgotten some days after their block is settled, so what an earlier process left is little. */
  async start(): Promise<void> {
    for (const hash of await this.#d.files.list()) this.#behind.add(hash);
    this.#running ??= this.#run();
  }

  /** Written one after another, the newest of a block only. */
  answered(hash: string, answers: Answers): void {
    this.#unwritten.set(hash, structuredClone(answers));
    this.#writing = this.#writing.then(async () => {
      const newest = this.#unwritten.get(hash);
      if (!newest) return;
      this.#unwritten.delete(hash);
      await this.#d.files.storeAnswers(hash, newest).catch(this.#d.onTrouble);
      this.#behind.add(hash);
      this.poke();
    });
  }

  /** Rows of blocks were written. */
  poke(): void {
    this.#poked = true;
    if (this.#behind.size > 0) this.#pauses.wake();
  }

  async stop(): Promise<void> {
    this.#pauses.stop();
    await Promise.all([this.#running, this.#writing]);
  }

  async #run(): Promise<void> {
    while (!this.#pauses.stopped) {
      this.#poked = false;
      try {
        for (const hash of [...this.#behind]) if (!this.#pauses.stopped) await this.#take(hash);
      } catch (error) {
        this.#d.onTrouble(error as Error);
      }
      if (!this.#poked) await this.#pauses.wait(this.#options.retry_ms);
    }
  }

  async #take(hash: string): Promise<void> {
    this.#behind.delete(hash);
    try {
      const [block, kept] = await Promise.all([this.#d.files.read(hash), this.#d.files.answers(hash)]);
      if (!block) return;
      const { coinbase_text, template_node, template_at_ms } = block;
      const outputs = block.outputs.map((output) => ({
        ...output,
        address: scriptAddress(Buffer.from(output.script_hex, "hex"), this.#options.network),
      }));
      const submissions = kept?.answers ?? [];
      const written = await writeBlockStory(this.#d.database, {
        hash,
        coinbase_text,
        template_node,
        template_at_ms,
        outputs,
        submissions,
      });
      if (!written) this.#behind.add(hash);
    } catch (error) {
      this.#behind.add(hash);
      throw error;
    }
  }
}
