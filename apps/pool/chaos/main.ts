/**
 * `npm run test:chaos -- [--runs N] [--minutes N] [--seed N] [--seconds N] [--every-ms N] [--pools 1|2] [--only KIND,…] [--scheme S]
 * [--keep-going] [--verbose]`: runs of a whole stack under faults, each with the seed after the one before. Ends with 1 at the first run
 * whose books are wrong, and says how to do that run again. No run begins after so many minutes.
 */
import { parseArgs } from "node:util";
import { PAYOUT_SCHEMES, type PayoutScheme } from "@otedama/shared";
import { Report } from "./report.ts";
import { run } from "./run.ts";
import { FAULT_KINDS, type FaultKind, makeScenario } from "./schedule.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: process.env.OTEDAMA_CHAOS_RUNS ?? "5" },
    minutes: { type: "string", default: "10000" },
    seed: { type: "string", default: process.env.OTEDAMA_CHAOS_SEED ?? "" },
    seconds: { type: "string", default: process.env.OTEDAMA_CHAOS_SECONDS ?? "30" },
    "every-ms": { type: "string", default: "1500" },
    pools: { type: "string", default: "2" },
    only: { type: "string", default: "" },
    scheme: { type: "string" },
    "keep-going": { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
  },
});

function refuse(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}

function whole(name: string, text: string, from: number, to: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < from || value > to)
    refuse(`--${name} is a whole number from ${from} to ${to}, not "${text}".`);
  return value;
}

const runs = whole("runs", values.runs, 1, 100_000);
const minutes = whole("minutes", values.minutes, 1, 10_000);
const seconds = whole("seconds", values.seconds, 1, 3_600);
const every_ms = whole("every-ms", values["every-ms"], 50, 600_000);
const pools = whole("pools", values.pools, 1, 2);
const first_seed = values.seed === "" ? Math.floor(Math.random() * 1_000_000) : whole("seed", values.seed, 0, 4_294_967_295);
const kinds = values.only === "" ? FAULT_KINDS : (values.only.split(",") as FaultKind[]);
const wrong = kinds.find((kind) => !FAULT_KINDS.includes(kind));
if (wrong !== undefined) refuse(`--only takes ${FAULT_KINDS.join(", ")}, not "${wrong}".`);
const scheme = values.scheme as PayoutScheme | undefined;
if (scheme !== undefined && !PAYOUT_SCHEMES.includes(scheme))
  refuse(`--scheme takes ${PAYOUT_SCHEMES.join(", ")}, not "${scheme}".`);

const report = new Report();
const say = (text: string) => process.stdout.write(`${text}\n`);
const last_start_ms = performance.now() + minutes * 60_000;
for (let index = 0; index < runs && performance.now() < last_start_ms; index++) {
  const seed = (first_seed + index) >>> 0;
  const scenario = makeScenario({
    seed,
    duration_ms: seconds * 1_000,
    kinds,
    every_ms,
    instances_max: pools,
    ...(scheme && { scheme }),
  });
  const again = [
    `npm run test:chaos -- --runs 1 --seed ${seed} --seconds ${seconds}`,
    ...(every_ms === 1_500 ? [] : [`--every-ms ${every_ms}`]),
    ...(pools === 2 ? [] : [`--pools ${pools}`]),
    ...(values.only === "" ? [] : [`--only ${values.only}`]),
    ...(scheme ? [`--scheme ${scheme}`] : []),
  ].join(" ");
  say(
    `run ${index + 1} of ${runs}, seed ${seed}: ${scenario.scheme}, ${scenario.instances} pool(s), ${scenario.faults.length} faults`,
  );
  const began = performance.now();
  try {
    const result = await run(scenario, {
      onFault: (fault, note) => {
        if (values.verbose) say(`  ${((performance.now() - began) / 1000).toFixed(1)} s  ${fault.kind}: ${note}`);
      },
      onPoolLine: (instance_id, line) => {
        if (values.verbose && /"level":(40|50|60)/.test(line)) say(`  ${instance_id}: ${line}`);
      },
    });
    report.add(result);
    say(`  ${report.lineOf(result)}`);
    for (const problem of result.problems.slice(0, 40)) say(`  ✗ ${problem}`);
    if (result.problems.length === 0) continue;
  } catch (error) {
    report.fail();
    say(`  ✗ the run did not come to its end: ${(error as Error).stack}`);
  }
  say(`  again: ${again}`);
  if (!values["keep-going"]) break;
}
say(report.summary());
process.exit(report.failures === 0 ? 0 : 1);
