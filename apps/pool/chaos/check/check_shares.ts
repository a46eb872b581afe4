/** What miners were told against what is in the share log, and the share log against what the database counted. */
import type { Evidence, Worker } from "./evidence.ts";
import { workOf } from "./recompute.ts";
import type { LoggedResult, LoggedShare } from "./share_log.ts";

const LOCAL_ID_MIN = 0x80000000;

export type WorkerOf = (share: LoggedShare) => Worker | null;

/** Ids that a machine gave out while the database was away stand for the worker of that address and name. */
export function workerBook({ workers, local_workers }: Pick<Evidence, "workers" | "local_workers">): WorkerOf {
  const byId = new Map(workers.map((worker) => [worker.worker_id, worker]));
  const nameOf = (of: { address: string; name: string; solo: boolean }) => `${of.address} ${of.name} ${of.solo}`;
  const byName = new Map(workers.map((worker) => [nameOf(worker), worker]));
  const locals = new Map(local_workers.map((local) => [`${local.instance_id} ${local.id}`, byName.get(nameOf(local)) ?? null]));
  return ({ worker_id, instance_id }) =>
    worker_id < LOCAL_ID_MIN ? (byId.get(worker_id) ?? null) : (locals.get(`${instance_id} ${worker_id}`) ?? null);
}

export function checkShares(evidence: Evidence, workerOf: WorkerOf): string[] {
  return [
    ...evidence.damaged.map((where) => `the share log is damaged: ${where}`),
    ...evidence.wrongly_accepted.map((params) => `a share that is none was accepted: ${params}`),
    ...checkSequences(evidence),
    ...checkAnswers(evidence, workerOf),
    ...checkCounts(evidence, workerOf),
  ];
}

function checkSequences({ shares }: Evidence): string[] {
  const problems: string[] = [];
  for (const [instance_id, log] of shares) {
    let before = 0n;
    for (const { sequence, offset, segment } of log) {
      if (sequence <= before)
        problems.push(`${instance_id}: record ${sequence} comes after ${before} (segment ${segment}, byte ${offset})`);
      before = sequence;
    }
  }
  return problems;
}

/** One share is one hash: its difficulty, which the record has at full precision, names it within its job. */
const nameOf = (job_number: number, share_difficulty: number, worker: string) =>
  `${worker} ${job_number} ${share_difficulty.toPrecision(12)}`;

function checkAnswers({ shares, sent }: Evidence, workerOf: WorkerOf): string[] {
  const problems: string[] = [];
  const logged = new Map<string, number>();
  for (const log of shares.values()) {
    for (const share of log) {
      if (share.result !== "accepted") continue;
      const worker = workerOf(share);
      if (!worker) {
        problems.push(`a share of worker ${share.worker_id} of ${share.instance_id}, whom nobody knows`);
        continue;
      }
      const name = nameOf(share.job_number, share.share_difficulty, `${worker.address}.${worker.name}`);
      logged.set(name, (logged.get(name) ?? 0) + 1);
    }
  }
  const told = { accepted: 0, lost: 0, refused: 0 };
  for (const share of sent) {
    const { address, name: worker } = share.miner;
    const name = nameOf(share.job_number, share.share_difficulty, `${address}.${worker}`);
    const times = logged.get(name) ?? 0;
    logged.delete(name);
    if (share.told === "accepted") told.accepted += 1;
    if (share.told === "accepted" && times === 0) problems.push(`share ${share.hash} was accepted and is not in the log`);
    if (times > 1) problems.push(`share ${share.hash} is in the log ${times} times`);
    if (share.told === "refused" && times > 0) problems.push(`share ${share.hash} was refused (${share.why}) and is in the log`);
  }
  for (const name of logged.keys()) problems.push(`the log has a share that nobody sent: ${name}`);
  return problems;
}

function checkCounts({ shares, worker_counts }: Evidence, workerOf: WorkerOf): string[] {
  const expected = new Map<number, { counts: Record<LoggedResult, number>; work: bigint }>();
  for (const log of shares.values()) {
    for (const share of log) {
      const worker = workerOf(share);
      if (!worker) continue;
      let sum = expected.get(worker.worker_id);
      if (!sum) {
        const counts = { accepted: 0, stale: 0, duplicate: 0, low_difficulty: 0, unauthorized: 0, invalid: 0 };
        sum = { counts, work: 0n };
        expected.set(worker.worker_id, sum);
      }
      sum.counts[share.result] += 1;
      if (share.result === "accepted") sum.work += workOf(share.difficulty);
    }
  }
  const problems: string[] = [];
  for (const { worker_id, counts, bucket_accepted, bucket_work } of worker_counts) {
    const sum = expected.get(worker_id);
    for (const [result, count] of Object.entries(counts)) {
      const logged = sum?.counts[result as LoggedResult] ?? 0;
      if (count !== logged) problems.push(`worker ${worker_id} has ${count} ${result} shares, and its log ${logged}`);
    }
    if (bucket_accepted !== (sum?.counts.accepted ?? 0))
      problems.push(
        `the buckets of worker ${worker_id} hold ${bucket_accepted} shares, and its log ${sum?.counts.accepted ?? 0}`,
      );
    if (bucket_work !== (sum?.work ?? 0n))
      problems.push(`the buckets of worker ${worker_id} hold a work of ${bucket_work}, and its log ${sum?.work ?? 0n}`);
    expected.delete(worker_id);
  }
  for (const worker_id of expected.keys())
    problems.push(`worker ${worker_id} has shares in the log, and the database has no counts`);
  return problems;
}
