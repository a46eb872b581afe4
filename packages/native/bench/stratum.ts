/** `npm run bench:stratum`: the table and, last, one line of JSON. `otedama bench stratum` is the same with a pool of your own. */
import { BenchOptionError, parseStratumBench } from "./options.ts";
import { benchStratum } from "./stratum_bench.ts";
import { stratumTable } from "./stratum_report.ts";

try {
  const options = parseStratumBench(process.argv.slice(2));
  const result = await benchStratum(options, { progress: (line) => process.stderr.write(`${line}\n`) });
  process.stdout.write(`${stratumTable(result)}\n${JSON.stringify(result)}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = error instanceof BenchOptionError ? 2 : 1;
}
