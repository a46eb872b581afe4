/** Bounds of everything that is handed to the engine, each fault a sentence that names the field. */
import type { EngineJob, EngineOptions, VardiffOptions } from "./engine_types.ts";

const U32_MAX = 0xffffffff;
const COINBASE_PART_BYTES_MAX = 64 << 10;
const BRANCHES_MAX = 32;

function refuse(sentence: string): never {
  throw new RangeError(sentence);
}

function inRange(name: string, value: number, low: number, high: number): void {
  if (!(typeof value === "number" && value >= low && value <= high)) refuse(`${name} must be ${low} … ${high}, not ${value}`);
}

function wholeInRange(name: string, value: number, low: number, high: number): void {
  inRange(name, value, low, high);
  if (!Number.isInteger(value)) refuse(`${name} must be a whole number, not ${value}`);
}

function byteCount(name: string, value: Uint8Array, low: number, high: number): void {
  if (!(value instanceof Uint8Array)) refuse(`${name} must be bytes`);
  wholeInRange(`the length of ${name}`, value.length, low, high);
}

export function checkVardiffOptions(vardiff: VardiffOptions): void {
  inRange("vardiff.min", vardiff.min, Number.MIN_VALUE, 1e300);
  inRange("vardiff.max", vardiff.max, vardiff.min, 1e300);
  inRange("vardiff.initial", vardiff.initial, vardiff.min, vardiff.max);
  inRange("vardiff.target_interval_s", vardiff.target_interval_s, 0.01, 3600);
}

export function checkEngineOptions(options: EngineOptions): void {
  wholeInRange("the number of listen addresses", options.listen.length, 1, 16);
  for (const address of options.listen) {
    if (address.host === "") refuse("listen.host must not be empty: use 0.0.0.0 for all addresses of this machine");
    wholeInRange("listen.port", address.port, 0, 65535);
  }
  wholeInRange("threads", options.threads, 0, 256);
  wholeInRange("extranonce_prefix", options.extranonce_prefix, 0, 0xffff);
  wholeInRange("version_mask", options.version_mask, 0, U32_MAX);
  if (options.ack !== "durable" && options.ack !== "fast") refuse(`ack must be durable or fast, not ${options.ack}`);

  const { vardiff, share_log, limits } = options;
  checkVardiffOptions(vardiff);

  if (share_log.dir === "") refuse("share_log.dir must name a folder");
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(share_log.instance_id)) {
    refuse(`share_log.instance_id must be 1 … 32 of a-z, 0-9 and "-", not ${JSON.stringify(share_log.instance_id)}`);
  }
  inRange("share_log.segment_bytes_max", share_log.segment_bytes_max, 1024, 2 ** 40);

  wholeInRange("limits.connections_max", limits.connections_max, 1, 16_000_000);
  wholeInRange("limits.connections_per_address_max", limits.connections_per_address_max, 1, U32_MAX);
  inRange("limits.connects_per_address_per_s", limits.connects_per_address_per_s, 0, 1e9);
  wholeInRange("limits.line_bytes_max", limits.line_bytes_max, 256, 1 << 20);
  wholeInRange("limits.output_bytes_max", limits.output_bytes_max, 4096, 1 << 30);
  inRange("limits.messages_per_s", limits.messages_per_s, 0, 1e9);
  inRange("limits.handshake_timeout_s", limits.handshake_timeout_s, 0.1, 86400);
  inRange("limits.idle_timeout_s", limits.idle_timeout_s, 0.1, 30 * 86400);
  inRange("limits.slow_reader_timeout_s", limits.slow_reader_timeout_s ?? 30, 0.1, 86400);
  wholeInRange("limits.workers_per_connection_max", limits.workers_per_connection_max ?? 64, 1, 65536);
  inRange("limits.ban_invalid_ratio", limits.ban_invalid_ratio, 0, 1);
  wholeInRange("limits.ban_after_shares", limits.ban_after_shares, 0, U32_MAX);
  if (options.tls) wholeInRange("tls.connections_max", options.tls.connections_max, 1, 1_000_000);
  inRange("limits.ban_s", limits.ban_s, 0, 365 * 86400);
}

export function checkEngineJob(job: EngineJob): void {
  wholeInRange("job_number", job.job_number, 1, U32_MAX);
  wholeInRange("height", job.height, 0, U32_MAX);
  byteCount("prev_hash", job.prev_hash, 32, 32);
  byteCount("coinbase_prefix", job.coinbase_prefix, 42, COINBASE_PART_BYTES_MAX);
  byteCount("coinbase_suffix", job.coinbase_suffix, 4, COINBASE_PART_BYTES_MAX);
  byteCount("merkle_branches", job.merkle_branches, 0, BRANCHES_MAX * 32);
  if (job.merkle_branches.length % 32 !== 0) refuse("merkle_branches must be whole hashes of 32 bytes");
  wholeInRange("version", job.version, -(2 ** 31), U32_MAX);
  wholeInRange("nbits", job.nbits, 1, U32_MAX);
  wholeInRange("ntime", job.ntime, 0, U32_MAX);
  inRange("template_at_ms", job.template_at_ms, 0, Number.MAX_SAFE_INTEGER);
}
