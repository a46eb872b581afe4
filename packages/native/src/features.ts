import { native } from "./addon.ts";

/** Instruction sets the kernels know, as bits of src/sha256/cpu_features.h. `avx512` is F, BW and VL together. */
export const FEATURE_BITS = { sse4_1: 1, avx2: 2, avx512: 4, sha_ni: 8, sse4_2: 16 } as const;
export type CpuFeature = keyof typeof FEATURE_BITS;
export const CPU_FEATURES = Object.keys(FEATURE_BITS) as CpuFeature[];

/** What this CPU has and the operating system lets us use. */
export function cpuFeatures(): CpuFeature[] {
  const bits = native.cpuFeatureBits();
  return CPU_FEATURES.filter((feature) => bits & FEATURE_BITS[feature]);
}

/** Lowers what kernels may use to these features (tests walk every path so); null lifts the limit. */
export function setFeatureMask(features: readonly CpuFeature[] | null): void {
  native.setFeatureMask(features === null ? 0xffffffff : features.reduce((mask, feature) => mask | FEATURE_BITS[feature], 0));
}

/** The CPUs this process may use, by memory node. */
export const numaNodes = (): number[][] => native.numaNodes();
