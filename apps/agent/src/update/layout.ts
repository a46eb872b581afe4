import { basename, dirname, join } from "node:path";
import type { ReleaseManifest } from "@otedama/shared/agent";

export const EXECUTABLE = "otedama-agent";

/**
 * Where an install keeps what: `versions/<number>-<version>/otedama-agent`, `current`, a symbolic link to one of them, and beside it
 * what the trial of a new version leaves (deploy/agent/launch says what each file means).
 */
export class Layout {
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** Of the install that this executable belongs to; null when it lies elsewhere. */
  static of(executable: string): Layout | null {
    const versions = dirname(dirname(executable));
    return basename(executable) === EXECUTABLE && basename(versions) === "versions" ? new Layout(dirname(versions)) : null;
  }

  get versions(): string {
    return join(this.prefix, "versions");
  }
  get current(): string {
    return join(this.prefix, "current");
  }
  get trial(): string {
    return join(this.prefix, "trial");
  }
  get trial_starts(): string {
    return join(this.prefix, "trial.starts");
  }
  get rolled_back(): string {
    return join(this.prefix, "rolled-back");
  }

  folder(name: string): string {
    return join(this.versions, name);
  }
  executable(name: string): string {
    return join(this.versions, name, EXECUTABLE);
  }
}

export const versionName = ({ number, version }: Pick<ReleaseManifest, "number" | "version">): string => `${number}-${version}`;
