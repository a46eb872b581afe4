import { formatPercent } from "@otedama/shared/units";
import { cx } from "class-variance-authority";

/** Below expectation is lucky; from twice the expectation on a block was dear. */
const tone = (effort: number): string => (effort <= 1 ? "bg-good" : effort <= 2 ? "bg-warn" : "bg-bad");

type EffortProps = { readonly effort: number; readonly className?: string };

/** Work spent on a block against the work expected for it: a bar whose tick stands at 100 %. */
export function EffortBar({ effort, className }: EffortProps) {
  const scale = 2;
  const width = Math.min(1, effort / scale) * 100;
  return (
    <span aria-hidden className={cx("keep-shape relative block h-1 w-full overflow-hidden rounded-full bg-line", className)}>
      <span className={cx("absolute inset-y-0 left-0 rounded-full", tone(effort))} style={{ width: `${width}%` }} />
      <span className="absolute inset-y-0 left-1/2 w-px bg-ink-3" />
    </span>
  );
}

export const EffortText = ({ effort, className }: EffortProps) => (
  <span
    className={cx("whitespace-nowrap tabular", className)}
    title="Work spent on the block / work expected for it. Below 100 % is lucky."
  >
    {formatPercent(effort)}
  </span>
);
