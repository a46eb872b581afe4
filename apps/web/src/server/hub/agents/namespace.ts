/** Namespace `/agents`: see packages/shared/src/wire/agents. Two protocols come in by one door; an agent that has a key, by its key alone. */
import type { WebDatabase } from "@otedama/db/web";
import { isDatabaseAway, retiredAgents } from "@otedama/db/web";
import { AGENT_PROTOCOL_VERSIONS, AgentHello, AgentHelloV1 } from "@otedama/shared";
import type { Logger } from "pino";
import type { Namespace, Socket } from "socket.io";
import { z } from "zod";
import type { Counters } from "../../counters.ts";
import type { FleetWriter } from "../../live/fleet_writer.ts";
import { QueueFullError } from "../../live/group_commit.ts";
import type { LiveFigures } from "../../live/live_figures.ts";
import type { BrowserFeed } from "../browser_feed.ts";
import { firstIssue, type Refusal } from "../inbox.ts";
import type { TokenGate } from "../token_gate.ts";
import type { AgentDispatch } from "./dispatch.ts";
import type { AgentDoor } from "./door.ts";
import type { AgentPresence } from "./presence.ts";
import type { AgentRecords } from "./records.ts";
import { serveVersion1 } from "./version_1.ts";
import { serveVersion2 } from "./version_2.ts";

export interface AgentsDependencies {
  sql: WebDatabase["sql"];
  gate: TokenGate;
  door: AgentDoor;
  presence: AgentPresence;
  records: AgentRecords;
  dispatch: AgentDispatch;
  figures: LiveFigures;
  fleet: FleetWriter;
  feed: BrowserFeed;
  counters: Counters;
  log: Logger;
  now: () => number;
  /** How long an agent has to answer the challenge. */
  challenge_ms: number;
  telemetryIntervalMs: () => number;
}

const Versioned = z.looseObject({ protocol: z.int() });
type Admitted = { version: 1; hello: AgentHelloV1; token_id: number } | { version: 2; hello: AgentHello };

const AWAY: Refusal = { code: "unavailable", message: "The database does not answer, so nobody can be let in. Try again soon." };
const BUSY: Refusal = { code: "unavailable", message: "Too many agents come at once. Try again soon." };
const RETIRED: Refusal = { code: "retired", message: "This agent was retired. Enrol it again to let it in." };

export function serveAgents(
  namespace: Namespace,
  options: { connections_max: number },
  dependencies: AgentsDependencies,
): { token_ids(): number[]; closeTokens(dead: ReadonlySet<number>): void; closeRetired(): Promise<void> } {
  const { sql, gate, door, presence, figures, counters, log } = dependencies;

  namespace.use(async (socket, next) => {
    const admitted = await admit(socket.handshake.auth).catch((error: unknown): Refusal => {
      if (error instanceof QueueFullError) return BUSY;
      if (isDatabaseAway(error)) return AWAY;
      log.error({ err: error }, "handshake failed");
      return { code: "unavailable", message: "The hub could not check the handshake. Try again soon." };
    });
    if ("version" in admitted) {
      socket.data.admitted = admitted;
      return next();
    }
    counters.add("hub_refused_handshakes");
    next(Object.assign(new Error(admitted.message), { data: admitted }));
  });

  async function admit(auth: unknown): Promise<Admitted | Refusal> {
    const versioned = Versioned.safeParse(auth);
    if (versioned.success && !AGENT_PROTOCOL_VERSIONS.some((version) => version === versioned.data.protocol)) {
      return {
        code: "version",
        message: `This hub speaks protocol ${AGENT_PROTOCOL_VERSIONS.join(", ")}; update one of the two.`,
      };
    }
    if (namespace.sockets.size >= options.connections_max) {
      return { code: "unavailable", message: `This hub takes ${options.connections_max} connections of this kind at most.` };
    }
    const admitted = versioned.success && versioned.data.protocol === 2 ? await admitKeyed(auth) : await admitToken(auth);
    if (!("version" in admitted) || figures.agentKnown(admitted.hello.agent_id)) return admitted;
    return { code: "unavailable", message: "This control plane holds as many agents as it can." };
  }

  async function admitToken(auth: unknown): Promise<Admitted | Refusal> {
    const hello = AgentHelloV1.safeParse(auth);
    if (!hello.success) return { code: "bad_hello", message: firstIssue(hello.error) };
    const admission = await gate.admit("agent", hello.data.token);
    if ("code" in admission) return admission;
    const unkeyed = await door.unkeyed(hello.data.agent_id);
    if (unkeyed === null) return AWAY;
    if (unkeyed === "retired") return RETIRED;
    if (unkeyed === "keyed")
      return { code: "version", message: "This agent has a key and is known by it alone: it speaks protocol 2." };
    return { version: 1, hello: hello.data, token_id: admission.token_id };
  }

  async function admitKeyed(auth: unknown): Promise<Admitted | Refusal> {
    const hello = AgentHello.safeParse(auth);
    if (!hello.success) return { code: "bad_hello", message: firstIssue(hello.error) };
    const row = await door.look(hello.data.agent_id);
    if (row === null || row.public_key === null) {
      return {
        code: "unknown_agent",
        message: "This agent is not enrolled here. Enrol it with a token from the Provision page.",
      };
    }
    if (row.retired) return RETIRED;
    if (row.public_key !== hello.data.public_key) {
      return { code: "bad_proof", message: "This agent was enrolled with another key. Enrol the machine as a new agent." };
    }
    return { version: 2, hello: hello.data };
  }

  namespace.on("connection", (socket) => {
    const admitted = socket.data.admitted as Admitted;
    if (admitted.version === 1) return serveVersion1(socket, admitted.hello, dependencies);
    serveVersion2(socket, admitted.hello, dependencies).catch((error: unknown) => {
      log.error({ err: error, agent_id: admitted.hello.agent_id }, "an agent could not be let in");
      socket.disconnect(true);
    });
  });

  const tokenOf = (socket: Socket): number | null => {
    const admitted = socket.data.admitted as Admitted;
    return admitted.version === 1 ? admitted.token_id : null;
  };
  return {
    token_ids: () => [...new Set([...namespace.sockets.values()].flatMap((socket) => tokenOf(socket) ?? []))],
    closeTokens(dead) {
      for (const socket of namespace.sockets.values()) if (dead.has(tokenOf(socket) ?? -1)) socket.disconnect(true);
    },
    async closeRetired() {
      const ids = presence.keyedIds();
      if (ids.length === 0) return;
      for (const id of await retiredAgents(sql, ids)) presence.end(id);
    },
  };
}
