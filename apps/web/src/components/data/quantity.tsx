import { type Quantity, quantityText } from "@otedama/shared/units";
import { cx } from "class-variance-authority";

/** A value with its unit a shade quieter. */
export function QuantityText({ quantity, className }: { readonly quantity: Quantity; readonly className?: string }) {
  return (
    <span className={cx("whitespace-nowrap tabular", className)} title={quantityText(quantity)}>
      {quantity.value}
      {quantity.unit === "" ? null : <span className="text-ink-3">{`\u00a0${quantity.unit}`}</span>}
    </span>
  );
}
