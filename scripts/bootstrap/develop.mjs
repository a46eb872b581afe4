import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, Trouble } from "./step.mjs";
import { buildDashboard, buildNative, generateClient, installPackages, NODE, toolEnvironment } from "./steps.mjs";

const bin = (name) => join(ROOT, "node_modules/.bin", name);

/**
 * `npm run setup`, `npm run check`, `npm test`, `npm run test:chaos` and `npm run build:agent`: everything is prepared first, so each works right
 * after a clone.
 */
export async function develop([task, ...rest]) {
  const work = { setup: () => 0, check, test, chaos, "build-agent": buildAgent }[task];
  if (!work) throw new Trouble("otedama-dev takes setup, check, test, chaos or build-agent");
  await installPackages();
  if (task === "build-agent") {
    await buildNative();
    return buildAgent(rest);
  }
  await generateClient();
  if (task !== "check") {
    await buildNative();
    await buildDashboard();
  }
  return work(rest);
}

/** dist/agent: the executable that rigs run. */
const buildAgent = (rest) => shown(NODE, ["apps/agent/executable/build.ts", ...rest]);

/** What `npm run check` looks at, in words and as a command. */
const CHECKS = [
  [
    "format, lint and import direction",
    bin("biome"),
    ["ci", "--max-diagnostics=50", ...(process.stdout.isTTY ? [] : ["--colors=off"]), "."],
  ],
  ["types", bin("turbo"), ["run", "types", "--output-logs=errors-only", "--concurrency=2"]],
  ["unused code", bin("knip"), ["--no-progress", "--no-config-hints"]],
  ["generated documentation", NODE, ["scripts/docs/configuration.ts", "--check"]],
  ["list of permissions", NODE, ["scripts/docs/permissions.ts", "--check"]],
];

async function check() {
  const results = await runChecks();
  return results.every(({ ok }) => ok) ? 0 : 1;
}

async function runChecks() {
  const results = [];
  for (const [what, command, args] of CHECKS) {
    const began = performance.now();
    const ok = (await shown(command, args)) === 0;
    process.stdout.write(`${ok ? "✓" : "✗"} ${what} (${((performance.now() - began) / 1000).toFixed(1)} s)\n`);
    results.push({ what, ok });
  }
  return results;
}

/** Checks, then every test, then the browser; all of them run even when one fails. Ends with one line of totals. */
async function test(rest) {
  const reports = mkdtempSync(join(tmpdir(), "otedama-tests-"));
  let passed = 0;
  let failed = 0;
  const count = (report) => {
    passed += report.passed;
    failed += report.failed;
  };
  try {
    for (const { ok } of await runChecks()) count(ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });

    const unit = join(reports, "vitest.json");
    const unit_code = await shown(bin("vitest"), [
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${unit}`,
      ...rest,
    ]);
    count(vitestTotals(unit, unit_code));

    if (existsSync(join(ROOT, "apps/web/playwright.config.ts")) && rest.length === 0) {
      const browser = join(reports, "playwright.json");
      const browser_code = await shown(bin("playwright"), ["test", "--reporter=list,json"], {
        cwd: join(ROOT, "apps/web"),
        env: { PLAYWRIGHT_JSON_OUTPUT_NAME: browser },
      });
      count(playwrightTotals(browser, browser_code));
    }
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

/** The whole stack under faults; docs/architecture/chaos.md. */
function chaos(rest) {
  return shown(NODE, ["--disable-warning=ExperimentalWarning", join(ROOT, "apps/pool/chaos/main.ts"), ...rest]);
}

function vitestTotals(file, code) {
  if (!existsSync(file)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(file, "utf8"));
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  ).length;
  const failures = numFailedTests + unloaded;
  // An error outside any test fails the run as well.
  return { passed: numPassedTests, failed: failures === 0 && code !== 0 ? 1 : failures };
}

function playwrightTotals(file, code) {
  if (!existsSync(file)) return { passed: 0, failed: 1 };
  const { expected, unexpected, flaky } = JSON.parse(readFileSync(file, "utf8")).stats;
  return { passed: expected + flaky, failed: unexpected === 0 && code !== 0 ? 1 : unexpected };
}

function shown(command, args, { cwd = ROOT, env = {} } = {}) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...toolEnvironment(), ...env }, stdio: "inherit" });
  process.once("SIGTERM", () => child.kill("SIGTERM"));
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", (code) => done(code ?? 1));
  });
}
