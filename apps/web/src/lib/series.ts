import type { HashrateSeries } from "@otedama/shared";

/** How many steps a chart shows at the least, however young the measurements are. */
const STEPS_MIN = 6;

/**
 * Leaves out the empty beginning of a window in which nothing was measured yet, so that the first minutes of a pool are a
 * picture and not a dot at the edge. Gaps after the first measurement stay.
 */
export function fromFirstMeasured(series: HashrateSeries): { readonly series: HashrateSeries; readonly cut: boolean } {
  const first = series.hashrate_hps.findIndex((value) => value !== null);
  const start = first < 0 ? 0 : Math.max(0, Math.min(first - 1, series.at_ms.length - STEPS_MIN));
  if (start === 0) return { series, cut: false };
  return {
    series: { step_s: series.step_s, at_ms: series.at_ms.slice(start), hashrate_hps: series.hashrate_hps.slice(start) },
    cut: true,
  };
}
