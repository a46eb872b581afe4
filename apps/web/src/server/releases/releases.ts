/** Publishing: from a build folder to a signed release that rigs can fetch. */
import { join } from "node:path";
import { type Actor, insertRelease, ReleaseError, retireReleaseFiles, type WebDatabase } from "@otedama/db/web";
import type { BuildFolderDto, PublishInput } from "@otedama/shared";
import type { ControlKey } from "../keys/control_key.ts";
import { lookAtBuilds } from "./build_folder.ts";
import { type ReleaseFiles, WrongFileError } from "./release_files.ts";

export interface ReleasesOptions {
  build_folder: string;
  /** The newest ones keep their files, whether anybody runs them or not. */
  releases_kept: number;
}

export interface ReleasesDependencies {
  sql: WebDatabase["sql"];
  files: ReleaseFiles;
  control_key: ControlKey;
  now: () => number;
}

export class Releases {
  readonly #options: ReleasesOptions;
  readonly #dependencies: ReleasesDependencies;
  /** One at a time: each copies hundreds of megabytes. */
  #publishing: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(options: ReleasesOptions, dependencies: ReleasesDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  look(): BuildFolderDto {
    return lookAtBuilds(this.#options.build_folder);
  }

  get control_key(): string {
    return this.#dependencies.control_key.public_key;
  }

  /** Throws a ReleaseError: `changed` when the folder is not what was shown, `wrong_state` when it cannot be published, `too_many`. */
  async publish(actor: Actor, input: PublishInput): Promise<number> {
    if (this.#waiting >= 2) throw new ReleaseError("too_many", "Another release is being published. Wait until it is done.");
    this.#waiting += 1;
    const mine = this.#publishing.then(() => this.#publish(actor, input));
    this.#publishing = mine.catch(() => undefined);
    return mine.finally(() => {
      this.#waiting -= 1;
    });
  }

  async #publish(actor: Actor, { sha256, notes }: PublishInput): Promise<number> {
    const { sql, files, control_key, now } = this.#dependencies;
    const { folder, builds, problem } = this.look();
    if (problem !== null) throw new ReleaseError("wrong_state", problem);
    const shown = new Set(sha256);
    if (shown.size !== builds.length || builds.some((build) => !shown.has(build.sha256))) {
      throw new ReleaseError(
        "changed",
        "sha256: the folder holds another build now than the one that was shown. Look at it again.",
      );
    }
    for (const build of builds) {
      try {
        await files.add(join(folder, build.platform, build.name), build);
      } catch (error) {
        if (error instanceof WrongFileError) throw new ReleaseError("wrong_state", error.message);
        throw error;
      }
    }
    const number = await insertRelease(sql, actor, {
      version: builds[0]?.version ?? "",
      notes,
      files: builds.map(({ version: _, ...file }) => file),
      again_of: null,
      made_at_ms: now(),
      sign: (manifest) => control_key.sign("release", manifest),
    });
    await files.keepOnly(await retireReleaseFiles(sql, this.#options.releases_kept));
    return number;
  }
}
