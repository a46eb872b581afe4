/** The pool processes that share a database: which of them live, how far each has applied its log, and which one follows the blocks. */
import type pg from "pg";
import type { Database, Queryable } from "./connect.ts";

/**
 * Says that an instance lives, and that every share it judged up to `caught_up_age_ms` ago is applied (null: it does not know). An age, and by
 * the database's clock: a machine's own may be put forward and back. Nothing is written for an instance that has no cursor yet: it has
 * no shares.
 */
export async function reportInstance(db: Queryable, instance_id: string, caught_up_age_ms: number | null): Promise<void> {
  await db.query(
    `UPDATE share_log_cursor SET seen_at = now(),
       caught_up_at = greatest(caught_up_at, now() - make_interval(secs => $2::float8 / 1000)) WHERE instance_id = $1`,
    [instance_id, caught_up_age_ms],
  );
}

/**
 * Instances that a block's credit has to wait for: others than the finder's, alive (seen within `live_ms`), that may still hold shares from
 * before it. None once the block has been known for `wait_ms_max`. A finder whose clock is ahead dates its block into the future, which
 * nobody waits for: the time when the block came to the database is late enough.
 */
export async function listInstancesBehind(
  db: Queryable,
  block_hash: string,
  { live_ms, wait_ms_max }: { live_ms: number; wait_ms_max: number },
): Promise<string[]> {
  const { rows } = await db.query<{ instance_id: string }>(
    `SELECT c.instance_id FROM share_log_cursor c JOIN block b ON b.hash = $1
     WHERE c.instance_id <> b.instance_id AND c.seen_at > now() - make_interval(secs => $2::float8 / 1000)
       AND b.updated_at > now() - make_interval(secs => $3::float8 / 1000)
       AND coalesce(c.caught_up_at, '-infinity') < least(b.found_at, b.updated_at)
     ORDER BY c.instance_id`,
    [block_hash, live_ms, wait_ms_max],
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
