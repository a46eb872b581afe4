/**
 * Numbers as an instrument shows them: three significant digits and an SI prefix. Everything here is pure and takes its
 * locale from nobody, so that a server and a browser write the same text.
 */

const PREFIXES = ["", "k", "M", "G", "T", "P", "E", "Z", "Y"] as const;
const BASE = 1_000;
/** A no-break space between value and unit keeps "1.23 TH/s" on one line. */
export const NBSP = "\u00a0";
/** What a missing value looks like. */
export const MISSING = "–";

export type Quantity = { readonly value: string; readonly unit: string };

export const quantityText = (quantity: Quantity): string =>
  quantity.unit === "" ? quantity.value : `${quantity.value}${NBSP}${quantity.unit}`;

/** Three significant digits, never in exponent form: 1.23, 12.3, 123, 0.0123. */
export function threeDigits(value: number): string {
  const rounded = Number(value.toPrecision(3));
  if (rounded === 0) return "0";
  const digits = Math.floor(Math.log10(Math.abs(rounded)));
  return rounded.toFixed(Math.min(20, Math.max(0, 2 - digits)));
}

/** Splits a value into the mantissa shown and its prefix; rounding up to 1000 moves on to the next prefix. */
export function siQuantity(value: number, unit: string): Quantity {
  if (!Number.isFinite(value)) return { value: MISSING, unit };
  if (value === 0) return { value: "0", unit };
  let step = 0;
  let scaled = value;
  while (Math.abs(scaled) >= BASE && step < PREFIXES.length - 1) {
    scaled /= BASE;
    step += 1;
  }
  let text = Math.abs(scaled) < 1e-6 ? scaled.toExponential(2).replace("e-", "e−") : threeDigits(scaled);
  if (Math.abs(Number(text)) >= BASE && step < PREFIXES.length - 1) {
    step += 1;
    text = threeDigits(scaled / BASE);
  }
  return { value: text, unit: `${PREFIXES[step]}${unit}` };
}

/** 12345678 → "12,345,678". Groups of three with a comma, as every screen and export writes them. */
export function groupedCount(count: number): string {
  if (!Number.isFinite(count)) return MISSING;
  const digits = Math.abs(Math.trunc(count)).toString();
  const grouped = digits.replace(/\B(?=(\d{3})+$)/g, ",");
  return count < 0 ? `−${grouped}` : grouped;
}

/** Counts that need not be exact: below 10,000 in full, above it with three digits and a prefix (12.3 k). */
export function shortCount(count: number): string {
  if (Math.abs(count) < 10_000) return groupedCount(count);
  return quantityText(siQuantity(count, ""));
}

/** Memory in powers of 1024, three significant digits: 15.6 GiB. */
export function bytesQuantity(bytes: number): Quantity {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;
  let step = 0;
  let scaled = bytes;
  while (Math.abs(scaled) >= 1024 && step < units.length - 1) {
    scaled /= 1024;
    step += 1;
  }
  return { value: step === 0 ? groupedCount(scaled) : threeDigits(scaled), unit: units[step] ?? "B" };
}

export const formatBytes = (bytes: number): string => quantityText(bytesQuantity(bytes));

/** A fraction as a percentage with the digits that matter: 0.1234 → "12.3 %", 1 → "100 %", 0.0004 → "0.04 %". */
export function formatPercent(fraction: number): string {
  if (!Number.isFinite(fraction)) return MISSING;
  const percent = fraction * 100;
  const magnitude = Math.abs(percent);
  if (magnitude === 0) return `0${NBSP}%`;
  if (magnitude < 0.01) return `${percent < 0 ? "> −" : "< "}0.01${NBSP}%`;
  const places = magnitude >= 99.95 ? 0 : magnitude >= 9.995 ? 1 : 2;
  return `${percent.toFixed(places)}${NBSP}%`.replace("-", "−");
}

/** A relative change with its sign: "+4.2 %", "−12 %", "±0 %". */
export function formatChange(fraction: number): string {
  if (!Number.isFinite(fraction)) return MISSING;
  const percent = fraction * 100;
  const magnitude = Math.abs(percent);
  if (magnitude < 0.05) return `±0${NBSP}%`;
  const text = magnitude >= 9.95 ? groupedCount(Math.round(magnitude)) : magnitude.toFixed(1);
  return `${percent < 0 ? "−" : "+"}${text}${NBSP}%`;
}
