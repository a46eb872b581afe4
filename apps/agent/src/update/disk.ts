import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, symlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** The calls that change an install; tests hand in ones that end the process in between. */
export interface InstallDisk {
  openSync: typeof openSync;
  writeSync: typeof writeSync;
  fsyncSync: typeof fsyncSync;
  closeSync: typeof closeSync;
  renameSync: typeof renameSync;
  symlinkSync: typeof symlinkSync;
  rmSync: typeof rmSync;
}

export const REAL_INSTALL_DISK: InstallDisk = { openSync, writeSync, fsyncSync, closeSync, renameSync, symlinkSync, rmSync };

/** Makes renames in a folder outlast a power cut. */
export function syncFolder(disk: InstallDisk, folder: string): void {
  syncFile(disk, folder);
}

/** The file's content is on disk when this returns. */
export function syncFile(disk: InstallDisk, path: string): void {
  const handle = disk.openSync(path, "r");
  try {
    disk.fsyncSync(handle);
  } finally {
    disk.closeSync(handle);
  }
}

/** The file holds the old text or the new one, whatever happens in between. */
export function writeText(disk: InstallDisk, path: string, text: string): void {
  const aside = `${path}.new`;
  const handle = disk.openSync(aside, "w", 0o644);
  try {
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length; ) written += disk.writeSync(handle, bytes, written);
    disk.fsyncSync(handle);
  } finally {
    disk.closeSync(handle);
  }
  disk.renameSync(aside, path);
  syncFolder(disk, dirname(path));
}

/** `link` points to the old target or to the new one, whatever happens in between. */
export function pointLink(disk: InstallDisk, link: string, target: string): void {
  const aside = `${link}.new`;
  disk.rmSync(aside, { force: true });
  disk.symlinkSync(target, aside);
  disk.renameSync(aside, link);
  syncFolder(disk, dirname(link));
}

export function textIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
