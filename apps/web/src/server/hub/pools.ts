/** Namespace `/pools`: see packages/shared/src/wire/pools.ts. */
import { PoolEvent, PoolHello, PoolSnapshot, TOPICS } from "@otedama/shared";
import type { Namespace } from "socket.io";
import type { LiveFigures } from "../live/live_figures.ts";
import type { LiveEvents } from "../notices/live_events.ts";
import type { BrowserFeed } from "./browser_feed.ts";
import { firstIssue } from "./inbox.ts";
import { type Machine, type MachineNamespaceDependencies, serveMachines } from "./machine_namespace.ts";

/** A snapshot a second, and events in bursts: what a pool kept while the control plane was away comes all at once. */
const RATE = { per_s: 20, burst: 1_000 };
/** An older event still tells which lists to fetch again; nobody needs a notice of it any more. */
const NEWS_MS = 60_000;
const BAD_MAX = 50;
const CONNECTIONS_MAX = 256;

type Topic = (typeof TOPICS)[number];
/** Which lists a pool's event makes old. A new tip gives every waiting block a confirmation. */
const TOPICS_OF: Record<PoolEvent["kind"], readonly Topic[]> = {
  block_found: ["blocks", "overview", "workers"],
  block_confirmed: ["blocks", "balances", "overview"],
  block_orphaned: ["blocks", "balances", "overview"],
  block_rejected: ["blocks", "overview"],
  new_tip: ["blocks", "balances", "nodes"],
  node_down: ["nodes"],
  node_up: ["nodes"],
  payout_sent: ["balances"],
  payout_settled: ["balances"],
  payout_waiting: ["balances"],
  payout_stopped: ["balances"],
  database_down: [],
  database_up: TOPICS,
};

export interface PoolsDependencies extends MachineNamespaceDependencies {
  figures: LiveFigures;
  feed: BrowserFeed;
  trouble: LiveEvents;
}

export function servePools(namespace: Namespace, dependencies: PoolsDependencies) {
  const { figures, feed, trouble, counters } = dependencies;
  const connected = new Map<string, Machine<PoolHello>>();

  return serveMachines(
    namespace,
    { kind: "pool", hello: PoolHello, rate: RATE, bad_max: BAD_MAX, connections_max: CONNECTIONS_MAX },
    dependencies,
    {
      admit: () => null,
      connected(machine) {
        const { instance_id } = machine.hello;
        const before = connected.get(instance_id);
        connected.set(instance_id, machine);
        before?.close();
        figures.poolConnected(instance_id);
        return {
          snapshot(body, now_ms) {
            const parsed = PoolSnapshot.safeParse(body);
            if (!parsed.success) return { code: "bad_snapshot", message: firstIssue(parsed.error) };
            counters.add("hub_snapshots");
            figures.poolSnapshot(instance_id, parsed.data, now_ms);
            trouble.poolSnapshot(instance_id, parsed.data);
            feed.dirty();
            feed.changed("workers", "nodes", "overview");
            return null;
          },
          event(body, now_ms) {
            const parsed = PoolEvent.safeParse(body);
            if (!parsed.success) return { code: "bad_event", message: firstIssue(parsed.error) };
            counters.add("hub_events");
            if (parsed.data.at_ms > now_ms - NEWS_MS) {
              feed.event(parsed.data);
              trouble.poolEvent(instance_id, parsed.data);
            }
            feed.changedNow(...TOPICS_OF[parsed.data.kind]);
            return null;
          },
        };
      },
      disconnected(machine) {
        const { instance_id } = machine.hello;
        if (connected.get(instance_id) !== machine) return;
        connected.delete(instance_id);
        figures.poolGone(instance_id);
        trouble.poolGone(instance_id);
        feed.dirty();
      },
    },
  );
}
