"use client";
import type { LiveDto, PartHealth } from "@otedama/shared";
import { formatDifficulty, formatDuration, formatHashrate, groupedCount } from "@otedama/shared/units";
import { Amount } from "@/components/data/amount.tsx";
import { HealthStatus } from "@/components/data/states.tsx";
import { When } from "@/components/data/when.tsx";
import { type Fact, Facts } from "@/components/ui/panel.tsx";

function Health({ part }: { readonly part: PartHealth }) {
  return (
    <span className="flex flex-wrap items-baseline gap-x-2">
      <HealthStatus state={part.state} />
      {part.state === "ok" ? null : (
        <span className="text-xs text-ink-3">
          {part.message} · <When at_ms={part.since_ms} />
        </span>
      )}
    </span>
  );
}

/** What the pool stands on, and how quickly it answers. */
export function PoolParts({ live }: { readonly live: LiveDto }) {
  const { pool } = live;
  const facts: Fact[] = [{ name: "Control plane's database", value: <Health part={live.database} /> }];
  if (pool !== null) {
    facts.unshift(
      { name: "Bitcoin node", value: <Health part={pool.node} /> },
      { name: "Pool's database", value: <Health part={pool.database} /> },
    );
    facts.push(
      {
        name: "Shares to be counted",
        value: pool.accounting_lag_records === 0 ? "none" : `${groupedCount(pool.accounting_lag_records)} in the log`,
      },
      {
        name: "Share answered in",
        value: `${formatDuration(pool.share_answer_ms.p50 / 1_000)} (half), ${formatDuration(pool.share_answer_ms.p99 / 1_000)} (99 %)`,
      },
      {
        name: "New work to the last miner",
        value:
          pool.template_to_last_notify_ms === null ? "not yet measured" : formatDuration(pool.template_to_last_notify_ms / 1_000),
      },
      { name: "Pool's processor", value: `${Math.round(pool.cpu_usage_percent)}\u00a0%` },
      { name: "Pool started", value: <When at_ms={pool.started_at_ms} /> },
    );
  }
  return <Facts facts={facts} />;
}

/** The work that miners have now. */
export function WorkInHand({ job }: { readonly job: NonNullable<NonNullable<LiveDto["pool"]>["job"]> }) {
  return (
    <Facts
      facts={[
        { name: "Height", value: groupedCount(job.height) },
        { name: "Network difficulty", value: formatDifficulty(job.network_difficulty) },
        { name: "Transactions", value: groupedCount(job.transactions) },
        { name: "Reward", value: <Amount sats={job.reward_sats} /> },
        { name: "of it, fees", value: <Amount sats={job.fees_sats} /> },
        { name: "From the node", value: <When at_ms={job.template_at_ms} /> },
      ]}
    />
  );
}

export function FleetInBrief({ agents }: { readonly agents: LiveDto["agents"] }) {
  return (
    <Facts
      facts={[
        { name: "Mining", value: `${groupedCount(agents.mining)} of ${groupedCount(agents.total)}` },
        { name: "Offline", value: groupedCount(agents.offline) },
        { name: "Hashrate, 1 min", value: formatHashrate(agents.hashrate_hps) },
        {
          name: "Hottest device",
          value: agents.temperature_c_max === null ? "no sensor" : `${Math.round(agents.temperature_c_max)}\u00a0°C`,
        },
      ]}
    />
  );
}
