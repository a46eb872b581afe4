/**
 * The policy that this process runs by: the newest version in the database, looked for every few seconds. The last one is kept on disk, so that a
 * start while the database is away goes on by it; the very first start without a database goes by the settings file.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { applyConfigPolicy, type Database, isUnavailable, type PolicyVersion, readPolicy } from "@otedama/db/pool";
import { checkPolicy, type Network, PolicyError, type PoolPolicy } from "@otedama/shared";

export interface RunningPolicy {
  /** Null while no version is known. */
  version: number | null;
  policy: PoolPolicy;
}

export interface KeeperOptions {
  network: Network;
  /** What the settings file says. */
  wanted: PoolPolicy;
  data_dir: string;
  poll_ms: number;
}

export interface KeeperDependencies {
  database: Database;
  onChange: (now: RunningPolicy, before: RunningPolicy) => void;
  /** A sentence for the operator: the pool goes on by the version of before. */
  onTrouble: (message: string) => void;
}

export class PolicyKeeper {
  readonly #options: KeeperOptions;
  readonly #d: KeeperDependencies;
  readonly #path: string;
  #current: RunningPolicy;
  #told = 0;
  #config_applied = false;
  #timer: NodeJS.Timeout | null = null;
  #polling: Promise<void> = Promise.resolve();
  #stopped = false;

  /** Throws a PolicyError when the settings file's policy cannot be run by. */
  constructor(options: KeeperOptions, dependencies: KeeperDependencies) {
    this.#options = options;
    this.#d = dependencies;
    this.#path = join(options.data_dir, "policy.json");
    const wanted = checkPolicy(options.wanted, options.network);
    this.#current = this.#read() ?? { version: null, policy: wanted };
  }

  get current(): RunningPolicy {
    return this.#current;
  }

  /** Looks at the database once, where it is there, and from then on by itself. */
  async start(): Promise<void> {
    await this.poll();
    const tick = () => {
      if (this.#stopped) return;
      this.#timer = setTimeout(() => {
        this.#polling = this.poll().finally(tick);
      }, this.#options.poll_ms);
    };
    tick();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#polling;
  }

  /** Never throws. */
  async poll(): Promise<void> {
    try {
      const { database } = this.#d;
      const { network, wanted } = this.#options;
      const newest = this.#config_applied ? await readPolicy(database) : await applyConfigPolicy(database, network, wanted);
      this.#config_applied = true;
      if (newest && newest.version !== this.#current.version) this.#apply(newest);
    } catch (error) {
      if (!isUnavailable(error)) this.#d.onTrouble((error as Error).message);
    }
  }

  #apply(newest: PolicyVersion): void {
    let policy: PoolPolicy;
    try {
      policy = checkPolicy(newest.policy, this.#options.network);
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      if (this.#told !== newest.version)
        this.#d.onTrouble(`Version ${newest.version} of the pool's settings cannot be used: ${error.message}`);
      this.#told = newest.version;
      return;
    }
    const before = this.#current;
    this.#current = { version: newest.version, policy };
    this.#d.onChange(this.#current, before);
    this.#keep();
  }

  #read(): RunningPolicy | null {
    try {
      const { version, policy } = JSON.parse(readFileSync(this.#path, "utf8")) as { version: unknown; policy: unknown };
      return typeof version === "number" ? { version, policy: checkPolicy(policy, this.#options.network) } : null;
    } catch {
      // None yet, or one of an older kind: the database has it.
      return null;
    }
  }

  #keep(): void {
    const fd = openSync(`${this.#path}.new`, "w", 0o600);
    try {
      writeFileSync(fd, JSON.stringify(this.#current));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(`${this.#path}.new`, this.#path);
  }
}
