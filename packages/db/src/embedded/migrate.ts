import { createHash, randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";

/** Where the migrations of this repository lie. */
export const MIGRATIONS_DIR = join(import.meta.dirname, "../../../../prisma/migrations");

/** The number that Prisma's migration engine locks on, so that both never run at once. */
const LOCK = 72_707_369;

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

/**
 * Brings a database to the newest schema. It keeps the books that Prisma Migrate keeps (table `_prisma_migrations`, SHA-256 of each
 * script), so either tool can follow the other; each script runs in a transaction of its own together with its entry.
 *
 * @returns the names of the migrations that were applied now.
 * @throws when an applied script was edited since, or the database is newer than this program.
 */
export async function migrate(database_url: string, dir: string = MIGRATIONS_DIR): Promise<string[]> {
  const wanted = readMigrations(dir);
  const client = new pg.Client({ connectionString: database_url, application_name: "otedama migrate" });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [LOCK]);
    await client.query(BOOKS);
    const { rows } = await client.query<{ migration_name: string; checksum: string; finished_at: Date | null }>(
      "SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL",
    );
    const applied = new Map(rows.map((row) => [row.migration_name, row]));
    const known = new Set(wanted.map(({ name }) => name));
    for (const { migration_name, finished_at } of rows) {
      if (!known.has(migration_name)) {
        throw new Error(
          `The database has migration ${migration_name}, which this version does not know: it was used by a newer Otedama, start that one`,
        );
      }
      if (!finished_at)
        throw new Error(
          `Migration ${migration_name} was begun by another tool and never finished: see \`prisma migrate resolve\``,
        );
    }
    const done: string[] = [];
    for (const { name, sql, checksum } of wanted) {
      const before = applied.get(name);
      if (before && before.checksum !== checksum) {
        throw new Error(
          `Migration ${name} was changed after it had been applied to this database: restore the file and put the change into a new one`,
        );
      }
      if (before) continue;
      await apply(client, name, sql, checksum);
      done.push(name);
    }
    return done;
  } finally {
    await client.end();
  }
}

/** The scripts in the order they apply. */
export function readMigrations(dir: string = MIGRATIONS_DIR): Migration[] {
  return readdirSync(dir)
    .filter((name) => existsSync(join(dir, name, "migration.sql")))
    .sort()
    .map((name) => {
      const sql = readFileSync(join(dir, name, "migration.sql"), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    });
}

async function apply(client: pg.Client, name: string, sql: string, checksum: string): Promise<void> {
  await client.query("BEGIN");
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw new Error(`Migration ${name} failed and was undone: ${(error as Error).message}`, { cause: error });
  }
}

const BOOKS = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY NOT NULL,
  checksum varchar(64) NOT NULL,
  finished_at timestamptz,
  migration_name varchar(255) NOT NULL,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
)`;
