/** The latest of everything that is live, in memory: one snapshot a pool instance, one report an agent. */
import type { AgentReport, AgentTelemetry, LiveDto, NodesDto, PartHealth, PoolSnapshot } from "@otedama/shared";
import { combineSnapshots } from "./pool_snapshots.ts";

export interface LiveFiguresOptions {
  /** Silence after which an agent is offline. */
  offline_after_ms: number;
  agents_max: number;
}

interface AgentFigures {
  seen_at_ms: number;
  mining: boolean;
  hashrate_hps: number;
  temperature_c_max: number | null;
}

export class LiveFigures {
  readonly #options: LiveFiguresOptions;
  readonly #database: () => PartHealth;
  readonly #pools = new Map<string, PoolSnapshot | null>();
  /** Null for one that is known from the database and was not heard of since this process began. */
  readonly #agents = new Map<string, AgentFigures | null>();
  #pool_seen_at_ms: number | null = null;

  constructor(options: LiveFiguresOptions, dependencies: { database: () => PartHealth }) {
    this.#options = options;
    this.#database = dependencies.database;
  }

  poolConnected(instance_id: string): void {
    if (!this.#pools.has(instance_id)) this.#pools.set(instance_id, null);
  }

  poolSnapshot(instance_id: string, snapshot: PoolSnapshot, now_ms: number): void {
    this.#pools.set(instance_id, snapshot);
    this.#pool_seen_at_ms = now_ms;
  }

  poolGone(instance_id: string): void {
    this.#pools.delete(instance_id);
  }

  /** False when there are too many agents to take one more. */
  agentKnown(agent_id: string): boolean {
    if (this.#agents.has(agent_id)) return true;
    if (this.#agents.size >= this.#options.agents_max) return false;
    this.#agents.set(agent_id, null);
    return true;
  }

  /** Retired: counted no more. */
  agentForgotten(agent_id: string): void {
    this.#agents.delete(agent_id);
  }

  /** How many there are, heard of or not. */
  agentsTotal(): number {
    return this.#agents.size;
  }

  agentReported(agent_id: string, telemetry: AgentTelemetry | AgentReport, now_ms: number): void {
    const temperatures = telemetry.devices.flatMap((device) => device.temperature_c ?? []);
    this.#agents.set(agent_id, {
      seen_at_ms: now_ms,
      mining: telemetry.pool.state === "mining",
      hashrate_hps: telemetry.devices.reduce((sum, device) => sum + device.hashrate_hps.s60, 0),
      temperature_c_max: temperatures.length === 0 ? null : Math.max(...temperatures),
    });
  }

  /** Chain nodes by pool instance, in the order of the instances' names. */
  nodes(now_ms: number): NodesDto {
    const instances = [...this.#pools].flatMap(([instance_id, snapshot]) => {
      if (snapshot === null) return [];
      const { at_ms, job, refused_jobs, nodes } = snapshot;
      return [{ instance_id, at_ms, job, refused_jobs, nodes }];
    });
    return { at_ms: now_ms, instances: instances.sort((a, b) => a.instance_id.localeCompare(b.instance_id)) };
  }

  read(now_ms: number): LiveDto {
    let mining = 0;
    let offline = 0;
    let hashrate_hps = 0;
    let temperature_c_max: number | null = null;
    for (const agent of this.#agents.values()) {
      if (agent === null || now_ms - agent.seen_at_ms > this.#options.offline_after_ms) {
        offline++;
        continue;
      }
      if (agent.mining) mining++;
      hashrate_hps += agent.hashrate_hps;
      if (agent.temperature_c_max !== null)
        temperature_c_max = Math.max(temperature_c_max ?? agent.temperature_c_max, agent.temperature_c_max);
    }
    const snapshots = [...this.#pools.values()].filter((snapshot) => snapshot !== null);
    return {
      at_ms: now_ms,
      pool: combineSnapshots(snapshots),
      pool_seen_at_ms: this.#pool_seen_at_ms,
      agents: { total: this.#agents.size, mining, offline, hashrate_hps, temperature_c_max },
      database: this.#database(),
    };
  }
}
