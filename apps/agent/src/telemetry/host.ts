/** What the machine has used so far, beside its processor. */
import { statfsSync } from "node:fs";
import type { AgentReport } from "@otedama/shared/agent";
import { text } from "./sysfs.ts";

/** Bytes over every interface but loopback (proc(5), /proc/net/dev: the first and the ninth figure). */
export function networkBytes(proc = "/proc"): AgentReport["network"] {
  const lines = text(`${proc}/net/dev`)?.split("\n").slice(2);
  if (!lines) return null;
  let received_bytes = 0;
  let sent_bytes = 0;
  for (const line of lines) {
    const [name, figures] = line.split(":");
    const columns = figures?.trim().split(/\s+/).map(Number) ?? [];
    if (name?.trim() === "lo" || columns.length < 9 || columns.some(Number.isNaN)) continue;
    received_bytes += columns[0] ?? 0;
    sent_bytes += columns[8] ?? 0;
  }
  return { received_bytes, sent_bytes };
}

/** Of the file system that holds the folder; free is what this user may still take. */
export function diskBytes(folder: string): { disk_total_bytes: number; disk_free_bytes: number } {
  try {
    const { bsize, blocks, bavail } = statfsSync(folder);
    return { disk_total_bytes: bsize * blocks, disk_free_bytes: bsize * bavail };
  } catch {
    return { disk_total_bytes: 0, disk_free_bytes: 0 };
  }
}
