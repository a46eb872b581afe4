import { createDatabase, type EmbeddedPostgres, migrate, startEmbeddedPostgres } from "@otedama/db/embedded";

const NAME = "otedama";
const RESTARTS_MAX = 5;
const HEALTHY_AFTER_MS = 60_000;

export interface DatabaseOptions {
  dir: string;
  port: number;
}

/** The PostgreSQL of this machine: started, started again when it ends by itself, and stopped last of all. */
export class OwnDatabase {
  readonly #options: DatabaseOptions;
  readonly #report: (line: string) => void;
  readonly #onGivenUp: (message: string) => void;
  #server: EmbeddedPostgres | null = null;
  #launching: Promise<EmbeddedPostgres> | null = null;
  #stopping = false;
  #restarts = 0;

  constructor(options: DatabaseOptions, dependencies: { report: (line: string) => void; onGivenUp: (message: string) => void }) {
    this.#options = options;
    this.#report = dependencies.report;
    this.#onGivenUp = dependencies.onGivenUp;
  }

  /** Address of the database, ready for use by the apps once it is migrated. */
  async start(): Promise<{ url: string; server: EmbeddedPostgres }> {
    const server = await this.#launch(this.#options.port);
    return { url: await createDatabase(server.url, NAME), server };
  }

  async stop(timeout_ms: number): Promise<void> {
    this.#stopping = true;
    // One that is only just coming up must not be left behind.
    await this.#launching?.catch(() => {});
    await this.#server?.stop(timeout_ms);
  }

  async #launch(port: number): Promise<EmbeddedPostgres> {
    this.#launching = startEmbeddedPostgres({ dir: this.#options.dir, port });
    const server = await this.#launching;
    this.#server = server;
    this.#watch(server);
    return server;
  }

  #watch(server: EmbeddedPostgres): void {
    const began = Date.now();
    void server.exited.then(() => {
      if (this.#stopping) return;
      if (Date.now() - began > HEALTHY_AFTER_MS) this.#restarts = 0;
      void this.#restart(server.port);
    });
  }

  async #restart(port: number): Promise<void> {
    while (!this.#stopping) {
      if (this.#restarts >= RESTARTS_MAX)
        return this.#onGivenUp(`PostgreSQL ended ${this.#restarts + 1} times in a row: see ${this.#options.dir}/data/log`);
      this.#restarts++;
      this.#report("PostgreSQL ended by itself. Starting it again");
      try {
        // The same port: the apps hold its address.
        await this.#launch(port);
        return this.#report("PostgreSQL runs again");
      } catch (error) {
        this.#report((error as Error).message);
      }
    }
  }
}

/** Says which database an address names, without its password. */
export function databaseName(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || 5432}${pathname}`;
}

/** Brings the schema up to date; throws a sentence that names the address when the database cannot be reached. */
export async function prepareDatabase(url: string): Promise<number> {
  try {
    return (await migrate(url)).length;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      ECONNREFUSED: "nothing listens there",
      ENOTFOUND: "no such host",
      ETIMEDOUT: "no answer",
      "28P01": "it refuses the password",
      "28000": "it refuses the user",
      "3D000": "there is no such database: create it",
      "42501": "the user may not create tables there",
    };
    const reason = code ? reasons[code] : undefined;
    if (reason)
      throw new Error(`The database at ${databaseName(url)} cannot be used (${reason}): check database.url or DATABASE_URL`);
    throw new Error(`The database at ${databaseName(url)} cannot be used: ${message}`);
  }
}
