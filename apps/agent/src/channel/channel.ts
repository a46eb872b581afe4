/**
 * The connection to the control plane, protocol 2: outbound, authenticated by the agent's own key, and never in mining's way. Everything
 * that comes in is checked against the schema and, for orders, the signature; everything that goes out is acknowledged or not sent.
 */
import type { KeyObject } from "node:crypto";
import {
  Ack,
  AGENT_TRY_AGAIN,
  AgentChallenge,
  AgentCommand,
  type AgentHello,
  type AgentProof,
  AgentWelcome,
  challengeStatement,
  DesiredState,
  type SignedMessage,
} from "@otedama/shared/agent";
import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { z } from "zod";
import { RateBound } from "./rate_bound.ts";
import { type OpenOptions, openSigned, type Refusal } from "./signed.ts";

export const CHANNEL_TIMING = {
  first_wait_ms: 1_000,
  wait_ms_max: 30_000,
  /** From connecting to the welcome. */
  welcome_timeout_ms: 20_000,
  ack_timeout_ms: 15_000,
  /** How long the hub is left alone after it refused us; what it refuses does not get better by asking often. */
  refused_wait_ms: 120_000,
};

export interface ChannelOptions {
  url: string;
  agent_id: string;
  control_key: KeyObject;
  timing: typeof CHANNEL_TIMING;
}

export type ChannelState =
  | { state: "connecting" | "proving" | "open" | "stopped"; message: string | null }
  | { state: "refused"; code: string; message: string };

export interface ChannelDependencies {
  /** Made anew for each connection. */
  hello: () => AgentHello;
  sign: (statement: Uint8Array) => string;
  random: () => number;
  /** Monotonic. */
  now_ms: () => number;
  onWelcome: (welcome: AgentWelcome) => void;
  onState: (state: ChannelState) => void;
  /** Returns why it is not heeded; null is an acknowledgement. */
  onCommand: (command: AgentCommand) => Refusal | null;
  onDesired: (state: DesiredState, message: SignedMessage) => Refusal | null;
  /** Something came in that was not heeded. */
  onRefused: (what: string, refusal: Refusal) => void;
}

/** What became of a message: `again` is welcome later, `dropped` never will be. */
export type Sent =
  | { outcome: "stored" }
  | { outcome: "again"; message: string }
  | { outcome: "dropped"; code: string; message: string };

const HubRefusal = z.looseObject({ code: z.string().max(64), message: z.string().max(500) });
const INBOUND_RATE = { per_s: 10, burst: 50 };
/** A signed message is at most 64 KiB of text; in JSON it may double. */
const INBOUND_BYTES_MAX = 256 * 1024;

export class Channel {
  readonly #options: ChannelOptions;
  readonly #dependencies: ChannelDependencies;
  readonly #socket: Socket;
  readonly #inbound = new RateBound(INBOUND_RATE);
  #state: ChannelState = { state: "connecting", message: null };
  #welcome_timer: NodeJS.Timeout | null = null;
  #later_timer: NodeJS.Timeout | null = null;

  constructor(options: ChannelOptions, dependencies: ChannelDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    const { first_wait_ms, wait_ms_max } = options.timing;
    const socket_options: Partial<ManagerOptions & SocketOptions> & { maxPayload: number } = {
      autoConnect: false,
      forceNew: true,
      auth: (give) => give(dependencies.hello()),
      transports: ["websocket"],
      reconnectionDelay: first_wait_ms,
      reconnectionDelayMax: wait_ms_max,
      randomizationFactor: 0.5,
      maxPayload: INBOUND_BYTES_MAX,
    };
    this.#socket = io(new URL("/agents", options.url).href, socket_options);
    this.#socket.on("connect", () => this.#connected());
    this.#socket.on("challenge", (body: unknown, answer: unknown) => this.#challenged(body, answer));
    this.#socket.on("welcome", (body: unknown) => this.#welcomed(body));
    this.#socket.on("refused", (body: unknown) => this.#refused(body));
    this.#socket.on("command", (body: unknown, answer: unknown) => {
      this.#order(body, answer, { kind: "command", schema: AgentCommand }, (command) => dependencies.onCommand(command));
    });
    this.#socket.on("desired", (body: unknown, answer: unknown) => {
      this.#order(body, answer, { kind: "desired", schema: DesiredState }, dependencies.onDesired);
    });
    this.#socket.on("disconnect", (reason) => this.#disconnected(reason));
    this.#socket.on("connect_error", (error) => this.#connectError(error));
  }

  get open(): boolean {
    return this.#state.state === "open";
  }

  get state(): ChannelState {
    return this.#state;
  }

  start(): void {
    this.#socket.connect();
  }

  stop(): void {
    this.#tell({ state: "stopped", message: null });
    for (const timer of [this.#welcome_timer, this.#later_timer]) if (timer) clearTimeout(timer);
    this.#socket.disconnect();
  }

  async send(event: "telemetry" | "backlog" | "event" | "command" | "desired", body: object): Promise<Sent> {
    if (!this.open) return { outcome: "again", message: "the control plane is away" };
    let answer: unknown;
    try {
      answer = await this.#socket.timeout(this.#options.timing.ack_timeout_ms).emitWithAck(event, body);
    } catch {
      return { outcome: "again", message: "the control plane did not acknowledge it" };
    }
    const ack = Ack.safeParse(answer);
    if (!ack.success) return { outcome: "again", message: "the control plane answered with something that is no answer" };
    if (ack.data.ok) return { outcome: "stored" };
    const { code, message } = ack.data;
    return AGENT_TRY_AGAIN.includes(code) ? { outcome: "again", message } : { outcome: "dropped", code, message };
  }

  #connected(): void {
    this.#tell({ state: "proving", message: null });
    this.#welcome_timer = setTimeout(
      () => this.#startOver("the control plane did not finish its greeting"),
      this.#options.timing.welcome_timeout_ms,
    );
  }

  #challenged(body: unknown, answer: unknown): void {
    const challenge = AgentChallenge.safeParse(body);
    if (this.#state.state !== "proving" || !challenge.success || typeof answer !== "function") {
      this.#unheeded("challenge", { code: "bad_message", message: "This is no challenge, or not the time for one." });
      return;
    }
    const proof: AgentProof = { signature: this.#dependencies.sign(challengeStatement(this.#options.agent_id, challenge.data)) };
    answer(proof);
  }

  #welcomed(body: unknown): void {
    const welcome = AgentWelcome.safeParse(body);
    if (this.#state.state !== "proving" || !welcome.success) {
      this.#unheeded("welcome", { code: "bad_message", message: "This is no welcome, or not the time for one." });
      return;
    }
    if (this.#welcome_timer) clearTimeout(this.#welcome_timer);
    this.#dependencies.onWelcome(welcome.data);
    this.#tell({ state: "open", message: null });
  }

  #order<T extends { agent_id: string }>(
    body: unknown,
    answer: unknown,
    { kind, schema }: Pick<OpenOptions<T>, "kind" | "schema">,
    take: (value: T, message: SignedMessage) => Refusal | null,
  ): void {
    const opened = this.#opened(body, { kind, schema });
    const refusal = opened.ok ? take(opened.value, opened.message) : opened.refusal;
    if (refusal) this.#unheeded(kind, refusal);
    const ack: Ack = refusal ? { ok: false, code: refusal.code, message: refusal.message } : { ok: true };
    if (typeof answer === "function") answer(ack);
  }

  #opened<T extends { agent_id: string }>(body: unknown, { kind, schema }: Pick<OpenOptions<T>, "kind" | "schema">) {
    const refuse = (code: Refusal["code"], message: string) => ({ ok: false as const, refusal: { code, message } });
    if (!this.open) return refuse("bad_message", "Orders come after the welcome.");
    if (!this.#inbound.take(this.#dependencies.now_ms())) {
      return refuse("flood", `Orders come faster than ${INBOUND_RATE.per_s} a second.`);
    }
    const { agent_id, control_key } = this.#options;
    return openSigned<T>(body, { kind, schema, agent_id, key: control_key });
  }

  #unheeded(what: string, refusal: Refusal): void {
    this.#dependencies.onRefused(what, refusal);
  }

  #refused(body: unknown): void {
    const refusal = HubRefusal.safeParse(body);
    if (refusal.success) this.#refusedBy(refusal.data);
  }

  #refusedBy({ code, message }: { code: string; message: string }): void {
    this.#tell({ state: "refused", code, message });
  }

  #disconnected(reason: string): void {
    if (this.#welcome_timer) clearTimeout(this.#welcome_timer);
    if (this.#state.state === "stopped") return;
    if (this.#state.state !== "refused") this.#tell({ state: "connecting", message: `the connection ended (${reason})` });
    // Socket.IO does not come back by itself when the other side ended it.
    if (!this.#socket.active) this.#comeBackLater();
  }

  #connectError(error: Error & { data?: unknown }): void {
    if (this.#state.state === "stopped") return;
    const refusal = HubRefusal.safeParse(error.data);
    if (refusal.success) this.#refusedBy(refusal.data);
    else this.#tell({ state: "connecting", message: `it cannot be reached (${error.message})` });
    if (!this.#socket.active) this.#comeBackLater();
  }

  #startOver(message: string): void {
    this.#tell({ state: "connecting", message });
    this.#socket.disconnect();
    this.#comeBackLater();
  }

  #comeBackLater(): void {
    if (this.#later_timer) clearTimeout(this.#later_timer);
    const { timing } = this.#options;
    const lasting = this.#state.state === "refused" && !AGENT_TRY_AGAIN.includes(this.#state.code);
    const wait_ms = (lasting ? timing.refused_wait_ms : timing.wait_ms_max / 2) * (0.5 + this.#dependencies.random());
    this.#later_timer = setTimeout(() => {
      this.#later_timer = null;
      this.#socket.connect();
    }, wait_ms);
  }

  #tell(state: ChannelState): void {
    this.#state = state;
    this.#dependencies.onState(state);
  }
}
