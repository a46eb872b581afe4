import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, rmSync, statSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import { type ReleaseFile, releaseFilePath } from "@otedama/shared/agent";
import { type HubFetch, Refused } from "./fetch.ts";

export interface DownloadTiming {
  first_wait_ms: number;
  wait_ms_max: number;
  /** In a row, without a byte gained. */
  attempts_max: number;
}

export const DOWNLOAD_TIMING: DownloadTiming = { first_wait_ms: 1_000, wait_ms_max: 30_000, attempts_max: 12 };

/**
 * Brings the file to `path`, going on where an earlier attempt, or an earlier process, left off. It ends well only with exactly the
 * bytes that the manifest names; throws a sentence otherwise. What was fetched stays for the next time, unless it is wrong.
 */
export async function download(
  { sha256, bytes }: Pick<ReleaseFile, "sha256" | "bytes">,
  path: string,
  timing: DownloadTiming,
  { fetch, random, signal }: { fetch: HubFetch; random: () => number; signal: AbortSignal },
): Promise<void> {
  if (size(path) > bytes) rmSync(path);
  for (let attempt = 1; size(path) < bytes; attempt++) {
    const from = size(path);
    try {
      await fetchRest(releaseFilePath(sha256), path, from, bytes, { fetch, signal });
    } catch (error) {
      if (signal.aborted) throw new Error(`the time for it was over with ${size(path)} of ${bytes} bytes fetched; they are kept`);
      if (error instanceof Refused && !error.again) throw error;
      if (isDiskFull(error)) throw new Error(`the disk is full: ${(bytes / 1e6).toFixed(0)} MB are needed beside ${path}`);
      if (size(path) > from) attempt = 1;
      if (attempt >= timing.attempts_max) {
        throw new Error(
          `${size(path)} of ${bytes} bytes came in ${attempt} attempts, the last ended with: ${(error as Error).message}`,
        );
      }
      const wait_ms = Math.min(timing.wait_ms_max, timing.first_wait_ms * 2 ** (attempt - 1));
      await wait(wait_ms * (0.5 + random() / 2), undefined, { signal }).catch(() => undefined);
    }
  }
  const found = await fileHash(path);
  if (found === sha256) return;
  rmSync(path);
  throw new Error(`what was fetched is not the file that was signed: its SHA-256 is ${found}, signed is ${sha256}`);
}

async function fetchRest(
  url_path: string,
  path: string,
  from: number,
  bytes: number,
  { fetch, signal }: { fetch: HubFetch; signal: AbortSignal },
): Promise<void> {
  const response = await fetch.open(url_path, from > 0 ? [200, 206] : [200], signal, from > 0 ? { range: `bytes=${from}-` } : {});
  const resumed = response.statusCode === 206;
  if (resumed && response.headers["content-range"] !== `bytes ${from}-${bytes - 1}/${bytes}`) {
    response.destroy();
    throw new Error(`asked for the bytes from ${from} on, and got ${response.headers["content-range"] ?? "others"}`);
  }
  let room = bytes - (resumed ? from : 0);
  // A sender that does not end is cut off where the file should.
  const bounded = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      room -= chunk.length;
      if (room < 0) throw new Error("more came than the manifest says");
      yield chunk;
    }
  };
  await pipeline(response, bounded, createWriteStream(path, { flags: resumed ? "a" : "w", mode: 0o600, flush: true }), {
    signal,
  });
}

export async function fileHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

const size = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const isDiskFull = (error: unknown): boolean => ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "");
