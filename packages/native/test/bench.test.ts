import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { kernels } from "@otedama/native";
import { expect, test } from "vitest";

test("the benchmark of the kernels runs, and all kernels agree in it", () => {
  const bench = fileURLToPath(new URL("../bench/kernels.ts", import.meta.url));
  const result = JSON.parse(
    execFileSync(process.execPath, [bench, "--quick"], { encoding: "utf8" }).trim().split("\n").at(-1) ?? "",
  );
  expect(result.rows.map((row: { kernel: string }) => row.kernel)).toEqual(
    kernels()
      .filter(({ supported }) => supported)
      .map(({ name }) => name),
  );
  for (const row of result.rows)
    expect(Math.min(row.mining_hps, row.mining_one_version_hps, row.headers_per_s)).toBeGreaterThan(0);
});
