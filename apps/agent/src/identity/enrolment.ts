/** What the control plane said when it let this agent in: `data_dir/enrolment.json` (0600). */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Ed25519Key } from "@otedama/shared/agent";
import { z } from "zod";
import { readIfThere, writeAtomically } from "../files/atomic_file.ts";

const Enrolment = z.strictObject({
  hub_url: z.url(),
  /** Pinned: orders and releases must be signed by it. */
  control_key: Ed25519Key,
  site: z.string().max(200),
  enrolled_at_ms: z.int().min(0),
  /** SHA-256 of the token that was used, hex: the same token in the settings at the next start is no new enrolment. */
  token_hash: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Enrolment = z.infer<typeof Enrolment>;

const pathIn = (data_dir: string): string => join(data_dir, "enrolment.json");

/** Null where the agent is not enrolled. Throws a sentence when the file cannot be understood: the key in it is not to be guessed. */
export function keptEnrolment(data_dir: string): Enrolment | null {
  const kept = readIfThere(pathIn(data_dir));
  if (kept === null) return null;
  const enrolment = Enrolment.safeParse(json(kept.toString()));
  if (enrolment.success) return enrolment.data;
  throw new Error(`${pathIn(data_dir)} cannot be understood: remove it and enrol this rig again`);
}

export function keepEnrolment(data_dir: string, enrolment: Enrolment): void {
  writeAtomically(pathIn(data_dir), `${JSON.stringify(enrolment, null, 2)}\n`);
}

export const tokenHash = (token: string): string => createHash("sha256").update(token).digest("hex");

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
