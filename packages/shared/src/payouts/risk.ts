/**
 * What PPS and FPPS risk. The pool pays each share its expected value less the fee and takes the blocks, so its reserve is a random
 * walk: M. Rosenfeld, "Analysis of Bitcoin Pooled Mining Reward Systems" (arXiv:1112.4980, 2011), on pay-per-share.
 *
 * With reward B, fee f (0 … 1) and p = 1 / D the chance that a share of difficulty 1 is a block, the reserve changes with each share by
 * −(1 − f) p B, and by B more with probability p. So a share's mean is f p B and its variance p (1 − p) B², for which p B² stands; a block's worth of
 * shares has mean f B and standard deviation B. Approximated as Brownian motion with that drift and variance, a reserve R is ever spent with
 * probability e^(−2 f R / B), and a reserve of B ln(1 / δ) / (2 f) holds it at δ.
 *
 * Assumes: independent shares, difficulty and fees that do not change, a reserve that is not drawn on, orphans counted in f. Without a fee the
 * reserve is spent some day, whatever it is. The approximation is close while f is small and R a few blocks or more.
 */

export interface RiskInput {
  scheme: "pps" | "fpps";
  /** What a block brings on average: subsidy and fees. Satoshis. */
  block_sats: number;
  /** What shares are paid of, per block: the subsidy under PPS, the same as `block_sats` under FPPS. */
  paid_sats: number;
  /** 0 … 100, without what exempt accounts do not pay. */
  fee_percent: number;
  /** What the reserve holds: available and pending. */
  reserve_sats: number;
  /** 0 … 100: blocks lost to orphans. */
  orphan_percent: number;
  pool_hashrate_hps: number;
  network_hashes: number;
}

export interface Risk {
  /** What the pool keeps of a block on average, as a part of it: the fee, and under PPS the transaction fees, less orphans. */
  edge: number;
  blocks_per_day: number;
  income_sats_per_day: number;
  /** Standard deviation of the reserve's change over a day, and its square. */
  deviation_sats_per_day: number;
  variance_sats2_per_day: number;
  /** Probability that the reserve is ever spent; 1 without an edge. */
  ruin_probability: number;
  /** Probability that it is spent within thirty days. */
  ruin_probability_30_days: number;
  /** Reserve that holds the probability of ever being spent at 1 and at 0.1 percent; null without an edge. */
  reserve_1_percent_sats: number | null;
  reserve_01_percent_sats: number | null;
}

const DAY_S = 86_400;

export function poolRisk(input: RiskInput): Risk {
  checkInput(input);
  const block = input.block_sats;
  const expected = block * (1 - input.orphan_percent / 100);
  const edge_sats = expected - input.paid_sats * (1 - input.fee_percent / 100);
  const edge = block > 0 ? edge_sats / block : 0;
  const blocks_per_day = input.network_hashes > 0 ? (input.pool_hashrate_hps * DAY_S) / input.network_hashes : 0;
  // A compound Poisson process of blocks: only those that count pay.
  const variance = blocks_per_day * (1 - input.orphan_percent / 100) * block ** 2;
  const income = blocks_per_day * edge_sats;
  return {
    edge,
    blocks_per_day,
    income_sats_per_day: income,
    deviation_sats_per_day: Math.sqrt(variance),
    variance_sats2_per_day: variance,
    ruin_probability: ruinProbability(edge, input.reserve_sats, block),
    ruin_probability_30_days: ruinWithin(input.reserve_sats, income * 30, variance * 30),
    reserve_1_percent_sats: reserveFor(0.01, edge, block),
    reserve_01_percent_sats: reserveFor(0.001, edge, block),
  };
}

/** e^(−2 f R / B). `edge` is f, as a part of the block. */
export function ruinProbability(edge: number, reserve_sats: number, block_sats: number): number {
  if (reserve_sats <= 0 || edge <= 0 || block_sats <= 0) return 1;
  return Math.exp((-2 * edge * reserve_sats) / block_sats);
}

/** B ln(1 / δ) / (2 f); null where no reserve is enough. */
export function reserveFor(probability: number, edge: number, block_sats: number): number | null {
  return edge <= 0 ? null : Math.ceil((block_sats * Math.log(1 / probability)) / (2 * edge));
}

/**
 * First passage of a Brownian motion with drift through −R within a time, of which `mean` and `variance` are the motion's:
 * Φ((−R − m) / σ) + e^(−2 m R / σ²) Φ((−R + m) / σ) (the inverse Gaussian distribution; Borodin and Salminen, "Handbook of Brownian Motion").
 */
export function ruinWithin(reserve_sats: number, mean: number, variance: number): number {
  if (reserve_sats <= 0) return 1;
  if (variance <= 0) return mean < 0 && -mean >= reserve_sats ? 1 : 0;
  const deviation = Math.sqrt(variance);
  const second = normal((mean - reserve_sats) / deviation);
  const reflected = second === 0 ? 0 : Math.exp((-2 * mean * reserve_sats) / variance) * second;
  return Math.min(1, normal((-reserve_sats - mean) / deviation) + reflected);
}

/** Φ, by the complementary error function of W. Press et al., "Numerical Recipes", 6.2 (relative error below 1.2e-7). */
function normal(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + z / 2);
  const coefficients = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277,
  ];
  const polynomial = coefficients.reduceRight((sum, coefficient) => sum * t + coefficient, 0);
  const upper = (t * Math.exp(-z * z + polynomial)) / 2;
  return x >= 0 ? 1 - upper : upper;
}

function checkInput(input: RiskInput): void {
  for (const [name, value] of Object.entries(input)) {
    if (name === "scheme" || name === "reserve_sats") continue;
    if (!(Number(value) >= 0 && Number.isFinite(value))) throw new RangeError(`${name} is a number from 0 on, not ${value}`);
  }
  if (input.fee_percent > 100 || input.orphan_percent > 100) throw new RangeError("a percentage is at most 100");
}
