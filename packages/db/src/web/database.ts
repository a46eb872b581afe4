import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { PrismaClient } from "../generated/client.ts";

export interface WebDatabaseOptions {
  url: string;
  /** Connections for the read models; Prisma gets a small pool of its own, so that slow lists never hold up a sign-in. */
  connections_max: number;
  /** How long to wait for a connection before saying that the database is away. */
  connect_timeout_ms: number;
  /** Bound on any one statement. */
  statement_timeout_ms: number;
}

export interface WebDatabase {
  readonly sql: pg.Pool;
  readonly prisma: PrismaClient;
  close(): Promise<void>;
}

export type Sql = Pick<pg.Pool, "query">;

const INT8 = pg.types.builtins.INT8;
const NUMERIC = pg.types.builtins.NUMERIC;
const TIMESTAMPTZ = pg.types.builtins.TIMESTAMPTZ;

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is beyond the safe integers`);
  return value;
}

const parseDate = pg.types.getTypeParser(TIMESTAMPTZ) as (text: string) => Date;
const unixMs = (text: string): number => parseDate(text).getTime();

/** Rows come as DTOs want them: bigint as a safe integer, numeric as a double, timestamptz as Unix milliseconds. */
const rowTypes: pg.CustomTypesConfig = {
  getTypeParser: ((id: number, format?: "text" | "binary") => {
    if (format !== "binary") {
      if (id === INT8) return safeInteger;
      if (id === NUMERIC) return Number;
      if (id === TIMESTAMPTZ) return unixMs;
    }
    return pg.types.getTypeParser(id, format as "text");
  }) as pg.CustomTypesConfig["getTypeParser"],
};

export function openWebDatabase(options: WebDatabaseOptions, dependencies: { onError: (error: Error) => void }): WebDatabase {
  const connection = {
    connectionString: options.url,
    connectionTimeoutMillis: options.connect_timeout_ms,
    statement_timeout: options.statement_timeout_ms,
    query_timeout: options.statement_timeout_ms + 1_000,
    application_name: "otedama-web",
  };
  const sql = new pg.Pool({ ...connection, max: options.connections_max, types: rowTypes });
  // An idle connection that breaks (the server stopped) is reported here and replaced by the pool at the next query.
  sql.on("error", dependencies.onError);
  // One that breaks in somebody's hands, between two queries of a transaction, tells at the next query.
  sql.on("connect", (client) => client.on("error", () => {}));
  const prisma = new PrismaClient({
    adapter: new PrismaPg(
      { ...connection, max: 4 },
      { onPoolError: dependencies.onError, onConnectionError: dependencies.onError },
    ),
  });
  return {
    sql,
    prisma,
    async close() {
      await Promise.allSettled([prisma.$disconnect(), sql.end()]);
    },
  };
}

/**
 * True when an error means that the database cannot be reached or will not serve for now, as against a statement that it refused.
 * Codes: PostgreSQL classes 08 (connection), 53 (resources), 57P0x (shutdown) and Node's network errors.
 */
export function isDatabaseAway(error: unknown): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 6; cause = cause.cause, depth++) {
    const { code, meta, message } = cause as Error & { code?: unknown; meta?: { driverAdapterError?: unknown } };
    if (typeof code === "string") {
      if (/^(08...|53...|57P0[1-5])$/.test(code)) return true;
      if (/^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ENOENT)$/.test(code)) return true;
      if (/^P(1001|1002|1008|1017|2024)$/.test(code)) return true;
    }
    if (cause instanceof AggregateError && cause.errors.some(isDatabaseAway)) return true;
    if (meta?.driverAdapterError !== undefined && isDatabaseAway(meta.driverAdapterError)) return true;
    if (
      /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Can't reach database|ConnectionClosed|DatabaseNotReachable|SocketTimeout/.test(
        message,
      )
    ) {
      return true;
    }
  }
  return false;
}
