/**
 * A disk that is full for one process. RLIMIT_FSIZE makes every write beyond a length fail (EFBIG) and cuts the one that crosses it, as a full
 * file system does (ENOSPC); it needs no rights, and can be lifted while the process runs. The difference: it holds for each file by
 * itself, and what is below the length can still be overwritten.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Null where the disk of a process can be filled, else why it cannot. */
export async function diskProblem(): Promise<string | null> {
  try {
    await run("prlimit", ["--version"]);
    return null;
  } catch {
    return "prlimit (util-linux) is not there";
  }
}

/** No file of the process grows beyond so many bytes; null lifts that. */
export async function limitFiles(pid: number, bytes: number | null): Promise<void> {
  await run("prlimit", ["--pid", String(pid), `--fsize=${bytes ?? "unlimited"}:`]);
}
