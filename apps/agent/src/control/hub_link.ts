/** The connection to the control plane: outbound, and never in mining's way. */
import { Ack, type AgentHelloV1, type AgentTelemetry } from "@otedama/shared/agent";
import { io, type Socket } from "socket.io-client";
import { z } from "zod";

export interface HubLinkOptions {
  url: string;
  hello: AgentHelloV1;
  telemetry_interval_ms: number;
  ack_timeout_ms: number;
  /** How long to leave the hub alone after it refused us; a refused token does not get better by asking often. */
  refused_wait_ms: number;
}

export interface HubLinkDependencies {
  telemetry: () => AgentTelemetry;
  random: () => number;
  onNotice: (level: "info" | "warn", text: string) => void;
}

const Refusal = z.looseObject({ code: z.string().max(64), message: z.string().max(500) });

export class HubLink {
  readonly #options: HubLinkOptions;
  readonly #dependencies: HubLinkDependencies;
  readonly #socket: Socket;
  #timer: NodeJS.Timeout | null = null;
  #refused_timer: NodeJS.Timeout | null = null;
  /** The last trouble told, so that an outage is one line and not one each attempt. */
  #told: string | null = null;
  #sending = false;

  constructor(options: HubLinkOptions, dependencies: HubLinkDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#socket = io(new URL("/agents", options.url).href, {
      autoConnect: false,
      auth: options.hello,
      transports: ["websocket"],
      reconnectionDelay: 1_000,
      reconnectionDelayMax: 30_000,
      randomizationFactor: 0.5,
    });
    this.#socket.on("connect", () => {
      this.#told = null;
      this.#dependencies.onNotice("info", `connected to the control plane at ${options.url}`);
      void this.#send();
    });
    this.#socket.on("disconnect", (reason) => {
      this.#tell(`the control plane is away (${reason}); mining goes on`);
      // Socket.IO does not come back by itself when the server ended the connection.
      if (reason === "io server disconnect") this.#comeBackLater();
    });
    this.#socket.on("connect_error", (error) => this.#connectError(error));
  }

  start(): void {
    this.#socket.connect();
    this.#timer = setInterval(() => void this.#send(), this.#options.telemetry_interval_ms);
  }

  /** A last report, if the hub takes it within `grace_ms`, and goodbye. */
  async stop(grace_ms: number): Promise<void> {
    for (const timer of [this.#timer, this.#refused_timer]) if (timer) clearTimeout(timer);
    if (this.#socket.connected) {
      await this.#socket
        .timeout(grace_ms)
        .emitWithAck("telemetry", this.#dependencies.telemetry())
        .catch(() => undefined);
    }
    this.#socket.disconnect();
  }

  /** One report at a time: a slow hub gets fewer of them, not a queue. */
  async #send(): Promise<void> {
    if (!this.#socket.connected || this.#sending) return;
    this.#sending = true;
    try {
      const answer = Ack.safeParse(
        await this.#socket.timeout(this.#options.ack_timeout_ms).emitWithAck("telemetry", this.#dependencies.telemetry()),
      );
      if (!answer.success) this.#tell("the control plane answered a report with something that is no answer");
      else if (!answer.data.ok) this.#tell(`the control plane refused a report: ${answer.data.message} (${answer.data.code})`);
      else this.#told = null;
    } catch {
      this.#tell("the control plane did not acknowledge a report");
    } finally {
      this.#sending = false;
    }
  }

  #connectError(error: Error & { data?: unknown }): void {
    const refusal = Refusal.safeParse(error.data);
    if (refusal.success) this.#tell(`the control plane refuses this agent: ${refusal.data.message} (${refusal.data.code})`);
    else this.#tell(`the control plane at ${this.#options.url} cannot be reached (${error.message}); mining goes on`);
    // `active` says that Socket.IO tries again by itself; after a refusal it does not.
    if (!this.#socket.active) this.#comeBackLater();
  }

  #comeBackLater(): void {
    if (this.#refused_timer) clearTimeout(this.#refused_timer);
    const wait_ms = this.#options.refused_wait_ms * (0.5 + this.#dependencies.random());
    this.#refused_timer = setTimeout(() => this.#socket.connect(), wait_ms);
  }

  #tell(text: string): void {
    if (text === this.#told) return;
    this.#told = text;
    this.#dependencies.onNotice("warn", text);
  }
}
