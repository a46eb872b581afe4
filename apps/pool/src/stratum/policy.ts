/** The pool's half of the engine's boundary: who may log in, and where each event goes. */
import type {
  AuthorizeEvent,
  AuthorizeResult,
  BlockEvent,
  EngineEvent,
  StratumEngine,
  TlsEvent,
} from "@otedama/native/engine-types";
import { LoginError, type Network, type PayoutScheme, type PoolPolicy, parseLogin } from "@otedama/shared";
import { DirectoryFullError, type WorkerDirectory } from "./directory.ts";

export interface PolicyOptions {
  network: Network;
  /** Refused logins an address may make in a minute before it is banned for `refused_ban_s`. */
  refused_per_minute_max: number;
  refused_ban_s: number;
}

export const POLICY_OPTIONS = { refused_per_minute_max: 60, refused_ban_s: 60 };

export interface PolicyDependencies {
  engine: () => Pick<StratumEngine, "authorizeResult" | "ban">;
  directory: WorkerDirectory;
  /** What the pool runs by just now. */
  settings: () => Pick<PoolPolicy, "scheme" | "solo_allowed" | "difficulty">;
  onBlock: (event: BlockEvent) => void;
  onShareLog: (message: string | null) => void;
  onBanned: (address: string, reason: string, seconds: number) => void;
  onTrouble: (error: Error) => void;
  now_ms: () => number;
}

const ADDRESSES_WATCHED_MAX = 10_000;

export class StratumPolicy {
  readonly #options: PolicyOptions;
  readonly #d: PolicyDependencies;
  readonly #refused = new Map<string, number>();
  #minute = 0;
  #logins = { accepted: 0, refused: 0 };

  constructor(options: PolicyOptions, dependencies: PolicyDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  get logins(): Readonly<{ accepted: number; refused: number }> {
    return this.#logins;
  }

  /** Never throws. */
  handle(event: Exclude<EngineEvent, TlsEvent>): void {
    switch (event.kind) {
      case "authorize":
        this.#authorize(event).catch((error: Error) => this.#d.onTrouble(error));
        return;
      case "block":
        this.#d.onBlock(event);
        return;
      case "fault":
        if (event.part === "share_log") this.#d.onShareLog(event.message);
        return;
      case "banned":
        this.#d.onBanned(event.remote_address, event.reason, event.seconds);
        return;
      case "closed":
        return;
    }
  }

  async #authorize(event: AuthorizeEvent): Promise<void> {
    const result = await this.#judge(event);
    if (result.accepted) this.#logins.accepted += 1;
    else {
      this.#logins.refused += 1;
      this.#countRefused(event.remote_address);
    }
    this.#d.engine().authorizeResult(event.connection_id, event.request_number, result);
  }

  async #judge(event: AuthorizeEvent): Promise<AuthorizeResult> {
    try {
      const login = parseLogin(event.user, event.password, this.#options.network);
      const settings = this.#d.settings();
      const solo = isSolo(login.options.scheme, settings);
      const worker_id = await this.#d.directory.workerId(login.address, login.worker, solo);
      const asked = login.options.difficulty;
      const { min, max } = settings.difficulty;
      const difficulty = asked === null ? null : Math.min(Math.max(asked, min), max);
      return { accepted: true, worker_id, difficulty };
    } catch (error) {
      if (error instanceof LoginError || error instanceof DirectoryFullError) return { accepted: false, message: error.message };
      this.#d.onTrouble(error as Error);
      return { accepted: false, message: "The pool could not look this worker up: try again in a minute." };
    }
  }

  #countRefused(address: string): void {
    const minute = Math.floor(this.#d.now_ms() / 60_000);
    if (minute !== this.#minute || this.#refused.size > ADDRESSES_WATCHED_MAX) {
      this.#refused.clear();
      this.#minute = minute;
    }
    const count = (this.#refused.get(address) ?? 0) + 1;
    this.#refused.set(address, count);
    if (count > this.#options.refused_per_minute_max) {
      this.#d.engine().ban(address, this.#options.refused_ban_s, "too many refused logins");
    }
  }
}

/** Whether a login mines for itself alone. Throws a LoginError for a way of being paid that this pool does not offer. */
function isSolo(asked: PayoutScheme | null, settings: Pick<PoolPolicy, "scheme" | "solo_allowed">): boolean {
  if (asked === "solo" && (settings.solo_allowed || settings.scheme === "solo")) return true;
  if (asked === null || asked === settings.scheme) return false;
  const offered = settings.solo_allowed && settings.scheme !== "solo" ? ", or by m=solo to yourself alone" : " only";
  throw new LoginError(
    "option",
    `The password option m=${asked} is not offered: this pool pays by ${settings.scheme.toUpperCase()}${offered}.`,
  );
}
