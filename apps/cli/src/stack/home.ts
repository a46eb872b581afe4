import { randomBytes } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, statfsSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** The folder of everything that outlives a start, one subfolder for each part. */
export interface Home {
  root: string;
  postgres: string;
  chain: string;
  pool: string;
  web: string;
  agent: string;
  /** What the reference signer signed; its key lies in `secrets`. */
  signer: string;
  /** Pid files and the settings handed to the processes. */
  run: string;
  logs: string;
  /** Keys and tokens, readable by their owner only; the pool never opens this folder. */
  secrets: string;
}

/** Below this a start would only fail later, less clearly. */
const FREE_BYTES_MIN = 300 * 1024 * 1024;

/** Makes the folder where it is missing. Throws a sentence when it cannot be used. */
export function openHome(path: string): Home {
  const root = resolve(path);
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    accessSync(root, constants.W_OK);
  } catch (error) {
    throw new Error(
      `${root} cannot be written (${(error as NodeJS.ErrnoException).code}): set OTEDAMA_HOME or data_dir to a folder that can`,
    );
  }
  const { bavail, bsize } = statfsSync(root);
  if (bavail * bsize < FREE_BYTES_MIN) {
    const free_mib = Math.floor((bavail * bsize) / 1024 / 1024);
    throw new Error(
      `The disk is full: ${root} has ${free_mib} MiB left and a start needs 300. Free some space, or set OTEDAMA_HOME to another disk`,
    );
  }
  const at = (name: string) => join(root, name);
  return {
    root,
    postgres: at("postgres"),
    chain: at("chain"),
    pool: at("pool"),
    web: at("web"),
    agent: at("agent"),
    signer: at("signer"),
    run: at("run"),
    logs: at("logs"),
    secrets: at("secrets"),
  };
}

/** Reads a small file that only its owner can, or makes it whole: half a file is never seen. */
export function keptSecret(path: string, make: () => string = () => randomBytes(32).toString("hex")): string {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, `${make()}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
  return readFileSync(path, "utf8").trim();
}
