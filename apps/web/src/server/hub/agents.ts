/** Namespace `/agents`: see packages/shared/src/wire/agents.ts. */
import { StoredHello } from "@otedama/db/web";
import { AgentHelloV1, AgentTelemetry } from "@otedama/shared";
import type { Namespace } from "socket.io";
import type { FleetWriter } from "../live/fleet_writer.ts";
import type { LiveFigures } from "../live/live_figures.ts";
import type { BrowserFeed } from "./browser_feed.ts";
import { firstIssue, type Machine, type MachineNamespaceDependencies, serveMachines } from "./machine_namespace.ts";

/** An agent reports every 5 s. */
const RATE = { per_s: 2, burst: 10 };
const BAD_MAX = 50;
const CONNECTIONS_MAX = 50_000;
/** A report's own time is believed within these bounds; else the time of its arrival stands. */
const CLOCK_AHEAD_MS = 60_000;
const CLOCK_BEHIND_MS = 86_400_000;

export interface AgentsDependencies extends MachineNamespaceDependencies {
  figures: LiveFigures;
  fleet: FleetWriter;
  feed: BrowserFeed;
}

export function serveAgents(namespace: Namespace, dependencies: AgentsDependencies) {
  const { figures, fleet, feed, counters, now } = dependencies;
  const connected = new Map<string, Machine<AgentHelloV1>>();

  return serveMachines(
    namespace,
    { kind: "agent", hello: AgentHelloV1, rate: RATE, bad_max: BAD_MAX, connections_max: CONNECTIONS_MAX },
    dependencies,
    {
      admit: (hello) =>
        figures.agentKnown(hello.agent_id)
          ? null
          : { code: "unavailable", message: "This control plane holds as many agents as it can." },
      connected(machine) {
        const { hello } = machine;
        // An agent that comes back before its old connection was noticed to be gone takes its place.
        const before = connected.get(hello.agent_id);
        connected.set(hello.agent_id, machine);
        before?.close();
        const stored = StoredHello.parse(withoutToken(hello));
        const row = { id: hello.agent_id, name: hello.name, hello: stored };
        fleet.agent({ ...row, telemetry: null, seen_at_ms: now() });
        feed.changed("rigs");
        return {
          telemetry(body, now_ms) {
            const parsed = AgentTelemetry.safeParse(body);
            if (!parsed.success) return { code: "bad_telemetry", message: firstIssue(parsed.error) };
            const telemetry = parsed.data;
            counters.add("hub_telemetry");
            figures.agentReported(hello.agent_id, telemetry, now_ms);
            fleet.agent({ ...row, telemetry, seen_at_ms: now_ms });
            fleet.sample(toSample(hello.agent_id, telemetry, now_ms));
            feed.dirty();
            feed.changed("rigs");
            return null;
          },
        };
      },
      disconnected(machine) {
        const { agent_id } = machine.hello;
        if (connected.get(agent_id) === machine) connected.delete(agent_id);
        feed.changed("rigs");
      },
    },
  );
}

function withoutToken({ token: _token, ...rest }: AgentHelloV1): Omit<AgentHelloV1, "token"> {
  return rest;
}

function toSample(agent_id: string, telemetry: AgentTelemetry, now_ms: number) {
  const { shares } = telemetry.pool;
  const temperatures = telemetry.devices.flatMap((device) => device.temperature_c ?? []);
  const believable = telemetry.at_ms > now_ms - CLOCK_BEHIND_MS && telemetry.at_ms < now_ms + CLOCK_AHEAD_MS;
  return {
    agent_id,
    at_ms: believable ? telemetry.at_ms : now_ms,
    hashrate_hps: telemetry.devices.reduce((sum, device) => sum + device.hashrate_hps.s10, 0),
    temperature_c_max: temperatures.length === 0 ? null : Math.max(...temperatures),
    load_1m: telemetry.load_1m,
    accepted: shares.accepted,
    rejected: shares.stale + shares.duplicate + shares.low_difficulty + shares.unauthorized + shares.invalid,
  };
}
