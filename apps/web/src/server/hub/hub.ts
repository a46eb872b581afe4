/** The Socket.IO server with its three namespaces: agents and pools send, browsers listen. */
import type { Server as HttpServer } from "node:http";
import { isDatabaseAway, knownAgents, type WebDatabase } from "@otedama/db/web";
import type { ProvisionNews } from "@otedama/shared";
import type { Logger } from "pino";
import { Server } from "socket.io";
import type { Auth } from "../auth/auth.ts";
import type { Counters } from "../counters.ts";
import { sameOrigin } from "../http/origin.ts";
import type { ControlKey } from "../keys/control_key.ts";
import type { FleetWriter } from "../live/fleet_writer.ts";
import type { LiveFigures } from "../live/live_figures.ts";
import type { LiveEvents } from "../notices/live_events.ts";
import { AgentDispatch } from "./agents/dispatch.ts";
import { AgentDoor } from "./agents/door.ts";
import { serveAgents } from "./agents/namespace.ts";
import { AgentPresence } from "./agents/presence.ts";
import { AgentRecords } from "./agents/records.ts";
import type { BrowserFeed } from "./browser_feed.ts";
import { serveBrowsers } from "./browsers.ts";
import { servePools } from "./pools.ts";
import { TokenGate } from "./token_gate.ts";

export interface HubOptions {
  public_url: URL;
  /** Longest message; a longer one ends its connection. */
  message_bytes_max: number;
  connections_max: number;
  browsers_max: number;
  agents_max: number;
  /** How often revoked tokens and ended sessions are looked for among the open connections. */
  recheck_ms: number;
  /** How long an agent has to answer its challenge. */
  challenge_ms: number;
}

export interface HubDependencies {
  server: HttpServer;
  sql: WebDatabase["sql"];
  auth: Auth;
  figures: LiveFigures;
  fleet: FleetWriter;
  feed: BrowserFeed;
  control_key: ControlKey;
  trouble: LiveEvents;
  counters: Counters;
  log: Logger;
  now: () => number;
}

export interface Hub {
  /** To the screens of the person whose run it is. */
  provision(person_id: string, news: ProvisionNews): void;
  connections(): number;
  /** Commands or desired state were written for these agents; nobody named: a bulk action has work. */
  written(agent_ids?: readonly string[]): void;
  /** These agents have got a key, or were retired: how they are connected does not hold any more. */
  keyed(agent_id: string): void;
  retired(agent_id: string): void;
  close(): Promise<void>;
}

/** The more rigs, the less often: a thousand reports a second are as many as all of them together send. */
const INTERVAL_MS_MIN = 5_000;
const INTERVAL_MS_MAX = 60_000;

export function startHub(options: HubOptions, dependencies: HubDependencies): Hub {
  const { server, sql, figures, fleet, feed, control_key, trouble, counters, log, now, auth } = dependencies;
  const io = new Server(server, {
    serveClient: false,
    maxHttpBufferSize: options.message_bytes_max,
    connectTimeout: 10_000,
    pingInterval: 10_000,
    pingTimeout: 10_000,
    destroyUpgrade: false,
    allowRequest: (request, answer) => {
      const { origin, host } = request.headers;
      const refused =
        io.engine.clientsCount >= options.connections_max ||
        (origin !== undefined && !sameOrigin(origin, host, options.public_url));
      if (refused) counters.add("hub_refused_handshakes");
      answer(refused ? "forbidden" : null, !refused);
    },
  });
  const gate = new TokenGate({ remembered_max: 10_000, lookups_max: 64 }, { sql });
  const machines = { gate, counters, log, now };
  const door = new AgentDoor({ sql });
  const presence = new AgentPresence();
  const records = new AgentRecords({ sql, counters, log });
  const dispatch = new AgentDispatch(
    { sweep_ms: 500, resend_after_ms: 15_000 },
    { sql, control_key, presence, records, feed, counters, log, now },
  );
  const agents = serveAgents(
    io.of("/agents"),
    { connections_max: options.agents_max },
    {
      ...machines,
      sql,
      door,
      presence,
      records,
      dispatch,
      figures,
      fleet,
      feed,
      challenge_ms: options.challenge_ms,
      telemetryIntervalMs: () => Math.min(INTERVAL_MS_MAX, Math.max(INTERVAL_MS_MIN, figures.agentsTotal())),
    },
  );
  dispatch.start();
  const pools = servePools(io.of("/pools"), { ...machines, figures, feed, trouble });
  const browsers = serveBrowsers(
    io.of("/browsers"),
    { connections_max: options.browsers_max },
    { auth, sql, feed, counters, log },
  );

  let fleet_known = false;
  const recheck = async () => {
    try {
      if (!fleet_known) {
        for (const id of await knownAgents(sql, options.agents_max)) figures.agentKnown(id);
        fleet_known = true;
        feed.dirty();
      }
      const dead = await gate.dead([...new Set([...agents.token_ids(), ...pools.token_ids()])]);
      if (dead.size > 0) {
        agents.closeTokens(dead);
        pools.closeTokens(dead);
      }
      await agents.closeRetired();
      await browsers.closeEndedSessions();
    } catch (error) {
      if (!isDatabaseAway(error)) log.error({ err: error }, "open connections could not be checked");
    }
  };
  let timer: NodeJS.Timeout | null = null;
  let closed = false;
  const again = () => {
    if (!closed) timer = setTimeout(() => void recheck().finally(again), options.recheck_ms);
  };
  void recheck().finally(again);

  return {
    connections: () => io.engine.clientsCount,
    provision: browsers.provision,
    written: (agent_ids) => dispatch.written(agent_ids),
    keyed(agent_id) {
      door.keyed(agent_id);
      figures.agentKnown(agent_id);
      presence.end(agent_id);
      feed.changedNow("rigs");
    },
    retired(agent_id) {
      presence.end(agent_id);
      figures.agentForgotten(agent_id);
      feed.dirty();
      feed.changedNow("rigs");
    },
    async close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      await dispatch.stop();
      await io.close();
      await records.settled();
    },
  };
}
