/** Namespace `/browsers`: see packages/shared/src/wire/browsers.ts. The session cookie of the handshake is the authority. */
import { endedSessions, isDatabaseAway, type Sql } from "@otedama/db/web";
import type { ProvisionNews } from "@otedama/shared";
import type { Logger } from "pino";
import type { Namespace, Socket } from "socket.io";
import type { Auth } from "../auth/auth.ts";
import type { Counters } from "../counters.ts";
import type { BrowserFeed } from "./browser_feed.ts";

export interface BrowsersOptions {
  connections_max: number;
}

export interface Browsers {
  closeEndedSessions(): Promise<void>;
  /** To the screens of one person. */
  provision(person_id: string, news: ProvisionNews): void;
}

const roomOf = (person_id: string) => `person:${person_id}`;

export function serveBrowsers(
  namespace: Namespace,
  options: BrowsersOptions,
  dependencies: { auth: Auth; sql: Sql; feed: BrowserFeed; counters: Counters; log: Logger },
): Browsers {
  const { auth, sql, feed, counters, log } = dependencies;
  const sessionOf = (socket: Socket) => socket.data.session_id as string;

  namespace.use(async (socket, next) => {
    const refuse = (code: string, message: string) => {
      counters.add("hub_refused_handshakes");
      next(Object.assign(new Error(message), { data: { code, message } }));
    };
    if (namespace.sockets.size >= options.connections_max) return refuse("unavailable", "Too many screens are open.");
    try {
      const signed_in = await auth.signedIn(new Headers({ cookie: socket.handshake.headers.cookie ?? "" }));
      if (signed_in === null) return refuse("unauthorized", "Sign in first.");
      socket.data.session_id = signed_in.session_id;
      socket.data.person_id = signed_in.me.id;
      next();
    } catch (error) {
      if (!isDatabaseAway(error)) log.error({ err: error }, "a screen's session could not be checked");
      refuse("unavailable", "The database does not answer, so the session cannot be checked. The screen tries again by itself.");
    }
  });

  namespace.on("connection", (socket) => {
    socket.join(roomOf(socket.data.person_id as string));
    socket.emit("live", feed.read());
    // Nothing is expected from a browser on this channel.
    socket.onAny(() => {
      counters.add("hub_bad_messages");
      socket.disconnect(true);
    });
  });

  feed.addAudience({
    size: () => namespace.sockets.size,
    live: (live) => namespace.volatile.emit("live", live),
    changed: (changed) => namespace.emit("changed", changed),
    event: (event) => namespace.emit("event", event),
  });

  return {
    provision: (person_id, news) => void namespace.to(roomOf(person_id)).emit("provision", news),
    async closeEndedSessions() {
      const sockets = [...namespace.sockets.values()];
      if (sockets.length === 0) return;
      const ended = new Set(await endedSessions(sql, [...new Set(sockets.map(sessionOf))]));
      for (const socket of sockets) if (ended.has(sessionOf(socket))) socket.disconnect(true);
    },
  };
}
