/**
 * The measured server, in a process of its own. Arguments: `engine` or `plain`, threads, ack, extranonce prefix. Tells its port over IPC, and sends a new
 * job when it is asked for one.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStratumEngine } from "../src/engine.ts";
import { PlainServer } from "../src/load.ts";
import { realisticJob } from "./realistic_job.ts";

/** Every hash is a share. */
const DIFFICULTY = 1e-10;

const [kind, threads, ack, prefix] = process.argv.slice(2);

function startEngine(): number {
  const dir = mkdtempSync(join(process.env.OTEDAMA_BENCH_DIR ?? tmpdir(), "otedama-bench-"));
  const engine = createStratumEngine(
    {
      listen: [{ host: "127.0.0.1", port: 0 }],
      threads: Number(threads),
      extranonce_prefix: Number(prefix),
      version_mask: 0x1fffe000,
      ack: ack === "fast" ? "fast" : "durable",
      vardiff: { enabled: false, initial: DIFFICULTY, min: DIFFICULTY, max: 1, target_interval_s: 10 },
      share_log: { dir, instance_id: "bench", segment_bytes_max: 64 << 20 },
      limits: {
        connections_max: 2_000_000,
        connections_per_address_max: 2_000_000,
        connects_per_address_per_s: 0,
        line_bytes_max: 8192,
        output_bytes_max: 1 << 20,
        messages_per_s: 0,
        handshake_timeout_s: 600,
        idle_timeout_s: 3600,
        ban_invalid_ratio: 1,
        ban_after_shares: 0,
        ban_s: 1,
      },
    },
    {
      onEvent(event) {
        if (event.kind !== "authorize") return;
        const result = { accepted: true, worker_id: Number(/\d+$/.exec(event.user)?.[0] ?? 0) + 1, difficulty: null } as const;
        engine.authorizeResult(event.connection_id, event.request_number, result);
      },
    },
  );
  let job_number = 1;
  engine.setJob(realisticJob(job_number));
  const [bound] = engine.start();
  process.on("message", () => {
    const job = realisticJob(++job_number);
    engine.setJob(job);
    process.send?.({ template_at_ms: job.template_at_ms });
  });
  process.on("disconnect", async () => {
    await engine.stop();
    rmSync(dir, { recursive: true, force: true });
    process.exit(0);
  });
  return bound?.port ?? 0;
}

/** Its job line is as long as the engine's. */
function plainJobLine(job_number: number): string {
  const job = realisticJob(job_number);
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  const branches = Array.from({ length: job.merkle_branches.length / 32 }, (_, i) =>
    hex(job.merkle_branches.subarray(32 * i, 32 * i + 32)),
  );
  const head = [eightDigits(job_number), hex(job.prev_hash), hex(job.coinbase_prefix), hex(job.coinbase_suffix), branches];
  const params = [...head, eightDigits(job.version), eightDigits(job.nbits), eightDigits(job.ntime), true];
  return `${JSON.stringify({ id: null, method: "mining.notify", params })}\n`;
}

const eightDigits = (number: number) => number.toString(16).padStart(8, "0");

function startPlain(): number {
  let job_number = 1;
  const server = new PlainServer(plainJobLine(job_number));
  process.on("message", () => {
    const line = plainJobLine(++job_number);
    const template_at_ms = Number(process.hrtime.bigint()) / 1e6;
    server.broadcast(line);
    process.send?.({ template_at_ms });
  });
  process.on("disconnect", () => {
    server.close();
    process.exit(0);
  });
  return server.port;
}

process.send?.({ port: kind === "plain" ? startPlain() : startEngine() });
