import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** The calls that what lies on disk is made of; tests hand in ones that end the process in between. */
export interface Disk {
  openSync: typeof openSync;
  writeSync: typeof writeSync;
  fsyncSync: typeof fsyncSync;
  closeSync: typeof closeSync;
  renameSync: typeof renameSync;
}

export const REAL_DISK: Disk = { openSync, writeSync, fsyncSync, closeSync, renameSync };

/** The file holds the old content or the new one, whatever happens in between. Readable by its owner alone. */
export function writeAtomically(path: string, content: string | Uint8Array, disk: Disk = REAL_DISK): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const aside = `${path}.${process.pid}.tmp`;
  const file = disk.openSync(aside, "w", 0o600);
  try {
    writeAll(disk, file, typeof content === "string" ? Buffer.from(content) : content);
    disk.fsyncSync(file);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  } finally {
    disk.closeSync(file);
  }
  disk.renameSync(aside, path);
  syncFolder(dirname(path), disk);
}

/** A full disk may take a part of it. */
export function writeAll(disk: Disk, file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += disk.writeSync(file, bytes, written);
}

/** Makes a rename or a new file outlast a power cut. */
export function syncFolder(folder: string, disk: Disk = REAL_DISK): void {
  const handle = disk.openSync(folder, "r");
  try {
    disk.fsyncSync(handle);
  } finally {
    disk.closeSync(handle);
  }
}

export function readIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
