import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const AgentId = z.uuid();

/**
 * The agent's id: made once, kept in `data_dir/agent_id` (0600), the same for good. Two agents that start at once on an empty folder
 * agree on one; a file that holds no id (a disk fault) is replaced, and the rig then appears anew.
 */
export function keptAgentId(data_dir: string): string {
  mkdirSync(data_dir, { recursive: true, mode: 0o700 });
  const path = join(data_dir, "agent_id");
  const kept = read(path);
  if (kept !== null && AgentId.safeParse(kept).success) return kept;
  const fresh = randomUUID();
  const aside = `${path}.${process.pid}.tmp`;
  const file = openSync(aside, "w", 0o600);
  try {
    writeSync(file, `${fresh}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (kept !== null) {
    renameSync(aside, path);
    return fresh;
  }
  try {
    linkSync(aside, path);
    return fresh;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return keptAgentId(data_dir);
  } finally {
    rmSync(aside, { force: true });
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
