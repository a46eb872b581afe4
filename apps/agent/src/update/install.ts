import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ReleaseFile, SignedMessage } from "@otedama/shared/agent";
import { type InstallDisk, syncFile, syncFolder, writeText } from "./disk.ts";
import { fileHash } from "./download.ts";
import { EXECUTABLE, type Layout } from "./layout.ts";

/** Beside what the file itself takes: the addon at its start, logs, the next telemetry. */
const SPARE_BYTES = 64 * 1024 * 1024;
const ANSWER_MS = 30_000;
const LEFTOVER = /^\.(download|new)-/;

export const downloadPath = (layout: Layout, sha256: string): string => join(layout.versions, `.download-${sha256}`);

/** Throws a sentence where the folder cannot be made, or the disk has no room for the file. */
export function checkRoom(layout: Layout, { bytes }: Pick<ReleaseFile, "bytes">, spare_bytes = SPARE_BYTES): void {
  mkdirSync(layout.versions, { recursive: true });
  const { bavail, bsize } = statfsSync(layout.versions);
  const needed = bytes + spare_bytes;
  if (bavail * bsize < needed) {
    throw new Error(
      `the disk is too full: ${layout.versions} has ${megabytes(bavail * bsize)} MB left, ${megabytes(needed)} are needed`,
    );
  }
}

/**
 * Puts a verified download in its place: whole or not at all, never over a version that is there. What lies there already is checked
 * anew and replaced if it is not what was signed.
 */
export async function install(
  layout: Layout,
  name: string,
  file: ReleaseFile,
  message: SignedMessage,
  disk: InstallDisk,
): Promise<void> {
  if (existsSync(layout.executable(name)) && (await fileHash(layout.executable(name))) === file.sha256) return;
  const aside = layout.folder(`.new-${name}`);
  for (const folder of [aside, layout.folder(name)]) disk.rmSync(folder, { recursive: true, force: true });
  mkdirSync(aside, { mode: 0o755 });
  writeText(disk, join(aside, "release.json"), `${JSON.stringify(message)}\n`);
  disk.renameSync(downloadPath(layout, file.sha256), join(aside, EXECUTABLE));
  chmodSync(join(aside, EXECUTABLE), 0o755);
  syncFile(disk, join(aside, EXECUTABLE));
  syncFolder(disk, aside);
  disk.renameSync(aside, layout.folder(name));
  syncFolder(disk, layout.versions);
}

/** Whether it runs on this machine at all, before anything depends on it. Throws a sentence otherwise. */
export async function tryExecutable(layout: Layout, name: string, version: string): Promise<void> {
  let answer: string;
  try {
    const { stdout } = await promisify(execFile)(layout.executable(name), ["--version"], {
      timeout: ANSWER_MS,
      killSignal: "SIGKILL",
    });
    answer = stdout.trim();
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(`the new version does not run on this machine: ${(stderr?.trim().split("\n")[0] || message).slice(0, 300)}`);
  }
  if (answer !== version)
    throw new Error(`the new executable says that it is version ${answer.slice(0, 80)}, signed is ${version}`);
}

/** Versions that nothing needs any more, and what killed updates left. `kept` are names in `versions`. */
export function prune(layout: Layout, kept: readonly string[]): void {
  for (const name of readdirSync(layout.versions)) {
    if (kept.includes(name) || !(LEFTOVER.test(name) || existsSync(layout.executable(name)))) continue;
    rmSync(layout.folder(name), { recursive: true, force: true });
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
