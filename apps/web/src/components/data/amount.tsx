import { splitSats } from "@otedama/shared/units";
import { cx } from "class-variance-authority";

type AmountProps = {
  readonly sats: number;
  /** Also write a plus: for lines of a ledger. */
  readonly signed?: boolean;
  readonly className?: string;
};

/** A coin amount with all eight decimals, the zeros that say nothing dimmed. Right-aligned columns line up on the point. */
export function Amount({ sats, signed = false, className }: AmountProps) {
  const parts = splitSats(sats);
  const sign = parts.negative ? "−" : signed && sats > 0 ? "+" : "";
  return (
    <span className={cx("whitespace-nowrap tabular", sats === 0 ? "text-ink-3" : "", className)}>
      {sign}
      {parts.whole}.{parts.significant}
      {parts.insignificant === "" ? null : <span className="text-ink-4">{parts.insignificant}</span>}
    </span>
  );
}
