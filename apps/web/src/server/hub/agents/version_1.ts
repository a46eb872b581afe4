/** Protocol 1: an agent known by an access token, that reports and takes no orders. Its reports wait in memory for the database. */
import { StoredHello, sampleOf } from "@otedama/db/web";
import { type AgentHelloV1, AgentTelemetry } from "@otedama/shared";
import type { Socket } from "socket.io";
import { firstIssue, listen } from "../inbox.ts";
import type { AgentsDependencies } from "./namespace.ts";
import type { AgentConnection } from "./presence.ts";

/** An agent reports every 5 s. */
const INBOX = { kind: "agent", rate: { per_s: 2, burst: 10 }, bad_max: 50 };
/** A report's own time is believed within these bounds; else the time of its arrival stands. */
const CLOCK_AHEAD_MS = 60_000;
const CLOCK_BEHIND_MS = 86_400_000;

export function serveVersion1(socket: Socket, hello: AgentHelloV1, dependencies: AgentsDependencies): void {
  const { figures, fleet, feed, presence, counters, now } = dependencies;
  const connection: AgentConnection = { keyed: false, push: async () => null, close: () => socket.disconnect(true) };
  presence.take(hello.agent_id, connection);
  const stored = StoredHello.parse(withoutToken(hello));
  const row = { id: hello.agent_id, name: hello.name, hello: stored };
  fleet.agent({ ...row, telemetry: null, seen_at_ms: now() });
  feed.changed("rigs");
  socket.on("disconnect", () => {
    presence.gone(hello.agent_id, connection);
    feed.changed("rigs");
  });
  listen(
    socket,
    {
      telemetry(body, now_ms) {
        const parsed = AgentTelemetry.safeParse(body);
        if (!parsed.success) return { code: "bad_telemetry", message: firstIssue(parsed.error) };
        const telemetry = parsed.data;
        counters.add("hub_telemetry");
        figures.agentReported(hello.agent_id, telemetry, now_ms);
        fleet.agent({ ...row, telemetry, seen_at_ms: now_ms });
        const believable = telemetry.at_ms > now_ms - CLOCK_BEHIND_MS && telemetry.at_ms < now_ms + CLOCK_AHEAD_MS;
        fleet.sample(sampleOf(hello.agent_id, telemetry, believable ? telemetry.at_ms : now_ms));
        feed.dirty();
        feed.changed("rigs");
        return null;
      },
    },
    INBOX,
    dependencies,
  );
}

function withoutToken({ token: _token, ...rest }: AgentHelloV1): Omit<AgentHelloV1, "token"> {
  return rest;
}
