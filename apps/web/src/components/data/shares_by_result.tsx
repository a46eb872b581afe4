import type { ShareCounts } from "@otedama/shared";
import { formatPercent, groupedCount } from "@otedama/shared/units";
import { REJECT_REASONS, type RejectReason, rejectedShares } from "@/lib/statistics.ts";

const REASONS: Readonly<Record<RejectReason, { readonly word: string; readonly meaning: string }>> = {
  stale: { word: "Stale", meaning: "For a block that was already found" },
  duplicate: { word: "Duplicate", meaning: "Sent before" },
  low_difficulty: { word: "Low difficulty", meaning: "Above the target of its job" },
  unauthorized: { word: "Unauthorised", meaning: "From a login that was refused" },
  invalid: { word: "Invalid", meaning: "Malformed or outside the job's limits" },
};

/** Accepted shares, and refused ones by reason, each with its part of the whole. */
export function SharesByResult({ shares }: { readonly shares: ShareCounts }) {
  const rejected = rejectedShares(shares);
  const all = shares.accepted + rejected;
  const part = (count: number) => (all === 0 ? "–" : formatPercent(count / all));
  return (
    <table className="w-full text-sm">
      <caption className="sr-only">Shares by result</caption>
      <thead className="sr-only">
        <tr>
          <th scope="col">Result</th>
          <th scope="col">Shares</th>
          <th scope="col">Part of all</th>
        </tr>
      </thead>
      <tbody className="tabular">
        <tr className="border-b border-line/70">
          <th scope="row" className="py-1.5 text-left font-medium">
            Accepted
          </th>
          <td className="py-1.5 text-right font-medium">{groupedCount(shares.accepted)}</td>
          <td className="w-20 py-1.5 text-right text-ink-3">{part(shares.accepted)}</td>
        </tr>
        {REJECT_REASONS.map((reason) => (
          <tr key={reason} className="border-b border-line/70 last:border-b-0">
            <th scope="row" title={REASONS[reason].meaning} className="py-1.5 text-left font-normal text-ink-2">
              {REASONS[reason].word}
            </th>
            <td className={shares[reason] === 0 ? "py-1.5 text-right text-ink-4" : "py-1.5 text-right"}>
              {groupedCount(shares[reason])}
            </td>
            <td className={shares[reason] === 0 ? "w-20 py-1.5 text-right text-ink-4" : "w-20 py-1.5 text-right text-ink-3"}>
              {part(shares[reason])}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
