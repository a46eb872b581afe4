/** The benchmarks as functions: the command line prints what they return. */
export { benchKernels, kernelTable } from "./kernel_bench.ts";
export { BenchOptionError, parseStratumBench } from "./options.ts";
export { benchStratum, type StratumBenchResult } from "./stratum_bench.ts";
export { stratumTable } from "./stratum_report.ts";
