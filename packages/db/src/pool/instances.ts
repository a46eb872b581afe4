/** The pool processes that share a database: which of them live, how far each has applied its log, and which one follows the blocks. */
import type pg from "pg";
import type { Database, Queryable } from "./connect.ts";

/**
 * Says that an instance lives, and that every share it judged before `caught_up_ms` is applied (null: it does not know). Nothing is written for
 * an instance that has no cursor yet: it has no shares.
 */
export async function reportInstance(db: Queryable, instance_id: string, caught_up_ms: number | null): Promise<void> {
  await db.query(
    `UPDATE share_log_cursor SET seen_at = now(),
       caught_up_at = greatest(caught_up_at, to_timestamp($2::float8 / 1000)) WHERE instance_id = $1`,
    [instance_id, caught_up_ms],
  );
}

/** Instances other than the finder's that live and may still hold shares from before a time. `live_ms`: how long ago they were seen at most. */
export async function listInstancesBehind(
  db: Queryable,
  finder: string,
  found_at_ms: number,
  live_ms: number,
): Promise<string[]> {
  const { rows } = await db.query<{ instance_id: string }>(
    `SELECT instance_id FROM share_log_cursor WHERE instance_id <> $1 AND seen_at > now() - make_interval(secs => $3::float8 / 1000)
       AND coalesce(caught_up_at, '-infinity') < to_timestamp($2::float8 / 1000) ORDER BY instance_id`,
    [finder, found_at_ms, live_ms],
  );
  return rows.map((row) => row.instance_id);
}

/** Keeps with a block's credit up to where each log was applied. */
export async function keepWindowEnds(db: Queryable, cause_key: string, block_hash: string): Promise<void> {
  await db.query(
    `INSERT INTO block_window_end (cause_key, block_hash, instance_id, segment, "offset", caught_up_at)
     SELECT $1, $2, instance_id, segment, "offset", caught_up_at FROM share_log_cursor`,
    [cause_key, block_hash],
  );
}

/** "otedama" in the first half; what is led in the second. */
const LOCK = [0x6f74_6564, 1] as const;

/**
 * One of all the processes on a database follows its blocks. The lock is a connection's, so it goes with the process or the
 * connection, and another one takes over.
 */
export class BlockLeader {
  readonly #database: Database;
  #client: pg.PoolClient | null = null;

  constructor(database: Database) {
    this.#database = database;
  }

  /** True while this process leads; takes the lead where nobody has it. Throws what the database throws. */
  async leads(): Promise<boolean> {
    if (this.#client && (await this.#stillLeads(this.#client))) return true;
    const client = await this.#database.connect();
    try {
      const { rows } = await client.query<{ got: boolean }>("SELECT pg_try_advisory_lock($1, $2) AS got", [...LOCK]);
      if (rows[0]?.got) this.#client = client;
      else client.release();
      return rows[0]?.got ?? false;
    } catch (error) {
      client.release(error as Error);
      throw error;
    }
  }

  /** A connection that has ended took the lead with it: it is asked for anew. */
  async #stillLeads(client: pg.PoolClient): Promise<boolean> {
    try {
      await client.query("SELECT 1");
      return true;
    } catch (error) {
      this.#client = null;
      client.release(error as Error);
      return false;
    }
  }

  /** Gives the lead up. */
  async resign(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    // A connection that is closed has no locks.
    client?.release(true);
  }
}
