/** The files of releases, each under its SHA-256 in `data_dir/releases`: never changed, so that a name says what is in it. */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, type ReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** What was offered is not what it is said to be. */
export class WrongFileError extends Error {}

const INCOMING = ".incoming-";
const HASH = /^[0-9a-f]{64}$/;

export class ReleaseFiles {
  readonly #folder: string;

  constructor(data_dir: string) {
    this.#folder = join(data_dir, "releases");
  }

  path(sha256: string): string {
    if (!HASH.test(sha256)) throw new Error("a release's file is named by its SHA-256");
    return join(this.#folder, sha256);
  }

  /** A copy of the file, durable when this resolves. Throws a WrongFileError when its hash or length is another one. */
  async add(source: string, { sha256, bytes }: { sha256: string; bytes: number }): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const kept = await stat(this.path(sha256)).catch(() => null);
    if (kept?.size === bytes) return;
    const aside = join(this.#folder, `${INCOMING}${randomUUID()}`);
    try {
      const hash = createHash("sha256");
      let read = 0;
      const hashed = async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          read += chunk.length;
          if (read > bytes) break;
          hash.update(chunk);
          yield chunk;
        }
      };
      await pipeline(createReadStream(source), hashed, createWriteStream(aside, { mode: 0o600, flush: true }));
      const found = hash.digest("hex");
      if (read !== bytes || found !== sha256) {
        throw new WrongFileError(`${source} is not what its build.json says (SHA-256 ${found}, ${read} bytes): build it again.`);
      }
      await rename(aside, this.path(sha256));
      const folder = await open(this.#folder, "r");
      await folder.sync().finally(() => folder.close());
    } finally {
      await rm(aside, { force: true });
    }
  }

  read(sha256: string, from: number): ReadStream {
    return createReadStream(this.path(sha256), { start: from, highWaterMark: 256 * 1024 });
  }

  /** Deletes what nobody needs, and what a killed process left half-way. */
  async keepOnly(needed: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.#folder).catch(() => [])) {
      if (!needed.has(name)) await rm(join(this.#folder, name), { force: true });
    }
  }
}
