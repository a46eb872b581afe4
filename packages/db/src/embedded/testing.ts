import { execFileSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate, readMigrations } from "./migrate.ts";
import { createDatabase, startEmbeddedPostgres, stopLeftover } from "./server.ts";

export interface TestPostgres {
  /** Address of the `postgres` database. */
  url: string;
  /** Makes a database that has every migration; about 50 ms. */
  createMigratedDatabase(): Promise<string>;
  stop(): Promise<void>;
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
export async function startTestPostgres(): Promise<TestPostgres> {
  const home = join(tmpdir(), `otedama-test-${process.getuid?.() ?? "user"}`);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  await clearLeftovers(home);
  const prepared = await prepare(home);
  const dir = mkdtempSync(join(home, `run-${process.pid}-`));
  // `cp -a` keeps the owner, which Node's copy does not.
  execFileSync("cp", ["-a", `${prepared}/.`, dir]);
  const server = await startEmbeddedPostgres({ dir, port: 0, settings: SETTINGS });
  return {
    url: server.url,
    createMigratedDatabase: () => createDatabase(server.url, `test_${randomUUID().replaceAll("-", "")}`, TEMPLATE),
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
