import type { Window } from "@otedama/shared";
import { createParser, parseAsStringLiteral } from "nuqs/server";
import type { Zoom } from "@/components/chart/time_series.tsx";

export const WINDOW_CHOICES = [
  { value: "1h", label: "1 h", title: "The last hour" },
  { value: "6h", label: "6 h", title: "The last 6 hours" },
  { value: "24h", label: "24 h", title: "The last 24 hours" },
  { value: "7d", label: "7 d", title: "The last 7 days" },
  { value: "30d", label: "30 d", title: "The last 30 days" },
  { value: "1y", label: "1 y", title: "The last year" },
] as const satisfies readonly { value: Window; label: string; title: string }[];
/** Rigs' reports are kept for a month. */
export const RIG_WINDOW_CHOICES = WINDOW_CHOICES.filter((choice) => choice.value !== "1y");

export const windowLabel = (window: Window): string => WINDOW_CHOICES.find((choice) => choice.value === window)?.label ?? window;

export const parseAsWindow = parseAsStringLiteral(WINDOW_CHOICES.map((choice) => choice.value)).withDefault("1h");
export const parseAsRigWindow = parseAsStringLiteral(RIG_WINDOW_CHOICES.map((choice) => choice.value)).withDefault("1h");

/** A stretch of time chosen on a chart, in Unix seconds: "1763690400-1763694000". */
export const parseAsZoom = createParser<Zoom>({
  parse(text) {
    const match = /^(\d{1,11})-(\d{1,11})$/.exec(text);
    const from_s = Number(match?.[1]);
    const to_s = Number(match?.[2]);
    return match !== null && from_s < to_s ? [from_s, to_s] : null;
  },
  serialize: ([from_s, to_s]) => `${from_s}-${to_s}`,
  eq: (a, b) => a[0] === b[0] && a[1] === b[1],
});
