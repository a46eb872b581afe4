import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { getAsset, isSea } from "node:sea";

export interface OwnRelease {
  version: string;
  /** Of the signed release that this executable was installed from; null when it was not (it runs from source, or was copied by hand). */
  number: number | null;
}

/** The build writes the version into the executable; an install's folder says the number: `versions/<number>-<version>/otedama-agent`. */
export function ownRelease(): OwnRelease {
  if (!isSea()) {
    const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
    return { version: (JSON.parse(manifest) as { version: string }).version, number: null };
  }
  const version = getAsset("version", "utf8");
  const folder = dirname(process.execPath);
  const number = basename(dirname(folder)) === "versions" ? /^([1-9][0-9]{0,14})-/.exec(basename(folder))?.[1] : undefined;
  return { version, number: number === undefined ? null : Number(number) };
}
