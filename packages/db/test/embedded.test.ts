import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDatabase, migrate, startEmbeddedPostgres, startTestPostgres } from "@otedama/db/embedded";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe("the embedded server", () => {
  const root = mkdtempSync(join(tmpdir(), "otedama embedded-"));
  const dir = join(root, "with space", "pg");
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test("keeps what was committed when the server is killed outright, on the remembered port", async () => {
    const first = await startEmbeddedPostgres({ dir });
    const url = await createDatabase(first.url, "kept");
    await query(url, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)");
    process.kill(first.pid, "SIGKILL");
    await first.exited;

    const second = await startEmbeddedPostgres({ dir });
    expect(second.port).toBe(first.port);
    expect(await query(url, "SELECT n FROM kept")).toEqual([{ n: 7 }]);
    await second.stop();
  });

  test("takes over a server that outlived its parent", async () => {
    const first = await startEmbeddedPostgres({ dir });
    const second = await startEmbeddedPostgres({ dir });
    expect(second).toMatchObject({ reused: true, pid: first.pid });
    await second.stop();
    await first.exited;
  });

  test("clears away a pid file that names an unrelated process", async () => {
    writeFileSync(join(dir, "data", "postmaster.pid"), `${process.pid}\n${join(dir, "data")}\n0\n1\n\n127.0.0.1\n0 0\nready\n`);
    const server = await startEmbeddedPostgres({ dir });
    expect(server.reused).toBe(false);
    await server.stop();
  });

  test("lets nobody in without the password, which only its owner can read", async () => {
    expect(statSync(join(dir, "password")).mode & 0o077).toBe(0);
    const server = await startEmbeddedPostgres({ dir });
    const open = new URL(server.url);
    open.password = "guess";
    await expect(query(open.href, "SELECT 1")).rejects.toThrow(/password authentication failed/);
    await server.stop();
  });

  test("names the port that another program holds", async () => {
    const other = await startEmbeddedPostgres({ dir: join(root, "other") });
    await expect(startEmbeddedPostgres({ dir, port: other.port })).rejects.toThrow(
      `127.0.0.1:${other.port}, which another program uses`,
    );
    await other.stop();
  });
});

describe("migrations", () => {
  let server: Awaited<ReturnType<typeof startTestPostgres>>;
  beforeAll(async () => {
    server = await startTestPostgres();
  });
  afterAll(() => server.stop());

  test("are applied once and then left alone", async () => {
    const url = await createDatabase(server.url, "fresh");
    const applied = await migrate(url);
    expect(applied[0]).toBe("20261121000000_first");
    expect(await migrate(url)).toEqual([]);
  });

  test("refuse a database of a newer version", async () => {
    const url = await server.createMigratedDatabase();
    await query(
      url,
      "INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', 'y', '29990101000000_later', now())",
    );
    await expect(migrate(url)).rejects.toThrow(/29990101000000_later.*newer Otedama/);
  });

  test("refuse a script that was edited after it had been applied", async () => {
    const url = await server.createMigratedDatabase();
    await query(url, "UPDATE _prisma_migrations SET checksum = 'edited'");
    await expect(migrate(url)).rejects.toThrow(/was changed after it had been applied/);
  });

  test("undo a script that fails half-way", async () => {
    const url = await createDatabase(server.url, "half");
    const dir = mkdtempSync(join(tmpdir(), "otedama-migrations-"));
    mkdirSync(join(dir, "1_bad"));
    writeFileSync(join(dir, "1_bad", "migration.sql"), "CREATE TABLE half (n int); SELECT 1/0;");
    await expect(migrate(url, dir)).rejects.toThrow(/1_bad failed and was undone: division by zero/);
    expect(await query(url, "SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);
    rmSync(dir, { recursive: true });
  });

  test("keep the books that Prisma reads", async () => {
    const url = await server.createMigratedDatabase();
    const [row] = await query(url, "SELECT checksum FROM _prisma_migrations WHERE migration_name = '20261121000000_first'");
    const script = readFileSync(join(import.meta.dirname, "../../../prisma/migrations/20261121000000_first/migration.sql"));
    expect(row?.checksum).toBe(createHash("sha256").update(script).digest("hex"));
  });
});
