import { execFileSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { migrate, readMigrations } from "./migrate.ts";
import { createDatabase, startEmbeddedPostgres, stopLeftover } from "./server.ts";

export interface TestPostgres {
  /** Address of the `postgres` database. */
  url: string;
  /** Makes a database that has every migration; about 50 ms. */
  createMigratedDatabase(): Promise<string>;
  /** `kill -9`, of the server and so of everybody's connections. */
  kill(): Promise<void>;
  /** Starts it again on the same port and folder after it was killed; it recovers as after a crash. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestPostgresOptions {
  /** Further settings: `{ synchronous_commit: "on" }` keeps what was committed through a `kill`. */
  settings?: Record<string, string>;
}

const TEMPLATE = "otedama_template";
const SETTINGS = {
  fsync: "off",
  full_page_writes: "off",
  synchronous_commit: "off",
  shared_buffers: "32MB",
  max_connections: "60",
  logging_collector: "off",
  log_min_messages: "fatal",
};

/**
 * Starts a throw-away PostgreSQL on a free port in a temporary folder. The first call on a machine takes some seconds: it keeps an
 * initialised and migrated data folder in the system's temporary folder, which later calls copy (about 0.5 s).
 *
 * `const server = await startTestPostgres()` in `beforeAll`, `await server.stop()` in `afterAll`. What a killed test run left behind is
 * cleared away by the next.
 */
export async function startTestPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres> {
  const home = join(tmpdir(), `otedama-test-${process.getuid?.() ?? "user"}`);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  await clearLeftovers(home);
  const prepared = await prepare(home);
  const dir = mkdtempSync(join(home, `run-${process.pid}-`));
  // `cp -a` keeps the owner, which Node's copy does not.
  execFileSync("cp", ["-a", `${prepared}/.`, dir]);
  const settings = { ...SETTINGS, ...options.settings };
  let server = await startEmbeddedPostgres({ dir, port: 0, settings });
  const { url, port } = server;
  return {
    url,
    createMigratedDatabase: () => createDatabase(url, `test_${randomUUID().replaceAll("-", "")}`, TEMPLATE),
    kill: async () => {
      process.kill(server.pid, "SIGKILL");
      await server.exited;
    },
    restart: async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          server = await startEmbeddedPostgres({ dir, port, settings });
          return;
        } catch (error) {
          // On a busy machine what the killed server left behind takes its time to go.
          if (attempt === 10) throw error;
          await sleep(1_000);
        }
      }
    },
    stop: async () => {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** An initialised folder with the migrated template database, made once for each set of migrations. */
async function prepare(home: string): Promise<string> {
  const key = createHash("sha256");
  for (const { checksum } of readMigrations()) key.update(checksum);
  const prepared = join(home, `prepared-${key.digest("hex").slice(0, 16)}`);
  if (existsSync(prepared)) return prepared;
  const fresh = mkdtempSync(join(home, `run-${process.pid}-`));
  const server = await startEmbeddedPostgres({ dir: fresh, settings: SETTINGS });
  try {
    await migrate(await createDatabase(server.url, TEMPLATE));
  } finally {
    await server.stop(10_000);
  }
  rmSync(join(fresh, "port"), { force: true });
  try {
    renameSync(fresh, prepared);
  } catch {
    rmSync(fresh, { recursive: true, force: true });
  }
  return prepared;
}

async function clearLeftovers(home: string): Promise<void> {
  for (const name of readdirSync(home)) {
    const pid = Number(/^run-(\d+)-/.exec(name)?.[1] ?? 0);
    if (pid === 0 || existsSync(`/proc/${pid}`)) continue;
    await stopLeftover(join(home, name));
    rmSync(join(home, name), { recursive: true, force: true });
  }
}
