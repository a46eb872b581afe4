/**
 * The regularised incomplete gamma function and its inverse, on which exact Poisson and chi-square statements rest:
 * P(X ≤ n) of a Poisson variable with mean λ is Q(n + 1, λ), and χ² with 2a degrees of freedom is twice a Gamma(a, 1) variable
 * (NIST DLMF 8.2, 8.7.3 for the series, 8.9.2 for the continued fraction; Abramowitz & Stegun 26.4.21).
 */

const PRECISION = 1e-15;
const TINY = 1e-300;
const STEPS_MAX = 100_000;

/** Lanczos' approximation with g = 7 and nine terms (Godfrey's coefficients); relative error below 1e-14. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** ln Γ(x) for x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x - 1;
  const t = shifted + 7.5;
  const sum = LANCZOS.reduce((total, term, index) => total + (index === 0 ? term : term / (shifted + index)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** P(a, x): the probability that a Gamma(a, 1) variable is at most x. */
export function gammaP(a: number, x: number): number {
  if (!(a > 0) || !(x >= 0)) throw new RangeError("gammaP takes a > 0 and x ≥ 0");
  if (x === 0) return 0;
  return x < a + 1 ? series(a, x) : 1 - fraction(a, x);
}

/** Q(a, x) = 1 − P(a, x), exact where P is nearly 1. */
export function gammaQ(a: number, x: number): number {
  if (!(a > 0) || !(x >= 0)) throw new RangeError("gammaQ takes a > 0 and x ≥ 0");
  if (x === 0) return 1;
  return x < a + 1 ? 1 - series(a, x) : fraction(a, x);
}

function series(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let step = 1; step < STEPS_MAX && term > sum * PRECISION; step++) {
    term *= x / (a + step);
    sum += term;
  }
  return Math.min(1, sum * Math.exp(a * Math.log(x) - x - logGamma(a)));
}

function fraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let value = d;
  for (let step = 1; step < STEPS_MAX; step++) {
    const numerator = -step * (step - a);
    b += 2;
    d = numerator * d + b;
    d = 1 / (Math.abs(d) < TINY ? TINY : d);
    c = b + numerator / c;
    if (Math.abs(c) < TINY) c = TINY;
    const factor = c * d;
    value *= factor;
    if (Math.abs(factor - 1) < PRECISION) break;
  }
  return Math.min(1, value * Math.exp(a * Math.log(x) - x - logGamma(a)));
}

/** The x below which a Gamma(a, 1) variable lies with probability p. */
export function gammaQuantile(a: number, p: number): number {
  if (!(p >= 0 && p < 1)) throw new RangeError("gammaQuantile takes a probability from 0 to below 1");
  if (p === 0) return 0;
  let low = 0;
  let high = a + 10 * Math.sqrt(a) + 10;
  while (gammaP(a, high) < p) high *= 2;
  // Halving is slow and cannot fail; sixty halvings are more than a double holds.
  for (let step = 0; step < 200 && high - low > 1e-13 * high; step++) {
    const middle = (low + high) / 2;
    if (gammaP(a, middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(X ≤ found) of a Poisson variable with mean `expected`. */
export function poissonAtMost(found: number, expected: number): number {
  return expected === 0 ? 1 : gammaQ(found + 1, expected);
}
