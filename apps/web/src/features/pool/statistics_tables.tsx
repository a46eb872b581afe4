import type { StatisticsPageDto } from "@otedama/shared";
import { REJECT_REASONS_LOGGED } from "@otedama/shared/statistics";
import { formatPercent, groupedCount, shortenMiddle } from "@otedama/shared/units";
import { Eye, ShieldAlert } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";

type Statistics = StatisticsPageDto["statistics"];

const head = "h-8 border-y border-line px-2 text-xs font-medium text-ink-3 first:pl-4 last:pr-4";
const cell = "h-row border-b border-line/70 px-2 first:pl-4 last:pr-4";

type Column = { readonly name: ReactNode; readonly align?: "right"; readonly className?: string };

function Table({
  caption,
  columns,
  children,
}: {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly children: ReactNode;
}) {
  return (
    <table className="w-full border-separate border-spacing-0 text-sm tabular">
      <caption className="sr-only">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ name, align, className = "" }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: columns do not move
            <th key={index} scope="col" className={`${head} ${align === "right" ? "text-right" : "text-left"} ${className}`}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

const percent = (value: number | null) => (value === null ? "–" : formatPercent(value));

export function LuckTable({ luck }: { readonly luck: Statistics["luck"] }) {
  return (
    <Table
      caption="Luck by window"
      columns={[
        { name: "Window" },
        { name: "Blocks", align: "right" },
        { name: "Expected", align: "right", className: "max-sm:hidden" },
        { name: "Luck", align: "right" },
        { name: "Bounds", align: "right" },
        {
          name: <span title="How often a pool that loses nothing does this badly or worse">As bad by chance</span>,
          align: "right",
          className: "max-sm:hidden",
        },
      ]}
    >
      {luck.map((one) => (
        <tr key={one.window}>
          <th scope="row" className={`${cell} text-left font-medium`}>
            {one.window}
          </th>
          <td className={`${cell} text-right`}>{groupedCount(one.blocks)}</td>
          <td className={`${cell} text-right max-sm:hidden`}>{one.expected.toFixed(one.expected < 100 ? 1 : 0)}</td>
          <td className={`${cell} text-right font-medium`}>{percent(one.value)}</td>
          <td className={`${cell} whitespace-nowrap text-right text-ink-3`}>
            {one.low === null || one.high === null ? "–" : `${formatPercent(one.low)} … ${formatPercent(one.high)}`}
          </td>
          <td className={`${cell} text-right text-ink-3 max-sm:hidden`}>{percent(one.chance)}</td>
        </tr>
      ))}
    </Table>
  );
}

const REASON_WORDS = { stale: "Stale", duplicate: "Duplicate", low_difficulty: "Low difficulty", invalid: "Invalid" } as const;

export function RejectsTable({ rejects }: { readonly rejects: Statistics["rejects"] }) {
  return (
    <Table
      caption="Refused shares by reason"
      columns={[
        { name: "Window" },
        ...REJECT_REASONS_LOGGED.map(
          (reason): Column => ({
            name: REASON_WORDS[reason],
            align: "right",
            className: reason === "duplicate" || reason === "invalid" ? "max-sm:hidden" : "",
          }),
        ),
        { name: "Accepted", align: "right" },
      ]}
    >
      {rejects.map((counts) => {
        const all = counts.accepted + REJECT_REASONS_LOGGED.reduce((sum, reason) => sum + counts[reason], 0);
        return (
          <tr key={counts.window}>
            <th scope="row" className={`${cell} text-left font-medium`}>
              {counts.window}
            </th>
            {REJECT_REASONS_LOGGED.map((reason) => (
              <td
                key={reason}
                title={`${groupedCount(counts[reason])} shares`}
                className={`${cell} text-right ${counts[reason] === 0 ? "text-ink-4" : ""} ${reason === "duplicate" || reason === "invalid" ? "max-sm:hidden" : ""}`}
              >
                {all === 0 ? "–" : formatPercent(counts[reason] / all)}
              </td>
            ))}
            <td className={`${cell} text-right`}>{groupedCount(counts.accepted)}</td>
          </tr>
        );
      })}
    </Table>
  );
}

/** In plain words, because a name stands here: what is known, and that it proves nothing by itself. */
export function SuspectsTable({ statistics, suspects }: Pick<StatisticsPageDto, "statistics" | "suspects">) {
  const { tested, alarm_below } = statistics.withholding;
  const explained = (
    <p className="max-w-prose text-pretty text-sm text-ink-3">
      A worker that sends shares and keeps blocks shows in one way only: its work should have found more. The probability is that
      of an honest worker finding so few. With {groupedCount(tested)} {tested === 1 ? "worker" : "workers"} judged at once the
      alarm is raised below {alarm_below.toExponential(1)}, so that in 99 of 100 pools it names nobody who is honest. It is a
      reason to look at the machine, not a proof: bad luck and a machine that loses blocks look the same.
    </p>
  );
  if (suspects.length === 0) {
    return (
      <div className="flex flex-col gap-2">
        <p className="text-sm text-ink-2">
          {tested === 0
            ? "No worker has done the work of three blocks yet: before that, missing blocks mean nothing."
            : "Every worker has found as many blocks as chance allows for."}
        </p>
        {explained}
      </div>
    );
  }
  return (
    <div className="flex flex-col">
      <Table
        caption="Workers with fewer blocks than their work explains"
        columns={[
          { name: "Worker" },
          { name: "Account", className: "max-lg:hidden" },
          { name: "Judgement" },
          { name: "Found", align: "right" },
          { name: "Expected", align: "right" },
          { name: "Probability", align: "right", className: "max-sm:hidden" },
        ]}
      >
        {suspects.map((suspect) => (
          <tr key={suspect.worker_id} className="hover:bg-hover">
            <th scope="row" className={`${cell} text-left`}>
              <Link href={`/workers/${suspect.worker_id}`} prefetch={false} className="focus-inset font-medium hover:text-accent">
                {suspect.worker_name}
              </Link>
            </th>
            <td className={`${cell} font-mono text-xs text-ink-2 max-lg:hidden`} title={suspect.account_address}>
              {shortenMiddle(suspect.account_address)}
            </td>
            <td className={cell}>
              {suspect.suspicion === "alarm" ? (
                <span className="inline-flex items-center gap-1.5 text-bad">
                  <ShieldAlert aria-hidden className="size-4 shrink-0" /> Beyond chance
                </span>
              ) : (
                <span className="inline-flex items-center gap-1.5 text-ink-2">
                  <Eye aria-hidden className="size-4 shrink-0" /> Watched
                </span>
              )}
            </td>
            <td className={`${cell} text-right`}>{groupedCount(suspect.found)}</td>
            <td className={`${cell} text-right`}>{suspect.expected.toFixed(1)}</td>
            <td className={`${cell} text-right max-sm:hidden`}>{suspect.chance.toExponential(1)}</td>
          </tr>
        ))}
      </Table>
      <div className="px-4 py-3">{explained}</div>
    </div>
  );
}
