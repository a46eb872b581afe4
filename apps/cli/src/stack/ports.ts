import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { freePort } from "@otedama/db/embedded";

/** One port somebody chose, and where they would choose another. */
export interface WantedPort {
  host: string;
  port: number;
  /** What listens there: "dashboard". */
  what: string;
  /** Setting that names it: "api.port". */
  key: string;
}

/** Throws a sentence naming the first port that cannot be had, its holder where that can be seen, and the way out. */
export async function requireFreePorts(wanted: WantedPort[]): Promise<void> {
  for (const { host, port, what, key } of wanted) {
    if (port === 0) continue;
    const refused = await tryListen(host, port);
    if (!refused) continue;
    const variable = `OTEDAMA_${key.replace(".", "_").toUpperCase()}`;
    const change = `set ${key} in config.yaml (or ${variable}) to another one`;
    if (refused === "EADDRINUSE") {
      const holder = holderOf(port);
      throw new Error(`Port ${port} of the ${what} is in use${holder ? ` by ${holder}` : ""}: stop that program, or ${change}`);
    }
    if (refused === "EACCES") throw new Error(`Port ${port} of the ${what} needs more rights than this user has: ${change}`);
    throw new Error(
      `The ${what} cannot listen on ${host}:${port} (${refused}): ${change}, or correct ${key.replace("port", "host")}`,
    );
  }
}

/** A port on 127.0.0.1 that is free and, as long as it can be had, the same at every start. */
export async function rememberedPort(file: string): Promise<number> {
  const remembered = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (remembered > 0 && !(await tryListen("127.0.0.1", remembered))) return remembered;
  const port = await freePort();
  writeFileSync(file, `${port}\n`);
  return port;
}

function tryListen(host: string, port: number): Promise<string | null> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => done(null)));
  });
}

/** Name and number of the process that listens on a TCP port, from /proc; null where this user may not see it. */
function holderOf(port: number): string | null {
  try {
    const hex = port.toString(16).toUpperCase().padStart(4, "0");
    const inodes = new Set<string>();
    for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
      for (const line of readFileSync(table, "utf8").split("\n").slice(1)) {
        const fields = line.trim().split(/\s+/);
        // Local address, state (0A: listening) and inode.
        if (fields[1]?.endsWith(`:${hex}`) && fields[3] === "0A" && fields[9]) inodes.add(`socket:[${fields[9]}]`);
      }
    }
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      if (holdsOneOf(pid, inodes)) return `process ${pid} (${readFileSync(`/proc/${pid}/comm`, "utf8").trim()})`;
    }
  } catch {}
  return null;
}

function holdsOneOf(pid: string, sockets: Set<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return false;
  }
}
