/**
 * The line to the control plane: a snapshot a second that may be lost, and events that are kept, in bounded number, until they are acknowledged.
 * Nothing here holds anything up: money and shares are in the database.
 */
import { Ack, HUB_PROTOCOL_VERSIONS, type HubLink, type PoolEvent, type PoolHello, type PoolSnapshot } from "@otedama/shared";
import { io, type Socket } from "socket.io-client";

const EVENTS_MAX = 500;
const ACK_MS = 5_000;
const RETRY_MS = 5_000;

export interface HubOptions {
  link: HubLink;
  instance_id: string;
  version: string;
}

export interface HubDependencies {
  onState: (message: string | null) => void;
}

export class HubClient {
  readonly #socket: Socket;
  readonly #d: HubDependencies;
  readonly #events: PoolEvent[] = [];
  #sending = false;
  #retry: NodeJS.Timeout | null = null;

  constructor(options: HubOptions, dependencies: HubDependencies) {
    this.#d = dependencies;
    const hello: PoolHello = {
      protocol: HUB_PROTOCOL_VERSIONS[0],
      token: options.link.token,
      instance_id: options.instance_id,
      version: options.version,
    };
    this.#socket = io(new URL("/pools", options.link.url).href, {
      auth: hello,
      transports: ["websocket"],
      autoConnect: false,
      reconnectionDelay: 500,
      reconnectionDelayMax: RETRY_MS,
    });
    this.#socket.on("connect", () => {
      this.#d.onState(null);
      void this.#flush();
    });
    this.#socket.on("disconnect", (reason) => {
      this.#d.onState(`The control plane closed the line (${reason}).`);
      // A line that the server closed is not opened again by itself.
      if (reason === "io server disconnect") this.#retryLater();
    });
    this.#socket.on("connect_error", (error) => {
      this.#d.onState(`The control plane is not reached: ${error.message}`);
      if (!this.#socket.active) this.#retryLater();
    });
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  start(): void {
    this.#socket.connect();
  }

  stop(): void {
    if (this.#retry) clearTimeout(this.#retry);
    this.#socket.disconnect();
  }

  snapshot(snapshot: PoolSnapshot): void {
    if (this.#socket.connected) this.#socket.volatile.emit("snapshot", snapshot);
  }

  /** The oldest go when too many wait. */
  event(event: PoolEvent): void {
    this.#events.push({ ...event, subject: event.subject.slice(0, 200), message: event.message.slice(0, 500) });
    if (this.#events.length > EVENTS_MAX) this.#events.shift();
    void this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (let event = this.#events[0]; event && this.#socket.connected; event = this.#events[0]) {
        const ack = Ack.safeParse(await this.#socket.timeout(ACK_MS).emitWithAck("event", event));
        // One that the hub understands and refuses would be refused for ever.
        if (ack.success && this.#events[0] === event) this.#events.shift();
        if (!ack.success) break;
      }
    } catch {
      // No answer in time: what waits goes out with the next event or connection.
    } finally {
      this.#sending = false;
    }
  }

  #retryLater(): void {
    if (this.#retry) clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#socket.connect(), RETRY_MS);
  }
}
