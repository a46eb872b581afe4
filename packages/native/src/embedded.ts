/**
 * The addon of a single executable: an asset, which the system loads from a file only. It is written to a folder that this process
 * makes for itself (0700), loaded, and removed at once: nothing is left that another process could exchange, or that has to be
 * checked at the next start.
 */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { getRawAsset } from "node:sea";

const ADDON_ASSET = "otedama.node";
const FOLDER_PREFIX = ".addon-";
/** Longer than a start takes, however slow the disk is. */
const ABANDONED_AFTER_MS = 10 * 60_000;

/**
 * Beside the executable first: that file system lets programs run. The others are for an executable whose folder belongs to somebody
 * else; each of them may be mounted noexec, and then the next one is tried.
 */
function places(): string[] {
  const { STATE_DIRECTORY } = process.env;
  return [dirname(process.execPath), ...(STATE_DIRECTORY ? [STATE_DIRECTORY.split(":")[0] as string] : []), tmpdir()];
}

/** Throws a sentence with each place and why it would not do. */
export function loadEmbedded(): unknown {
  const addon = new Uint8Array(getRawAsset(ADDON_ASSET));
  const refusals: string[] = [];
  for (const place of new Set(places())) {
    let folder: string | null = null;
    try {
      sweep(place);
      folder = mkdtempSync(join(place, FOLDER_PREFIX));
      const path = join(folder, ADDON_ASSET);
      writeFileSync(path, addon, { mode: 0o500, flag: "wx" });
      const module = { exports: {} };
      process.dlopen(module, path, constants.dlopen.RTLD_NOW);
      return module.exports;
    } catch (error) {
      refusals.push(`${place}: ${error instanceof Error ? error.message : error}`);
    } finally {
      if (folder !== null) rmSync(folder, { recursive: true, force: true });
    }
  }
  throw new Error(
    `The native addon inside this executable cannot be loaded from any folder (${refusals.join("; ")}): make one of them writable for this user, on a file system that is not mounted noexec.`,
  );
}

/** What starts left behind that were killed in between. */
function sweep(place: string): void {
  for (const name of readdirSync(place)) {
    if (!name.startsWith(FOLDER_PREFIX)) continue;
    const path = join(place, name);
    try {
      if (Date.now() - statSync(path).mtimeMs > ABANDONED_AFTER_MS) rmSync(path, { recursive: true, force: true });
    } catch {
      // Another user's, or gone in the meantime.
    }
  }
}
