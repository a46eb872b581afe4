/** How the rig script is run on a rig: as the sign-in itself, or as root by whatever right it has. No secret is ever an argument. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { HeldSecret } from "./held_secret.ts";
import type { RigFacts } from "./rig_facts.ts";
import { type Executed, type SshLink, SshTrouble } from "./ssh_link.ts";

const FOLDER = join(import.meta.dirname, "rig");
export const RIG_SCRIPT = readFileSync(join(FOLDER, "rig.sh"));
export const LAUNCH_SCRIPT = readFileSync(join(import.meta.dirname, "../../../../../deploy/agent/launch"));
export const SUPERVISE_SCRIPT = readFileSync(join(FOLDER, "supervise.sh"));

const LOOK_MS = 45_000;

/** POSIX: nothing inside single quotes means anything but themselves. */
export const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
const words = (list: readonly string[]): string => list.map(quoted).join(" ");

/** The script comes over standard input: nothing is written on the rig. */
export function look(link: SshLink, control_url: string): Promise<Executed> {
  return link.execute(`sh -s -- look ${words([`CONTROL_URL=${control_url}`])}`, { timeout_ms: LOOK_MS, input: RIG_SCRIPT });
}

export interface RootOptions {
  facts: Pick<RigFacts, "sudo">;
  secret: HeldSecret;
  user: string;
  timeout_ms: number;
  /** The script as it lies on the rig; absent, it comes over standard input. */
  path?: string;
  onLine?: (line: string) => void;
}

/**
 * Runs the script as root. sudo reads the password as the first line of standard input, one character at a time, and with -k asks for
 * it whatever it remembers, so that the line is always read by sudo and never by the script; it is asked once.
 */
export async function asRoot(link: SshLink, verb: string, args: readonly string[], options: RootOptions): Promise<Executed> {
  const { facts, secret, user, timeout_ms, path, onLine } = options;
  const script = path === undefined ? `sh -s -- ${verb} ${words(args)}` : `sh ${words([path, verb, ...args])}`;
  const line = facts.sudo === "password" ? secret.sudoLine() : null;
  const command =
    facts.sudo === "root"
      ? script
      : facts.sudo === "free"
        ? `env LC_ALL=C sudo -k -n -- ${script}`
        : `env LC_ALL=C sudo -k -S -p '' -- ${script}`;
  const input = Buffer.concat([line ?? Buffer.alloc(0), path === undefined ? RIG_SCRIPT : Buffer.alloc(0)]);
  line?.fill(0);
  try {
    const done = await link.execute(command, { timeout_ms, input, ...(onLine === undefined ? {} : { onLine }) });
    const problem = done.code === 0 ? null : sudoProblem(done.stderr, user);
    if (problem !== null) throw new SshTrouble("credentials", problem);
    return done;
  } finally {
    input.fill(0);
  }
}

function sudoProblem(stderr: string, user: string): string | null {
  if (/incorrect password|Sorry, try again|no password was provided/i.test(stderr))
    return `sudo does not take this password for ${user}.`;
  if (/not in the sudoers file|is not allowed to/i.test(stderr)) return `${user} may not use sudo on this rig.`;
  if (/must have a tty|terminal is required/i.test(stderr))
    return "sudo on this rig wants a terminal (requiretty): take that out of its sudoers.";
  if (/a password is required/i.test(stderr)) return `sudo asks ${user} for a password.`;
  return null;
}
