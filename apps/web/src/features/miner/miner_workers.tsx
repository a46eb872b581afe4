"use client";
import type { MinerDto } from "@otedama/shared";
import { formatDifficulty, formatHashrate, formatPercent, groupedCount } from "@otedama/shared/units";
import { WorkerStateStatus } from "@/components/data/states.tsx";
import { When } from "@/components/data/when.tsx";
import { rejectRate } from "@/lib/statistics.ts";

const head = "h-8 border-y border-line px-3 text-xs font-medium text-ink-3 first:pl-4 last:pr-4";
const cell = "h-row border-b border-line/70 px-3 first:pl-4 last:pr-4";

export function MinerWorkers({ miner }: { readonly miner: MinerDto }) {
  return (
    <>
      <table className="w-full border-separate border-spacing-0 text-sm tabular">
        <caption className="sr-only">Workers, the fastest first</caption>
        <thead>
          <tr>
            <th scope="col" className={`${head} text-left`}>
              Worker
            </th>
            <th scope="col" className={`${head} text-left`}>
              State
            </th>
            <th scope="col" className={`${head} text-right`}>
              <span className="max-sm:hidden">Hashrate, </span>15 min
            </th>
            <th scope="col" className={`${head} text-right max-md:hidden`}>
              1 day
            </th>
            <th scope="col" className={`${head} text-right max-md:hidden`}>
              Difficulty
            </th>
            <th scope="col" className={`${head} text-right max-lg:hidden`}>
              Refused
            </th>
            <th scope="col" className={`${head} text-right max-sm:hidden`}>
              Last share
            </th>
          </tr>
        </thead>
        <tbody>
          {miner.workers.map((worker) => (
            <tr key={`${worker.name}/${worker.solo}`}>
              <td className={`${cell} max-w-40 truncate font-medium`} title={worker.name}>
                {worker.name}
                {worker.solo ? <span className="ml-1.5 text-xs font-normal text-ink-3">solo</span> : null}
              </td>
              <td className={cell}>
                <WorkerStateStatus state={worker.state} />
              </td>
              <td className={`${cell} text-right whitespace-nowrap`}>{formatHashrate(worker.hashrate_hps.m15)}</td>
              <td className={`${cell} text-right whitespace-nowrap max-md:hidden`}>{formatHashrate(worker.hashrate_hps.d1)}</td>
              <td className={`${cell} text-right max-md:hidden`}>
                {worker.difficulty > 0 ? formatDifficulty(worker.difficulty) : <span className="text-ink-4">–</span>}
              </td>
              <td className={`${cell} text-right max-lg:hidden`}>{formatPercent(rejectRate(worker.shares) ?? 0)}</td>
              <td className={`${cell} text-right text-ink-3 max-sm:hidden`}>
                {worker.last_share_at_ms === null ? "never" : <When at_ms={worker.last_share_at_ms} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {miner.workers_total > miner.workers.length ? (
        <p className="px-4 py-2 text-xs text-ink-3">
          The {groupedCount(miner.workers.length)} fastest of {groupedCount(miner.workers_total)} workers.
        </p>
      ) : null}
    </>
  );
}
