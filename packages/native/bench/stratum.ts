/**
 * Measures the engine against the yardstick, and against another pool where one is named:
 *
 *   node packages/native/bench/stratum.ts [--workers 1000] [--duration 5] [--rounds 3] [--connections 10000] [--versus HOST:PORT --versus-pid PID]
 *
 * Servers take turns, round by round, in the same run, and every figure is the median of its rounds. Prints a table and one line of
 * JSON. A pool named by --versus has to be set to a difficulty at which every hash is a share.
 */
import { parseArgs } from "node:util";
import { connectCrowd, type LoadOptions, type LoadResult } from "../src/load.ts";
import { cpuSeconds, residentBytes, type Server, startServer } from "./processes.ts";

const { values } = parseArgs({
  options: {
    workers: { type: "string", default: "1000" },
    duration: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", default: "10000" },
    threads: { type: "string", default: "1" },
    user: { type: "string", default: "load.#" },
    versus: { type: "string" },
    "versus-pid": { type: "string" },
  },
});

interface Subject {
  name: string;
  host: string;
  port: number;
  pid: number;
  load: Partial<LoadOptions>;
}

interface Figure {
  shares_per_s: number;
  cpu_us_per_share: number;
  p50_ms: number;
  p99_ms: number;
  p999_ms: number;
  refused: number;
}

const workers = Number(values.workers);
const duration_s = Number(values.duration);

function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function measure(subject: Subject): Promise<Figure> {
  const crowd = await connectCrowd({
    host: subject.host,
    port: subject.port,
    workers,
    source_addresses: 0,
    user: values.user,
    password: "x",
  });
  try {
    await crowd.run({ ...subject.load, duration_s: Math.min(1, duration_s) });
    const before_s = cpuSeconds(subject.pid);
    const result: LoadResult = await crowd.run({ ...subject.load, duration_s });
    const cpu_s = cpuSeconds(subject.pid) - before_s;
    const answered = result.accepted + Object.values(result.refused).reduce((sum, count) => sum + count, 0);
    return {
      shares_per_s: result.accepted / result.elapsed_s,
      cpu_us_per_share: (cpu_s * 1e6) / answered,
      p50_ms: result.p50_ms,
      p99_ms: result.p99_ms,
      p999_ms: result.p999_ms,
      refused: answered - result.accepted,
    };
  } finally {
    crowd.close();
  }
}

function medianFigure(figures: Figure[]): Figure {
  const of = (pick: (figure: Figure) => number) => median(figures.map(pick));
  return {
    shares_per_s: of((figure) => figure.shares_per_s),
    cpu_us_per_share: of((figure) => figure.cpu_us_per_share),
    p50_ms: of((figure) => figure.p50_ms),
    p99_ms: of((figure) => figure.p99_ms),
    p999_ms: of((figure) => figure.p999_ms),
    refused: of((figure) => figure.refused),
  };
}

const threads = Number(values.threads);
const servers: Record<string, Server> = {
  plain: await startServer("plain", 1, "fast"),
  fast: await startServer("engine", threads, "fast"),
  durable: await startServer("engine", threads, "durable"),
};

const subjects: Subject[] = [];
for (const in_flight of [1, 16]) {
  for (const [name, server] of Object.entries(servers)) {
    subjects.push({
      name: `${name}, ${in_flight} in flight`,
      host: "127.0.0.1",
      port: server.port,
      pid: server.pid,
      load: { in_flight },
    });
  }
}
for (const [name, rate] of [
  ["fast", 5000],
  ["durable", 5000],
  ["durable", 50_000],
] as const) {
  const server = servers[name] as Server;
  subjects.push({ name: `${name}, ${rate}/s`, host: "127.0.0.1", port: server.port, pid: server.pid, load: { rate } });
}
if (values.versus) {
  const [host = "", port = ""] = values.versus.split(":");
  const pid = Number(values["versus-pid"]);
  for (const in_flight of [1, 16])
    subjects.push({ name: `versus, ${in_flight} in flight`, host, port: Number(port), pid, load: { in_flight } });
  subjects.push({ name: "versus, 5000/s", host, port: Number(port), pid, load: { rate: 5000 } });
}

const figures = new Map<string, Figure[]>(subjects.map((subject) => [subject.name, []]));
for (let round = 0; round < Number(values.rounds); round++) {
  for (const subject of subjects) figures.get(subject.name)?.push(await measure(subject));
}

/** New block → last of N miners, and what a connection holds. */
async function measureCrowd(server: Server, miners: number) {
  const resident = residentBytes(server.pid);
  const crowd = await connectCrowd({
    host: "127.0.0.1",
    port: server.port,
    workers: miners,
    source_addresses: Math.ceil(miners / 20_000),
    user: values.user,
    password: "x",
  });
  const bytes = (residentBytes(server.pid) - resident) / miners;
  const broadcasts: { last_ms: number; cpu_ms: number }[] = [];
  for (let i = 0; i < 5; i++) {
    const before_s = cpuSeconds(server.pid);
    const before = crowd.arrivals().at(-1)?.job_id;
    const template_at_ms = await server.newJob();
    const arrived = () => crowd.arrivals().find((job) => job.job_id > (before ?? "") && job.miners === miners);
    for (let waited = 0; !arrived() && waited < 600; waited++) await new Promise((resolve) => setTimeout(resolve, 50));
    broadcasts.push({
      last_ms: (arrived()?.last_ms ?? Number.NaN) - template_at_ms,
      cpu_ms: (cpuSeconds(server.pid) - before_s) * 1000,
    });
  }
  crowd.close();
  return {
    miners,
    resident_bytes_per_connection: bytes,
    last_miner_ms: median(broadcasts.map((one) => one.last_ms)),
    cpu_ms: median(broadcasts.map((one) => one.cpu_ms)),
  };
}

for (const server of Object.values(servers)) server.close();
// A server that holds nothing yet, so that what it grows by is what connections take.
const fresh = await startServer("engine", threads, "fast");
const crowd = await measureCrowd(fresh, Number(values.connections));
fresh.close();

const table = subjects.map((subject) => ({ name: subject.name, ...medianFigure(figures.get(subject.name) ?? []) }));
const plain = new Map(
  table.filter((row) => row.name.startsWith("plain")).map((row) => [row.name.slice(6), row.cpu_us_per_share]),
);
const width = (text: string, columns: number) => text.padStart(columns);
console.log(
  `${"".padEnd(24)}${["shares/s", "CPU µs/share", "× plain", "p50 ms", "p99 ms", "p99.9 ms"].map((head) => width(head, 13)).join("")}`,
);
for (const row of table) {
  const yardstick = plain.get(row.name.slice(row.name.indexOf(",") + 1));
  const cells = [
    row.shares_per_s.toFixed(0),
    row.cpu_us_per_share.toFixed(2),
    yardstick ? (row.cpu_us_per_share / yardstick).toFixed(2) : "",
    row.p50_ms.toFixed(3),
    row.p99_ms.toFixed(3),
    row.p999_ms.toFixed(3),
  ];
  console.log(row.name.padEnd(24) + cells.map((cell) => width(cell, 13)).join(""));
}
console.log(
  `${crowd.miners} connections: ${crowd.resident_bytes_per_connection.toFixed(0)} resident bytes each; new block to the last of them ` +
    `${crowd.last_miner_ms.toFixed(1)} ms, ${crowd.cpu_ms.toFixed(0)} ms of server CPU`,
);
console.log(JSON.stringify({ workers, duration_s, rounds: Number(values.rounds), threads, table, crowd }));
