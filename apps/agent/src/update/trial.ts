/**
 * The files of a trial, which this process and deploy/agent/launch share. The order of the writes is what makes a kill harmless: the
 * trial is on disk before `current` is switched, and is removed last.
 */

import { readlinkSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";
import { type InstallDisk, pointLink, syncFolder, textIfThere, writeText } from "./disk.ts";
import type { Layout } from "./layout.ts";

const Facts = z.strictObject({
  command_id: z.uuid(),
  release_number: z.int().min(1),
  /** Whether the version before was mining: a new one cannot be asked for more. */
  mining_before: z.boolean(),
  sha256: z.string(),
});
export type TrialFacts = z.infer<typeof Facts>;

/** Names of folders in `versions`. */
export interface Trial extends TrialFacts {
  candidate: string;
  previous: string;
}

export interface RolledBack {
  candidate: string;
  previous: string;
  why: string;
}

export function readTrial(layout: Layout): Trial | null {
  const lines = textIfThere(layout.trial)?.split("\n") ?? [];
  const [candidate, previous] = lines[0]?.split(" ") ?? [];
  if (!candidate || !previous) return null;
  try {
    return { candidate, previous, ...Facts.parse(JSON.parse(lines[1] ?? "")) };
  } catch {
    // Not written by an agent that we know: launch ends it by its own rules.
    return null;
  }
}

export function readRolledBack(layout: Layout): RolledBack | null {
  const [, candidate, previous, why] = /^(\S+) (\S+) (.*)$/m.exec(textIfThere(layout.rolled_back) ?? "") ?? [];
  return candidate && previous ? { candidate, previous, why: why ?? "" } : null;
}

export function currentName(layout: Layout): string | null {
  try {
    return basename(readlinkSync(layout.current));
  } catch {
    return null;
  }
}

/** From here on the candidate is what starts next. */
export function beginTrial(layout: Layout, { candidate, previous, ...facts }: Trial, disk: InstallDisk): void {
  disk.rmSync(layout.rolled_back, { force: true });
  disk.rmSync(layout.trial_starts, { force: true });
  writeText(disk, layout.trial, `${candidate} ${previous}\n${JSON.stringify(facts)}\n`);
  pointLink(disk, layout.current, `versions/${candidate}`);
}

/** The candidate stays. */
export function confirmTrial(layout: Layout, disk: InstallDisk): void {
  disk.rmSync(layout.rolled_back, { force: true });
  endTrial(layout, disk);
}

/** The version before the candidate is what starts next. */
export function rollBack(layout: Layout, { candidate, previous }: Trial, why: string, disk: InstallDisk): void {
  writeText(disk, layout.rolled_back, `${candidate} ${previous} ${why.replace(/\s+/g, " ")}\n`);
  pointLink(disk, layout.current, `versions/${previous}`);
  endTrial(layout, disk);
}

function endTrial(layout: Layout, disk: InstallDisk): void {
  disk.rmSync(layout.trial, { force: true });
  disk.rmSync(layout.trial_starts, { force: true });
  syncFolder(disk, layout.prefix);
}
