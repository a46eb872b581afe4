import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts", "scripts/test/**/*.test.ts"],
    // Tests start real servers: a process of its own for each file, and no more of them than a small machine has cores.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    // Waiting ends as soon as it may; only a failure takes this long, however busy the machine is.
    expect: { poll: { timeout: 20_000 } },
  },
});
