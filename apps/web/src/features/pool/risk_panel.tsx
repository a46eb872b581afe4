"use client";
import type { ReserveRiskDto } from "@otedama/shared";
import { formatHashrate, formatPercent, formatSats } from "@otedama/shared/units";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Field } from "@/components/ui/input.tsx";
import { Facts, Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Segmented } from "@/components/ui/segmented.tsx";
import { Skeleton } from "@/components/ui/skeleton.tsx";
import { useTRPC } from "@/lib/trpc.tsx";

const SCHEMES = [
  { value: "pps", label: "PPS", title: "Shares are paid their part of the subsidy" },
  { value: "fpps", label: "FPPS", title: "Shares are paid their part of subsidy and fees" },
] as const;

const inRange = (text: string): number | null => {
  const value = Number(text);
  return text.trim() !== "" && value >= 0 && value <= 100 ? value : null;
};

/** What the pool would risk by paying each share whatever its blocks bring, at its present size. */
export function RiskPanel() {
  const trpc = useTRPC();
  const [scheme, setScheme] = useState<"pps" | "fpps">("pps");
  const [fee, setFee] = useState("");
  const [orphans, setOrphans] = useState("");
  const query = useQuery({
    ...trpc.policy.risk.queryOptions({ fee_percent: inRange(fee), orphan_percent: inRange(orphans) }),
    placeholderData: keepPreviousData,
    retry: 1,
  });
  return (
    <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-[20rem_minmax(0,1fr)]">
      <Panel title="What if">
        <div className="flex flex-col gap-4">
          <Segmented label="Scheme" value={scheme} choices={SCHEMES} onChoose={setScheme} />
          <Field
            label="Fee, %"
            inputMode="decimal"
            autoComplete="off"
            value={fee}
            placeholder={query.data === undefined ? "" : String(query.data[scheme].fee_percent)}
            hint="Empty: as the settings have it."
            problem={fee !== "" && inRange(fee) === null ? "Give a number from 0 to 100." : undefined}
            onChange={(event) => setFee(event.target.value)}
          />
          <Field
            label="Blocks lost to orphans, %"
            inputMode="decimal"
            autoComplete="off"
            value={orphans}
            placeholder={query.data === undefined ? "" : query.data.orphan_percent.toFixed(2)}
            hint="Empty: as the last blocks showed."
            problem={orphans !== "" && inRange(orphans) === null ? "Give a number from 0 to 100." : undefined}
            onChange={(event) => setOrphans(event.target.value)}
          />
        </div>
      </Panel>
      {query.data === undefined ? (
        query.isError ? (
          <Problem title="The risk could not be worked out" onRetry={() => void query.refetch()}>
            {query.error.message}
          </Problem>
        ) : (
          <Skeleton className="h-72 w-full" />
        )
      ) : (
        <RiskFigures reserve={query.data} scheme={scheme} />
      )}
    </div>
  );
}

function RiskFigures({ reserve, scheme }: { readonly reserve: ReserveRiskDto; readonly scheme: "pps" | "fpps" }) {
  const risk = reserve[scheme];
  const btc = (sats: number) => `${formatSats(Math.round(sats))} BTC`;
  return (
    <Panel
      title={sentence(reserve, scheme)}
      note={`estimates, at ${formatHashrate(reserve.pool_hashrate_hps)} over the last hour`}
    >
      <Facts
        facts={[
          {
            name: "Reserve",
            value: `${btc(reserve.reserve_available_sats)} and ${btc(reserve.reserve_pending_sats)} pending, less ${btc(reserve.due_sats)} owed for shares`,
          },
          { name: "Spent within 30 days", value: formatPercent(risk.ruin_probability_30_days) },
          { name: "Ever spent", value: formatPercent(risk.ruin_probability) },
          {
            name: "Reserve for 1 %",
            value:
              risk.reserve_1_percent_sats === null
                ? "none is enough: the pool keeps nothing of a block"
                : btc(risk.reserve_1_percent_sats),
          },
          {
            name: "Reserve for 0.1 %",
            value: risk.reserve_01_percent_sats === null ? "none is enough" : btc(risk.reserve_01_percent_sats),
          },
          { name: "Expected income", value: `${btc(risk.income_sats_per_day)} a day` },
          { name: "Standard deviation", value: `${btc(risk.deviation_sats_per_day)} a day` },
          { name: "Kept of a block", value: `${formatPercent(risk.edge)} on average, orphans and fees counted` },
          { name: "Blocks", value: `${risk.blocks_per_day.toPrecision(3)} a day expected` },
        ]}
      />
      <p className="mt-3 text-xs text-ink-3">
        The reserve is a random walk: each share takes its price from it, each block adds a reward. The probability that a reserve
        R is ever spent is e^(−2fR/B), with f kept of a block B (M. Rosenfeld, Analysis of Bitcoin Pooled Mining Reward Systems,
        arXiv:1112.4980). It holds while difficulty, fees and hashrate stay as they are and nobody draws on the reserve; accounts
        that pay no fee make it worse.
      </p>
    </Panel>
  );
}

function sentence(reserve: ReserveRiskDto, scheme: "pps" | "fpps"): string {
  const risk = reserve[scheme];
  const name = scheme.toUpperCase();
  if (risk.edge <= 0) return `${name} at ${risk.fee_percent} % loses money on every block.`;
  return `${name} at ${risk.fee_percent} %: the reserve is ever spent with probability ${formatPercent(risk.ruin_probability)}.`;
}
