/**
 * Loads any Stratum V1 pool:
 *
 *   node packages/native/bench/load.ts --pool 127.0.0.1:3333 --workers 100 --duration 10 [--rate 500 | --in-flight 4] [--user NAME.#]
 *
 * Without --rate each connection keeps --in-flight submits open. Shares are well-formed and unmined: set the pool to a difficulty at which
 * every hash is a share, or look at what it refuses, by error code. Prints a table and one line of JSON.
 */
import { parseArgs } from "node:util";
import { connectCrowd } from "../src/load.ts";

const { values } = parseArgs({
  options: {
    pool: { type: "string", default: "127.0.0.1:3333" },
    workers: { type: "string", default: "100" },
    duration: { type: "string", default: "10" },
    rate: { type: "string", default: "0" },
    "in-flight": { type: "string", default: "1" },
    user: { type: "string", default: "load.#" },
    password: { type: "string", default: "x" },
    "source-addresses": { type: "string", default: "0" },
  },
});

const [host = "", port = ""] = values.pool.split(":");
const crowd = await connectCrowd({
  host,
  port: Number(port),
  workers: Number(values.workers),
  source_addresses: Number(values["source-addresses"]),
  user: values.user,
  password: values.password,
}).catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
const result = await crowd.run({
  duration_s: Number(values.duration),
  rate: Number(values.rate),
  in_flight: Number(values["in-flight"]),
});
crowd.close();

const rows: [string, string][] = [
  ["workers", values.workers],
  ["accepted", `${result.accepted} (${(result.accepted / result.elapsed_s).toFixed(0)}/s)`],
  ...Object.entries(result.refused)
    .filter(([, count]) => count > 0)
    .map(([code, count]): [string, string] => [`refused, error ${code}`, String(count)]),
  ["not sent, too many open", String(result.skipped)],
  ["connections lost", String(result.disconnected)],
  ["answer p50", `${result.p50_ms.toFixed(3)} ms`],
  ["answer p99", `${result.p99_ms.toFixed(3)} ms`],
  ["answer p99.9", `${result.p999_ms.toFixed(3)} ms`],
];
for (const [name, value] of rows) console.log(`${name.padEnd(26)}${value}`);
console.log(JSON.stringify({ pool: values.pool, workers: Number(values.workers), ...result }));
