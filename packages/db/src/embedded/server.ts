import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { findBinaries, mayReach, type PostgresBinaries, type ServerAccount, serverAccount } from "./binaries.ts";

export interface EmbeddedPostgresOptions {
  /** Holds the data folder, the password and the remembered port. */
  dir: string;
  /** Taken instead of the remembered one; 0 or absent takes the remembered one, or a free one. */
  port?: number;
  /** Further `postgres` settings, such as `{ fsync: "off" }` in tests. */
  settings?: Record<string, string>;
}

export interface EmbeddedPostgres {
  /** Address of the `postgres` database, password included. */
  url: string;
  port: number;
  pid: number;
  /** True when a server that outlived its parent was taken over. */
  reused: boolean;
  /** Resolves when the server is gone for any reason. */
  exited: Promise<void>;
  /** Stops the server; after `timeout_ms` (4,000) without waiting for its clients. */
  stop(timeout_ms?: number): Promise<void>;
}

const SUPERUSER = "postgres";
const POLL_MS = 20;
const START_TIMEOUT_MS = 60_000;
const START_ATTEMPTS = 5;

/**
 * Starts a PostgreSQL of our own on 127.0.0.1, making its data folder at the first start. A server that a killed parent left running
 * on this folder is taken over when it answers and stopped when it does not; a stale pid file is cleared away.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dir = resolve(options.dir);
  const data = join(dir, "data");
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const account = serverAccount(data);
  const binaries = findBinaries(account);
  for (const name of readdirSync(dir)) if (name.startsWith("init-")) rmSync(join(dir, name), { recursive: true, force: true });
  if (!existsSync(data)) await initialise(dir, data, binaries, account);
  const password = readFileSync(join(dir, "password"), "utf8").trim();

  const survivor = runningOn(data);
  if (survivor) {
    const url = address(password, survivor.port);
    const wrongPort = options.port ? options.port !== survivor.port : false;
    if (!wrongPort && (await answers(url))) return handle(data, url, survivor.port, survivor.pid, true, awaitGone(survivor.pid));
    await stopServer(data, survivor.pid, 10_000);
  }
  rmSync(join(data, "postmaster.pid"), { force: true });

  const remembered = join(dir, "port");
  let port = options.port || (existsSync(remembered) ? Number(readFileSync(remembered, "utf8")) : 0) || (await freePort());
  for (let attempt = 1; ; attempt++) {
    const started = await launch(dir, data, port, binaries, account, options.settings ?? {});
    if (started.ok) {
      writeFileSync(remembered, `${port}\n`);
      const child = started.child;
      const exited = new Promise<void>((done) => (child.exitCode === null ? child.once("exit", () => done()) : done()));
      return handle(data, address(password, port), port, child.pid as number, false, exited);
    }
    const portTaken = /could not bind|Address already in use/.test(started.log);
    // Backends of a server that was killed outright leave within moments; until then they hold its shared memory.
    const memoryHeld = /shared memory block .* still in use/.test(started.log);
    if (attempt >= START_ATTEMPTS || !(memoryHeld || (portTaken && !options.port)))
      throw new Error(explain(started.log, port, portTaken));
    if (portTaken) port = await freePort();
    else await sleep(500);
  }
}

/** Stops the server that a killed process left running on this folder, if there is one. */
export async function stopLeftover(dir: string): Promise<void> {
  const data = join(resolve(dir), "data");
  const survivor = runningOn(data);
  if (survivor) await stopServer(data, survivor.pid, 2_000);
}

/** Makes a database, or does nothing when it is there. Returns its address. */
export async function createDatabase(server_url: string, name: string, template?: string): Promise<string> {
  const url = new URL(server_url);
  const client = new pg.Client({ connectionString: server_url });
  await client.connect();
  try {
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]);
    if (found.rowCount === 0) {
      await client.query(
        `CREATE DATABASE ${client.escapeIdentifier(name)}${template ? ` TEMPLATE ${client.escapeIdentifier(template)}` : ""}`,
      );
    }
  } finally {
    await client.end();
  }
  url.pathname = `/${name}`;
  return url.href;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}

function handle(data: string, url: string, port: number, pid: number, reused: boolean, exited: Promise<void>): EmbeddedPostgres {
  return { url, port, pid, reused, exited, stop: (timeout_ms = 4_000) => stopServer(data, pid, timeout_ms) };
}

function address(password: string, port: number): string {
  return `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;
}

/** A folder the server's account cannot reach by its path is named as the process's own working folder instead. */
function dataArgument(data: string, account: ServerAccount | null): string {
  return account && !mayReach(data, account) ? "/proc/self/cwd" : data;
}

/** Runs `initdb` in a folder beside the final one and renames it at the end: an interrupted one leaves nothing half-made. */
async function initialise(dir: string, data: string, binaries: PostgresBinaries, account: ServerAccount | null): Promise<void> {
  const fresh = mkdtempSync(join(dir, "init-"));
  const secrets = mkdtempSync(join(tmpdir(), "otedama-init-"));
  try {
    chmodSync(fresh, 0o700);
    const password = randomBytes(24).toString("hex");
    writeFileSync(join(secrets, "password"), password, { mode: 0o600 });
    if (account) for (const path of [fresh, secrets, join(secrets, "password")]) chownSync(path, account.uid, account.gid);
    const args = ["-D", dataArgument(fresh, account), "-U", SUPERUSER, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C"];
    const log = join(dir, "initdb.log");
    const out = openSync(log, "w", 0o600);
    const child = spawn(binaries.initdb, [...args, `--pwfile=${join(secrets, "password")}`, "--no-instructions"], {
      ...(account ?? {}),
      cwd: fresh,
      detached: true,
      env: serverEnvironment(),
      stdio: ["ignore", out, out],
    });
    closeSync(out);
    const code = await exitCode(child);
    if (code !== 0) throw new Error(explain(readFileSync(log, "utf8"), 0, false));
    writeFileSync(join(dir, "password"), `${password}\n`, { mode: 0o600 });
    renameSync(fresh, data);
  } finally {
    rmSync(secrets, { recursive: true, force: true });
    rmSync(fresh, { recursive: true, force: true });
  }
}

type Launched = { ok: true; child: ChildProcess } | { ok: false; log: string };

async function launch(
  dir: string,
  data: string,
  port: number,
  binaries: PostgresBinaries,
  account: ServerAccount | null,
  extra: Record<string, string>,
): Promise<Launched> {
  const settings: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    max_connections: "100",
    timezone: "UTC",
    log_timezone: "UTC",
    // One file a weekday, each overwritten a week later: the log is bounded.
    logging_collector: "on",
    log_directory: "log",
    log_filename: "postgresql-%a.log",
    log_truncate_on_rotation: "on",
    log_rotation_age: "1d",
    log_rotation_size: "0",
    ...extra,
  };
  const args = Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
  const log = join(dir, "start.log");
  const out = openSync(log, "w", 0o600);
  // A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which stops the server last.
  const child = spawn(binaries.postgres, ["-D", dataArgument(data, account), ...args], {
    ...(account ?? {}),
    cwd: data,
    detached: true,
    env: serverEnvironment(),
    stdio: ["ignore", out, out],
  });
  closeSync(out);
  let ended = false;
  child.once("error", () => {
    ended = true;
  });
  child.once("exit", () => {
    ended = true;
  });
  for (const until = Date.now() + START_TIMEOUT_MS; Date.now() < until; await sleep(POLL_MS)) {
    if (ended) return { ok: false, log: readFileSync(log, "utf8") + lastLog(data) };
    const file = readPidFile(data);
    if (file && file.pid === child.pid && file.ready) return { ok: true, child };
  }
  child.kill("SIGQUIT");
  return { ok: false, log: `no readiness within ${START_TIMEOUT_MS / 1000} s\n${readFileSync(log, "utf8")}${lastLog(data)}` };
}

function serverEnvironment(): NodeJS.ProcessEnv {
  // Cast: where Next's types are loaded too, they want a NODE_ENV in every environment.
  const environment: Record<string, string> = { LC_ALL: "C", TZ: "UTC", PATH: process.env.PATH ?? "" };
  return environment as NodeJS.ProcessEnv;
}

interface PidFile {
  pid: number;
  port: number;
  ready: boolean;
}

/** `postmaster.pid`: pid, data folder, start time, port, socket folder, listen address, shared memory key, status. */
function readPidFile(data: string): PidFile | null {
  try {
    const lines = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
    return { pid: Number(lines[0]), port: Number(lines[3]), ready: lines[7]?.trim() === "ready" };
  } catch {
    return null;
  }
}

/** The server that holds this data folder: its working folder tells it from an unrelated process that got the same number. */
function runningOn(data: string): PidFile | null {
  const file = readPidFile(data);
  if (!file || !(file.pid > 1)) return null;
  try {
    return readlinkSync(`/proc/${file.pid}/cwd`) === data ? file : null;
  } catch {
    return null;
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("SELECT 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Fast shutdown (clients are cut off, everything is flushed), then an immediate one, then the signal nothing survives. */
async function stopServer(data: string, pid: number, timeout_ms: number): Promise<void> {
  const steps: [NodeJS.Signals, number][] = [
    ["SIGINT", timeout_ms],
    ["SIGQUIT", 1_000],
    ["SIGKILL", 1_000],
  ];
  for (const [signal, wait_ms] of steps) {
    try {
      if (readlinkSync(`/proc/${pid}/cwd`) !== data) return;
      process.kill(pid, signal);
    } catch {
      return;
    }
    for (const until = Date.now() + wait_ms; Date.now() < until; await sleep(POLL_MS)) if (!alive(pid)) return;
  }
}

async function awaitGone(pid: number): Promise<void> {
  while (alive(pid)) await sleep(500, undefined, { ref: false });
}

/** A process that has ended but was not yet waited for has no working folder any more. */
function alive(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/cwd`);
    return true;
  } catch {
    return false;
  }
}

function exitCode(child: ChildProcess): Promise<number | null> {
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("exit", (code) => done(code));
  });
}

function lastLog(data: string): string {
  const dir = join(data, "log");
  if (!existsSync(dir)) return "";
  const day = new Date().toLocaleDateString("en-US", { weekday: "short", timeZone: "UTC" });
  const file = join(dir, `postgresql-${day}.log`);
  return existsSync(file) ? readFileSync(file, "utf8").slice(-4_000) : "";
}

function explain(log: string, port: number, portTaken: boolean): string {
  if (portTaken)
    return `PostgreSQL cannot listen on 127.0.0.1:${port}, which another program uses: stop that program or set another database.port`;
  if (/No space left on device/.test(log))
    return "The disk is full: PostgreSQL needs about 60 MB to begin with. Free some space and start again";
  const lines = log.trim().split("\n");
  const fatal = lines.filter((line) => /FATAL|PANIC|error|could not/i.test(line)).slice(-3);
  return `PostgreSQL did not start: ${(fatal.length > 0 ? fatal : lines.slice(-3)).join(" / ")}`;
}
