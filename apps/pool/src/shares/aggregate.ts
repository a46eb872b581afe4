/** Records summed up as the database keeps them: workers' totals, and buckets of ten seconds and one difficulty. */
import type { BucketDelta, WorkerDelta } from "@otedama/db/pool";
import { workHashes } from "@otedama/shared";
import type { ShareRecord } from "./log_format.ts";
import { IN_WINDOW, type JudgeShare } from "./terms.ts";

const BUCKET_MS = 10_000;

export interface Sums {
  buckets: BucketDelta[];
  workers: WorkerDelta[];
}

/** `workerOf` gives the database's id for a record's, which may be one that was given while the database was away. */
export function aggregate(
  records: Iterable<ShareRecord>,
  workerOf: (id: number) => number,
  judge: JudgeShare = () => IN_WINDOW,
): Sums {
  const buckets = new Map<string, BucketDelta>();
  const workers = new Map<number, WorkerDelta>();
  const work = new Map<number, bigint>();
  // A worker's shares mostly go where its last one went.
  const latest = new Map<number, BucketDelta>();
  for (const record of records) {
    const worker_id = workerOf(record.worker_id);
    const worker = entry(workers, worker_id, () => emptyWorker(worker_id));
    worker[record.result] += 1;
    if (record.result === "accepted") worker.last_share_at_ms = Math.max(worker.last_share_at_ms, record.at_ms);
    if (record.result === "unauthorized") continue;

    const bucket_at_ms = record.at_ms - (record.at_ms % BUCKET_MS);
    let bucket = latest.get(worker_id);
    if (bucket?.bucket_at_ms !== bucket_at_ms || bucket.difficulty !== record.difficulty) {
      bucket = entry(buckets, `${bucket_at_ms} ${worker_id} ${record.difficulty}`, () =>
        emptyBucket(bucket_at_ms, worker_id, record.difficulty),
      );
      latest.set(worker_id, bucket);
    }
    bucket[record.result] += 1;
    if (record.result !== "accepted") continue;
    const work_hashes = entry(work, record.difficulty, () => workHashes(record.difficulty));
    bucket.work_hashes += work_hashes;
    if (judge(record, worker_id).in_window) bucket.window_hashes += work_hashes;
  }
  return { buckets: [...buckets.values()], workers: [...workers.values()] };
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function emptyWorker(worker_id: number): WorkerDelta {
  return {
    worker_id,
    accepted: 0,
    stale: 0,
    duplicate: 0,
    low_difficulty: 0,
    unauthorized: 0,
    invalid: 0,
    last_share_at_ms: 0,
  };
}

function emptyBucket(bucket_at_ms: number, worker_id: number, difficulty: number): BucketDelta {
  return {
    bucket_at_ms,
    worker_id,
    difficulty,
    accepted: 0,
    stale: 0,
    duplicate: 0,
    low_difficulty: 0,
    invalid: 0,
    work_hashes: 0n,
    window_hashes: 0n,
  };
}
