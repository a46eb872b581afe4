/**
 * Keeps one pool connected, whatever happens: dials down the list, waits with backoff, and goes back to a preferred pool when it
 * answers again, without leaving the present one before.
 */
import type { UpstreamPool } from "@otedama/shared/agent";
import {
  type Closed,
  type FoundShare,
  parseStratumUrl,
  STRATUM_CLIENT_DEFAULTS,
  type StratumAddress,
  StratumClient,
  type StratumJob,
  type SubmitResult,
  VERSION_MASK_BIP320,
} from "@otedama/stratum";
import { Failover, type FailoverTiming } from "./failover.ts";

export interface PoolLinkOptions {
  pools: readonly UpstreamPool[];
  user_agent: string;
  timing: FailoverTiming;
  /** How often a preferred pool is tried while mining for another. */
  return_probe_ms: number;
  /** A pool that authorises and then sends no job for so long counts as failed. */
  first_job_timeout_ms: number;
}

export interface PoolLinkDependencies {
  random: () => number;
  onJob: (job: StratumJob) => void;
  /** No pool has work for us now. */
  onIdle: () => void;
  onState: (state: PoolLinkState) => void;
  /** Something that a person should read: what the pool says, why a connection ended. */
  onNotice: (level: "info" | "warn", text: string) => void;
}

export interface PoolLinkState {
  state: "mining" | "connecting" | "waiting" | "stopped";
  /** The pool mined for, or the one being dialled. */
  pool: UpstreamPool | null;
  message: string | null;
}

interface Connection {
  index: number;
  client: StratumClient;
  ready_at_ms: number | null;
  first_job: StratumJob | null;
  timer: NodeJS.Timeout | null;
}

/** The longest wait that a pool may ask for with client.reconnect. */
const RECONNECT_WAIT_S_MAX = 60;
/** How often a pool may send us on without ever sending a job. */
const REDIRECTS_MAX = 3;

export class PoolLink {
  readonly #options: PoolLinkOptions;
  readonly #dependencies: PoolLinkDependencies;
  readonly #failover: Failover;
  readonly #sessions = new Map<number, string>();
  /** The connection whose jobs are mined, and the one that may take its place. */
  #active: Connection | null = null;
  #candidate: Connection | null = null;
  #dial_timer: NodeJS.Timeout | null = null;
  #probe_timer: NodeJS.Timeout | null = null;
  #last_failure: string | null = null;
  #redirects = 0;
  #stopped = false;

  constructor(options: PoolLinkOptions, dependencies: PoolLinkDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#failover = new Failover(options.pools.length, options.timing, dependencies.random);
  }

  start(): void {
    this.#dialNext();
    this.#scheduleProbe();
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of [this.#dial_timer, this.#probe_timer]) if (timer) clearTimeout(timer);
    this.#drop(this.#candidate);
    this.#drop(this.#active);
    this.#active = null;
    this.#candidate = null;
    this.#tell("stopped", null, null);
  }

  /** Submits to the pool whose job it is; null when that connection is gone, and the share with it. */
  submit(client: StratumClient | null, share: FoundShare): Promise<SubmitResult> | null {
    return client !== null && client === this.#active?.client ? client.submit(share) : null;
  }

  /** The connection that the present jobs come from. */
  get client(): StratumClient | null {
    return this.#active?.client ?? null;
  }

  #dialNext(): void {
    if (this.#stopped || this.#active || this.#candidate || this.#dial_timer) return;
    const { index, wait_ms } = this.#failover.next(performance.now());
    if (wait_ms <= 0) {
      this.#dial(index);
      return;
    }
    this.#tell("waiting", index, this.#last_failure);
    this.#dial_timer = setTimeout(() => {
      this.#dial_timer = null;
      this.#dialNext();
    }, wait_ms);
  }

  #dial(index: number, elsewhere: StratumAddress | null = null): void {
    const pool = this.#options.pools[index];
    if (!pool) return;
    if (!this.#active) this.#tell("connecting", index, this.#last_failure);
    const client = new StratumClient({
      ...STRATUM_CLIENT_DEFAULTS,
      address: elsewhere ?? parseStratumUrl(pool.url),
      user: pool.user,
      password: pool.password,
      user_agent: this.#options.user_agent,
      version_mask: VERSION_MASK_BIP320,
      session: this.#sessions.get(index) ?? null,
    });
    const connection: Connection = { index, client, ready_at_ms: null, first_job: null, timer: null };
    this.#candidate = connection;
    client.on("ready", ({ session }) => {
      connection.ready_at_ms = performance.now();
      if (session !== null) this.#sessions.set(index, session);
      connection.timer = setTimeout(() => this.#fail(connection, "the pool sent no job"), this.#options.first_job_timeout_ms);
    });
    client.on("job", (job) => this.#job(connection, job));
    client.on("message", (text) => this.#dependencies.onNotice("info", `${pool.url} says: ${text}`));
    client.on("bad_line", (text) => this.#dependencies.onNotice("warn", `${pool.url} sent a line that cannot be read: ${text}`));
    client.on("closed", (closed) => this.#closed(connection, closed));
  }

  #job(connection: Connection, job: StratumJob): void {
    if (connection === this.#candidate) {
      // Work is here, so this pool takes over; the one before is left only now.
      const before = this.#active;
      this.#candidate = null;
      this.#active = connection;
      if (connection.timer) clearTimeout(connection.timer);
      this.#drop(before);
      this.#last_failure = null;
      this.#redirects = 0;
      this.#tell("mining", connection.index, null);
    }
    if (connection === this.#active) this.#dependencies.onJob(job);
  }

  #fail(connection: Connection, message: string): void {
    this.#drop(connection);
    this.#closed(connection, { code: "pool", message, reconnect: null });
  }

  #closed(connection: Connection, closed: Closed): void {
    if (connection.timer) clearTimeout(connection.timer);
    const was_active = connection === this.#active;
    if (this.#stopped || (!was_active && connection !== this.#candidate)) return;
    if (was_active) this.#active = null;
    else this.#candidate = null;
    const { index } = connection;
    const now_ms = performance.now();
    if (was_active) this.#dependencies.onIdle();
    if (closed.reconnect && !this.#candidate && !this.#active && this.#redirects < REDIRECTS_MAX) {
      this.#redirects += 1;
      this.#followReconnect(index, closed.reconnect);
      return;
    }
    this.#failover.failed(index, now_ms, connection.ready_at_ms === null ? 0 : now_ms - connection.ready_at_ms);
    this.#last_failure = closed.message;
    this.#dependencies.onNotice("warn", `${this.#options.pools[index]?.url}: ${closed.message}`);
    this.#dialNext();
  }

  #followReconnect(index: number, { address, wait_s }: NonNullable<Closed["reconnect"]>): void {
    const wait_ms = Math.min(wait_s, RECONNECT_WAIT_S_MAX) * 1000;
    this.#dependencies.onNotice("info", `the pool asks to reconnect to ${address.host}:${address.port} in ${wait_ms / 1000} s`);
    this.#tell("waiting", index, "the pool asked to reconnect");
    // Never at once: a pool that says "reconnect" to every connection must not make a storm.
    this.#dial_timer = setTimeout(
      () => {
        this.#dial_timer = null;
        this.#dial(index, address);
      },
      Math.max(wait_ms, 500),
    );
  }

  #scheduleProbe(): void {
    const { return_probe_ms } = this.#options;
    this.#probe_timer = setTimeout(
      () => {
        this.#scheduleProbe();
        if (!this.#active || this.#active.index === 0 || this.#candidate) return;
        const { index, wait_ms } = this.#failover.next(performance.now(), this.#active.index);
        if (wait_ms <= 0) this.#dial(index);
      },
      return_probe_ms * (0.75 + this.#dependencies.random() / 2),
    );
  }

  #drop(connection: Connection | null): void {
    if (!connection) return;
    if (connection.timer) clearTimeout(connection.timer);
    connection.client.removeAllListeners();
    connection.client.close();
  }

  #tell(state: PoolLinkState["state"], index: number | null, message: string | null): void {
    this.#dependencies.onState({ state, pool: index === null ? null : (this.#options.pools[index] ?? null), message });
  }
}
