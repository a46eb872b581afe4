/**
 * One connection to one Stratum V1 pool, from dialling to its end; it never dials again by itself. Events tell what happens, the
 * last of them is always `closed`.
 */
import { EventEmitter } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { configureParams, needed, readConfigure, readSubscribe, type Wishes } from "./handshake.ts";
import { bytesOf, decodeJob, type JobContext, type StratumJob } from "./job.ts";
import { LINE_BYTES_MAX, LineSplitter } from "./lines.ts";
import {
  BadMessageError,
  NotifyParams,
  type PoolMessage,
  parseParams,
  parsePoolLine,
  ReconnectParams,
  SetDifficultyParams,
  SetExtranonceParams,
  SetVersionMaskParams,
  ShowMessageParams,
} from "./messages.ts";
import { PendingRequests } from "./pending.ts";
import { type FoundShare, type SubmitResult, submitParams, submitResult } from "./submit.ts";
import type { StratumAddress } from "./url.ts";

export interface StratumClientOptions extends Wishes {
  address: StratumAddress;
  user: string;
  password: string;
  /** `same_host` refuses `client.reconnect` to another machine, which a man in the middle would use to steal the work. */
  reconnect_policy: "same_host" | "any";
  connect_timeout_ms: number;
  request_timeout_ms: number;
  /** A pool that says nothing for so long is taken for dead. */
  silence_timeout_ms: number;
  pending_max: number;
  line_bytes_max: number;
  /** PEM of a private authority that signed the pool's certificate; the system's authorities otherwise. */
  tls_ca: string | null;
}

export const STRATUM_CLIENT_DEFAULTS = {
  minimum_difficulty: null,
  session: null,
  reconnect_policy: "same_host",
  connect_timeout_ms: 10_000,
  request_timeout_ms: 30_000,
  silence_timeout_ms: 300_000,
  pending_max: 1024,
  line_bytes_max: LINE_BYTES_MAX,
  tls_ca: null,
} as const;

/** How long an old pool may ignore `mining.configure` before we go on without it. */
const CONFIGURE_TIMEOUT_MS = 3_000;
const BAD_LINES_MAX = 20;
/** A pool that asks faster than it reads answers is cut off. */
const UNSENT_BYTES_MAX = 1 << 20;

export interface Ready {
  session: string | null;
  version_mask: number;
}

export type CloseCode = "dial" | "refused" | "pool" | "silent" | "protocol" | "reconnect" | "stopped";

export interface Closed {
  code: CloseCode;
  /** For people. */
  message: string;
  /** Where the pool asked to go on, and after how long; only with `reconnect`. */
  reconnect: { address: StratumAddress; wait_s: number } | null;
}

interface Events {
  /** Subscribed and authorised. */
  ready: [Ready];
  job: [StratumJob];
  /** Holds from the next job on. */
  difficulty: [number];
  /** `client.show_message`, or a request of the pool's that was not followed. */
  message: [string];
  bad_line: [string];
  closed: [Closed];
}

export class StratumClient extends EventEmitter<Events> {
  readonly #options: StratumClientOptions;
  readonly #pending: PendingRequests;
  readonly #lines: LineSplitter;
  readonly #socket: Socket;
  readonly #context: JobContext = { extranonce1: new Uint8Array(0), extranonce2_size: 0, version_mask: 0, difficulty: 1 };
  #bad_lines = 0;
  #ready = false;
  #closed = false;
  /** The newest job: held back until we are authorised, and sent out again when the version mask changes. */
  #job: StratumJob | null = null;

  constructor(options: StratumClientOptions) {
    super();
    this.#options = options;
    this.#pending = new PendingRequests(options.pending_max);
    this.#lines = new LineSplitter(options.line_bytes_max);
    this.#socket = this.#dial();
  }

  /** Reports a found share. Never rejects. */
  async submit(share: FoundShare): Promise<SubmitResult> {
    const started = performance.now();
    const answer = await this.#request("mining.submit", submitParams(this.#options.user, share));
    const latency_ms = performance.now() - started;
    if (answer.kind === "unanswered") return { result: "unanswered", latency_ms, reason: answer.reason };
    return submitResult(answer.result, answer.error, latency_ms);
  }

  close(): void {
    this.#close("stopped", "stopped");
  }

  #dial(): Socket {
    const { host, port, tls } = this.#options.address;
    const { connect_timeout_ms, silence_timeout_ms, tls_ca } = this.#options;
    const socket = tls
      ? connectTls({
          host,
          port,
          ...(/^[\d.:]+$/.test(host) ? {} : { servername: host }),
          ...(tls_ca === null ? {} : { ca: tls_ca }),
        })
      : connectTcp({ host, port });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    socket.setTimeout(connect_timeout_ms);
    let connected = false;
    socket.once(tls ? "secureConnect" : "connect", () => {
      connected = true;
      socket.setTimeout(silence_timeout_ms);
      this.#shakeHands().catch((error: unknown) =>
        this.#close("refused", error instanceof Error ? error.message : String(error)),
      );
    });
    socket.on("timeout", () => {
      if (connected) this.#close("silent", `the pool has said nothing for ${silence_timeout_ms / 1000} s`);
      else this.#close("dial", "the pool does not answer");
    });
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", (error) =>
      this.#close(connected ? "pool" : "dial", `the connection failed: ${error.message || "no address of the host answers"}`),
    );
    socket.on("close", () => this.#close(connected ? "pool" : "dial", "the pool closed the connection"));
    return socket;
  }

  async #shakeHands(): Promise<void> {
    const { user_agent, session, user, password } = this.#options;
    const configured = await this.#request("mining.configure", configureParams(this.#options), CONFIGURE_TIMEOUT_MS);
    const granted = readConfigure(configured, this.#options);
    this.#context.version_mask = granted.version_mask;
    const subscribed = await this.#request("mining.subscribe", session === null ? [user_agent] : [user_agent, session]);
    const subscription = readSubscribe(needed("mining.subscribe", subscribed));
    this.#context.extranonce1 = subscription.extranonce1;
    this.#context.extranonce2_size = subscription.extranonce2_size;
    // Pools without mining.configure may know this older spelling; a refusal changes nothing.
    if (!granted.subscribe_extranonce) void this.#request("mining.extranonce.subscribe", []);
    const authorized = needed("mining.authorize", await this.#request("mining.authorize", [user, password]));
    if (authorized !== true) throw new BadMessageError(`mining.authorize was refused: the pool does not know "${user}"`);
    if (this.#closed) return;
    this.#ready = true;
    this.emit("ready", { session: subscription.session, version_mask: this.#context.version_mask });
    this.#announceJob();
  }

  #read(chunk: Buffer): void {
    try {
      for (const line of this.#lines.feed(chunk)) {
        if (this.#closed) return;
        this.#readLine(line);
      }
    } catch (error) {
      this.#close("protocol", error instanceof Error ? error.message : String(error));
    }
  }

  /** A bad line is counted and passed over: the next one may be good. Too many of them end the connection. */
  #readLine(line: string): void {
    try {
      const message = parsePoolLine(line);
      if (message.kind === "request") this.#handleRequest(message);
      else if (!this.#pending.answer(message.id, message.result, message.error))
        throw new BadMessageError("an answer nobody asked for");
    } catch (error) {
      if (!(error instanceof BadMessageError)) throw error;
      this.#bad_lines += 1;
      this.emit("bad_line", error.message);
      if (this.#bad_lines > BAD_LINES_MAX)
        this.#close("protocol", `more than ${BAD_LINES_MAX} bad lines, the last: ${error.message}`);
    }
  }

  #handleRequest({ id, method, params }: Extract<PoolMessage, { kind: "request" }>): void {
    switch (method) {
      case "mining.notify":
        this.#job = decodeJob(parseParams(NotifyParams, method, params), { ...this.#context });
        this.#announceJob();
        break;
      case "mining.set_difficulty":
        [this.#context.difficulty] = parseParams(SetDifficultyParams, method, params);
        this.emit("difficulty", this.#context.difficulty);
        break;
      case "mining.set_extranonce": {
        const [extranonce1, extranonce2_size] = parseParams(SetExtranonceParams, method, params);
        this.#context.extranonce1 = bytesOf(extranonce1);
        this.#context.extranonce2_size = extranonce2_size;
        break;
      }
      case "mining.set_version_mask": {
        const [mask] = parseParams(SetVersionMaskParams, method, params);
        const version_mask = (Number.parseInt(mask, 16) & this.#options.version_mask) >>> 0;
        this.#context.version_mask = version_mask;
        // In force at once (BIP 310), so the present job is sent out again under it.
        if (this.#job) this.#job = { ...this.#job, version_mask };
        this.#announceJob();
        break;
      }
      case "client.show_message":
        this.emit("message", parseParams(ShowMessageParams, method, params)[0]);
        this.#respond(id, true);
        break;
      case "client.reconnect":
        this.#reconnect(parseParams(ReconnectParams, method, params));
        break;
      case "client.get_version":
        this.#respond(id, this.#options.user_agent);
        break;
      case "mining.ping":
        this.#respond(id, "pong");
        break;
      default:
        this.#respond(id, null, [20, `unknown method ${method.slice(0, 64)}`, null]);
    }
  }

  #announceJob(): void {
    if (this.#ready && this.#job) this.emit("job", this.#job);
  }

  #reconnect([host, port, wait_s]: [] | [string | null, number, ...unknown[]]): void {
    const here = this.#options.address;
    const address = { ...here, host: host || here.host, port: port ?? here.port };
    if (address.host.toLowerCase() !== here.host.toLowerCase() && this.#options.reconnect_policy === "same_host") {
      this.emit("message", `the pool asked to reconnect to ${address.host}:${address.port}, another machine: not followed`);
      return;
    }
    const reconnect = { address, wait_s: typeof wait_s === "number" ? wait_s : 0 };
    this.#close("reconnect", `the pool asked to reconnect to ${address.host}:${address.port}`, reconnect);
  }

  #request(method: string, params: unknown, timeout_ms = this.#options.request_timeout_ms) {
    if (this.#closed) return Promise.resolve({ kind: "unanswered", reason: "the connection is closed" } as const);
    return this.#pending.request(timeout_ms, (id) => this.#send({ id, method, params }));
  }

  #respond(id: number | string | null, result: unknown, error: [number, string, null] | null = null): void {
    if (id !== null) this.#send({ id, result, error });
  }

  #send(message: object): void {
    if (this.#closed) return;
    this.#socket.write(`${JSON.stringify(message)}\n`);
    if (this.#socket.writableLength > UNSENT_BYTES_MAX) this.#close("protocol", "the pool does not read what we send");
  }

  #close(code: CloseCode, message: string, reconnect: Closed["reconnect"] = null): void {
    if (this.#closed) return;
    this.#closed = true;
    if (code === "stopped") {
      // Shares on their way out still go, if the pool takes them now.
      this.#socket.destroySoon();
      setTimeout(() => this.#socket.destroy(), 500).unref();
    } else {
      this.#socket.destroy();
    }
    this.#pending.closeAll("the connection closed");
    this.emit("closed", { code, message, reconnect });
  }
}
