/** `otedama bench database`: makes a large pool's database and measures what every page asks of it. */
import pg from "pg";
import { openWebDatabase } from "../web/index.ts";
import { measurePages, type PageTime } from "./measure.ts";
import type { DatabaseBenchOptions } from "./options.ts";
import { readSubjects } from "./page.ts";
import { pagesOf } from "./pages.ts";
import { seedDatabase } from "./seed.ts";

export { DatabaseBenchOptionError, type DatabaseBenchOptions, parseDatabaseBench } from "./options.ts";
export { NotEmptyError } from "./seed.ts";

export interface DatabaseBenchResult {
  bench: "database";
  rows: Record<string, number>;
  pages: PageTime[];
}

/** Throws a NotEmptyError for a database that is in use; the database must have every migration. */
export async function benchDatabase(
  options: DatabaseBenchOptions,
  dependencies: { url: string; progress: (line: string) => void; now_ms: number },
): Promise<DatabaseBenchResult> {
  const { url, progress, now_ms } = dependencies;
  if (!options.measure_only) {
    const client = new pg.Client({ connectionString: url, application_name: "otedama bench" });
    await client.connect();
    try {
      await seedDatabase(client, { ...options, now_ms }, progress);
    } finally {
      await client.end();
    }
  }
  const database = openWebDatabase(
    { url, connections_max: 1, connect_timeout_ms: 5_000, statement_timeout_ms: 120_000 },
    { onError: (error) => progress(error.message) },
  );
  try {
    const tables = [
      "account",
      "worker",
      "share_bucket",
      "worker_work",
      "account_work",
      "pool_work",
      "block",
      "ledger_posting",
      "agent",
    ];
    const counted = await database.sql.query<{ name: string; rows: number }>(
      "SELECT relname AS name, reltuples::float8 AS rows FROM pg_class WHERE relname = ANY($1::text[]) AND relkind = 'r'",
      [tables],
    );
    // The clock of a database that was seeded before has gone on: it is looked at as of its newest bucket.
    const newest = await database.sql.query<{ at: number | null }>("SELECT max(bucket_at) AS at FROM share_bucket");
    const as_of_ms = (newest.rows[0]?.at ?? now_ms) + 15_000;
    const subjects = await readSubjects(database.sql, as_of_ms);
    const pages = await measurePages(database.sql, pagesOf(subjects), { rounds: options.rounds, now_ms: as_of_ms }, (page) =>
      progress(`${page.name}: ${page.min_ms.toFixed(1)} ms`),
    );
    return { bench: "database", rows: Object.fromEntries(counted.rows.map((row) => [row.name, row.rows])), pages };
  } finally {
    await database.close();
  }
}

export function databaseTable({ rows, pages }: DatabaseBenchResult): string {
  const wide = Math.max(...pages.map((page) => page.name.length));
  const number = (ms: number) => ms.toFixed(1).padStart(8);
  return [
    Object.entries(rows)
      .map(([name, count]) => `${name} ${Math.round(count)}`)
      .join(", "),
    `${"page".padEnd(wide)} queries   min ms   p50 ms   p95 ms   max ms`,
    ...pages.map(
      (page) =>
        `${page.name.padEnd(wide)} ${String(page.queries).padStart(7)} ${number(page.min_ms)} ${number(page.p50_ms)} ${number(page.p95_ms)} ${number(page.max_ms)}`,
    ),
  ].join("\n");
}
