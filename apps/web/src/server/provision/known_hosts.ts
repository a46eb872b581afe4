/** OpenSSH's known_hosts: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". */
import { createHmac, timingSafeEqual } from "node:crypto";
import { type HostKey, readHostKey } from "./host_key.ts";

export interface KnownHost {
  /** Whether the line is about this host. */
  matches(host: string, port: number): boolean;
  key: HostKey;
  revoked: boolean;
}

const LINES_MAX = 20_000;
const PROBLEMS_MAX = 10;

/** Lines with certificate authorities are passed over: a pin is of one key. */
export function parseKnownHosts(text: string): { hosts: KnownHost[]; problems: string[] } {
  const hosts: KnownHost[] = [];
  const problems: string[] = [];
  const complain = (number: number, what: string) => {
    if (problems.length < PROBLEMS_MAX) problems.push(`Line ${number}: ${what}`);
  };
  const lines = text.split(/\r?\n/);
  if (lines.length > LINES_MAX) return { hosts, problems: [`The file has more than ${LINES_MAX} lines.`] };
  for (const [index, line] of lines.entries()) {
    const fields = line.trim().split(/\s+/);
    if (fields[0] === "" || fields[0]?.startsWith("#")) continue;
    const marker = fields[0]?.startsWith("@") ? fields.shift() : undefined;
    if (marker === "@cert-authority") continue;
    if (marker !== undefined && marker !== "@revoked") {
      complain(index + 1, `the marker ${marker.slice(0, 30)} is not known.`);
      continue;
    }
    const [names = "", type = "", base64 = ""] = fields;
    const key = /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? readHostKey(Buffer.from(base64, "base64")) : null;
    if (key === null || key.type !== type) {
      complain(index + 1, "it has no host key in the form: name type key.");
      continue;
    }
    const matches = names.startsWith("|1|") ? hashedMatcher(names) : patternMatcher(names);
    if (matches === null) complain(index + 1, "its hashed name cannot be read.");
    else hosts.push({ matches, key, revoked: marker === "@revoked" });
  }
  return { hosts, problems };
}

/** A host on another port than 22 is named with brackets. */
const nameOf = (host: string, port: number): string => (port === 22 ? host : `[${host}]:${port}`);

function hashedMatcher(field: string): KnownHost["matches"] | null {
  const [, , salt = "", hash = ""] = field.split("|");
  const wanted = Buffer.from(hash, "base64");
  const key = Buffer.from(salt, "base64");
  if (wanted.length !== 20 || key.length !== 20) return null;
  return (host, port) => timingSafeEqual(createHmac("sha1", key).update(nameOf(host, port)).digest(), wanted);
}

function patternMatcher(field: string): KnownHost["matches"] {
  const patterns = field
    .toLowerCase()
    .split(",")
    .filter((pattern) => pattern !== "");
  return (host, port) => {
    const name = nameOf(host, port);
    const hit = (pattern: string) => wildcard(pattern, name);
    if (patterns.some((pattern) => pattern.startsWith("!") && hit(pattern.slice(1)))) return false;
    return patterns.some((pattern) => !pattern.startsWith("!") && hit(pattern));
  };
}

/** `*` any number of characters, `?` one. Linear for each star: no pattern makes it slow. */
function wildcard(pattern: string, name: string): boolean {
  let [p, n, star, mark] = [0, 0, -1, 0];
  while (n < name.length) {
    if (pattern[p] === "?" || (pattern[p] === name[n] && pattern[p] !== "*")) {
      p++;
      n++;
    } else if (pattern[p] === "*") {
      star = p++;
      mark = n;
    } else if (star >= 0) {
      p = star + 1;
      n = ++mark;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
