/** `WS /ws`: the public figures as JSON text frames, for dashboards and scripts that are not ours. Open to any origin; reads nothing. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Counters } from "../counters.ts";
import type { ClientAddress } from "../http/client_address.ts";
import type { BrowserFeed } from "../hub/browser_feed.ts";
import type { PublicFigures } from "../rest/public_figures.ts";
import type { StatsFrame } from "../rest/schemas.ts";

export interface PublicFeedOptions {
  clients_max: number;
  clients_per_address_max: number;
  /** A client that has this much unread is cut off. */
  unread_bytes_max: number;
  ping_ms: number;
}

export class PublicFeed {
  readonly #options: PublicFeedOptions;
  readonly #figures: PublicFigures;
  readonly #counters: Counters;
  readonly #addressOf: ClientAddress;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: 1_024, perMessageDeflate: false });
  readonly #alive = new WeakSet<WebSocket>();
  readonly #by_address = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;
  #sending = false;

  constructor(
    options: PublicFeedOptions,
    dependencies: { figures: PublicFigures; feed: BrowserFeed; counters: Counters; addressOf: ClientAddress },
  ) {
    this.#options = options;
    this.#addressOf = dependencies.addressOf;
    this.#figures = dependencies.figures;
    this.#counters = dependencies.counters;
    dependencies.feed.addAudience({
      size: () => this.#server.clients.size,
      live: () => void this.#send(this.#server.clients),
      changed: () => {},
      event: () => {},
    });
  }

  start(): void {
    this.#timer = setInterval(() => {
      for (const client of this.#server.clients) {
        if (!this.#alive.has(client)) client.terminate();
        this.#alive.delete(client);
        client.ping();
      }
    }, this.#options.ping_ms);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const address = this.#addressOf(request);
    const from_address = this.#by_address.get(address) ?? 0;
    if (this.#server.clients.size >= this.#options.clients_max || from_address >= this.#options.clients_per_address_max) {
      this.#counters.add("ws_refused");
      const body = JSON.stringify({ code: "too_many_clients", message: "Too many clients follow the figures. Try again later." });
      socket.end(
        `HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 30\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (client) => {
      this.#by_address.set(address, (this.#by_address.get(address) ?? 0) + 1);
      this.#alive.add(client);
      client.on("pong", () => this.#alive.add(client));
      client.on("error", () => client.terminate());
      client.on("close", () => {
        const left = (this.#by_address.get(address) ?? 1) - 1;
        if (left > 0) this.#by_address.set(address, left);
        else this.#by_address.delete(address);
      });
      void this.#send([client]);
    });
  }

  async #send(clients: Iterable<WebSocket>): Promise<void> {
    const everyone = clients === this.#server.clients;
    // One round at a time: a slow one delays the next, it does not pile up.
    if (everyone && this.#sending) return;
    if (everyone) this.#sending = true;
    try {
      const frame: StatsFrame = { type: "stats", ...(await this.#figures.stats()) };
      const text = JSON.stringify(frame);
      for (const client of clients) {
        if (client.bufferedAmount > this.#options.unread_bytes_max) client.terminate();
        else if (client.readyState === client.OPEN) client.send(text);
      }
    } finally {
      if (everyone) this.#sending = false;
    }
  }
}
