/** The pool's own connections: raw `pg`, for accounting and the ledger. */
import pg from "pg";

export type Database = pg.Pool;
/** A connection with a transaction under way. */
export type Transaction = pg.PoolClient;
/** A pool or one of its clients: whatever runs a query. */
export type Queryable = Pick<pg.Pool, "query">;

export interface DatabaseOptions {
  url: string;
  application_name: string;
  connections_max?: number;
  onError?: (error: Error) => void;
}

/** Connects when first used, not here. */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.application_name,
    max: options.connections_max ?? 6,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 60_000,
    query_timeout: 65_000,
    keepAlive: true,
  });
  // Without a listener a connection that the server closes while idle would end the process.
  pool.on("error", (error) => options.onError?.(error));
  // The same for one that is in somebody's hands between two queries: the next query tells.
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

/**
 * Runs `work` in one transaction; what it throws rolls back and is thrown on. `repeatable read` gives all of its queries one picture of
 * the database. Given a transaction that is under way, `work` becomes part of it: whoever began it ends it, by what is thrown to them.
 */
export async function transaction<T>(
  database: Database | Transaction,
  work: (client: Transaction) => Promise<T>,
  isolation: "read committed" | "repeatable read" = "read committed",
): Promise<T> {
  if ("release" in database) {
    if (isolation !== "read committed") throw new Error("a transaction that is under way keeps the isolation it began with");
    return work(database);
  }
  const client = await database.connect();
  let broken: Error | undefined;
  // A connection that is cut off between two queries says so here, or it would end the process; the next query fails.
  const onError = (error: Error) => {
    broken = error;
  };
  client.on("error", onError);
  try {
    await client.query(`BEGIN ISOLATION LEVEL ${isolation}`);
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    try {
      await client.query("ROLLBACK");
    } catch (failure) {
      broken = failure as Error;
    }
    throw error;
  } finally {
    client.off("error", onError);
    client.release(broken);
  }
}

/**
 * Whether an error means that the database is away (refused, cut off, shutting down, starting, full of connections, too slow),
 * so that the same work will succeed later; anything else is a fault in the work.
 */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === "string") {
    if (/^(ECONN|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOST|ENET|ENOENT)/.test(code)) return true;
    // Classes 08 connection, 53 resources, 57P operator, 58 system; 40 is a deadlock or a serialisation failure; 57014 a time-out.
    return /^(08|53|57P|58|40|57014)/.test(code);
  }
  return /terminated|timeout|timed out|closed|not queryable/i.test(error.message);
}
