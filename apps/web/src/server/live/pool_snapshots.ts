import { type PartHealth, type PoolFigures, type PoolSnapshot, SHARE_RESULTS, type ShareCounts } from "@otedama/shared";

const SEVERITY = { ok: 0, degraded: 1, down: 2 } as const;

function worst(parts: PartHealth[]): PartHealth {
  return parts.reduce((a, b) => (SEVERITY[b.state] > SEVERITY[a.state] ? b : a));
}

/**
 * One pool out of its instances: what counts adds up, what a person waits for is the slowest, what they depend on is the worst, and
 * the job and the round are those of the instance with the newest template. Null for none.
 */
export function combineSnapshots(snapshots: readonly PoolSnapshot[]): PoolFigures | null {
  const [first, ...others] = snapshots;
  if (first === undefined) return null;
  if (others.length === 0) {
    const { nodes: _nodes, ...figures } = first;
    return figures;
  }
  const sum = (of: (snapshot: PoolSnapshot) => number) => snapshots.reduce((total, snapshot) => total + of(snapshot), 0);
  const max = (of: (snapshot: PoolSnapshot) => number) => Math.max(...snapshots.map(of));
  const newest = snapshots.reduce((a, b) => ((b.job?.template_at_ms ?? 0) > (a.job?.template_at_ms ?? 0) ? b : a));
  const notified = snapshots.flatMap((snapshot) => snapshot.template_to_last_notify_ms ?? []);
  const shares = Object.fromEntries(SHARE_RESULTS.map((result) => [result, sum((s) => s.shares[result])])) as ShareCounts;
  return {
    at_ms: max((s) => s.at_ms),
    started_at_ms: Math.min(...snapshots.map((s) => s.started_at_ms)),
    hashrate_hps: { m1: sum((s) => s.hashrate_hps.m1), m15: sum((s) => s.hashrate_hps.m15), h1: sum((s) => s.hashrate_hps.h1) },
    // Instances stand behind one balancer: any of their ports is the one that miners know, or none is.
    stratum_port: snapshots.find((s) => s.stratum_port !== null)?.stratum_port ?? null,
    connections: sum((s) => s.connections),
    workers_online: sum((s) => s.workers_online),
    shares,
    // A change is applied once every instance goes by it.
    policy_version: snapshots.map((s) => s.policy_version).reduce((a, b) => (a === null || b === null ? null : Math.min(a, b))),
    job: newest.job,
    round: newest.round,
    refused_jobs: {
      count: sum((s) => s.refused_jobs.count),
      last: snapshots
        .flatMap((s) => s.refused_jobs.last ?? [])
        .reduce<PoolFigures["refused_jobs"]["last"]>((a, b) => (a === null || b.at_ms > a.at_ms ? b : a), null),
    },
    node: worst(snapshots.map((s) => s.node)),
    database: worst(snapshots.map((s) => s.database)),
    accounting_lag_records: sum((s) => s.accounting_lag_records),
    share_answer_ms: { p50: max((s) => s.share_answer_ms.p50), p99: max((s) => s.share_answer_ms.p99) },
    template_to_last_notify_ms: notified.length === 0 ? null : Math.max(...notified),
    cpu_usage_percent: sum((s) => s.cpu_usage_percent),
  };
}
