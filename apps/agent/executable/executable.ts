/**
 * A single executable: the Node of the repository, with the agent's code and the native addon as a note inside it.
 * https://nodejs.org/docs/latest-v24.x/api/single-executable-applications.html says what Node looks for.
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { withNote } from "./elf_note.ts";

/** Node runs what the note holds when this byte of its own text says 1. */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:";
const NOTE_NAME = "NODE_SEA_BLOB";

/** A heap that stays small: what the agent keeps is a few megabytes, and its garbage is short-lived. */
const V8_FLAGS = ["--max-semi-space-size=1", "--max-old-space-size=256", "--v8-pool-size=1"];

export interface ExecutableParts {
  /** Node's own executable for the platform. */
  node: string;
  /** The Node that runs here and prepares the note: the same version. */
  node_here: string;
  /** The bundle's name in `folder`: part of what the executable holds, so that it depends on no path of the machine that built it. */
  bundle: string;
  addon: string;
  version: string;
}

/** The executable's bytes. `folder` takes the intermediate files. */
export async function makeExecutable(parts: ExecutableParts, folder: string): Promise<Buffer> {
  writeFileSync(join(folder, "version"), parts.version);
  writeFileSync(
    join(folder, "sea.json"),
    JSON.stringify({
      main: parts.bundle,
      output: "agent.blob",
      disableExperimentalSEAWarning: true,
      // It saves no time that can be measured, and the same sources would make another executable each time.
      useCodeCache: false,
      execArgv: V8_FLAGS,
      // Whatever the environment of a rig says, the agent runs as it was tested.
      execArgvExtension: "none",
      assets: { "otedama.node": parts.addon, version: "version" },
    }),
  );
  await promisify(execFile)(parts.node_here, ["--experimental-sea-config", "sea.json"], { cwd: folder });
  const made = withNote(readFileSync(parts.node), NOTE_NAME, readFileSync(join(folder, "agent.blob")));
  const fuse = made.indexOf(`${FUSE}0`);
  if (fuse < 0 || made.indexOf(FUSE, fuse + 1) >= 0)
    throw new Error(`${parts.node} has no place to say that it is a single executable`);
  made.write("1", fuse + FUSE.length);
  return made;
}
