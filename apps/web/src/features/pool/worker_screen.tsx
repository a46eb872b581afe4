"use client";
import type { WorkerDetailDto } from "@otedama/shared";
import { formatHashrate, formatPercent } from "@otedama/shared/units";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryState } from "nuqs";
import { BlocksTable } from "@/components/data/blocks_table.tsx";
import { SharesByResult } from "@/components/data/shares_by_result.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Segmented } from "@/components/ui/segmented.tsx";
import { rejectRate } from "@/lib/statistics.ts";
import { useTRPC } from "@/lib/trpc.tsx";
import { parseAsWindow, parseAsZoom, WINDOW_CHOICES, windowLabel } from "@/lib/window.ts";

import { WorkerFacts, WorkerHistory, WorkerRates } from "./worker_story.tsx";

export function WorkerScreen({ initial }: { readonly initial: WorkerDetailDto }) {
  const trpc = useTRPC();
  const [window, setWindow] = useQueryState("window", parseAsWindow.withOptions({ history: "push" }));
  const [zoom, setZoom] = useQueryState("zoom", parseAsZoom.withOptions({ history: "push" }));
  const query = useQuery({
    ...trpc.workers.get.queryOptions({ id: initial.id, window }),
    ...(window === initial.window ? { initialData: initial } : {}),
    placeholderData: keepPreviousData,
  });
  const worker = query.data ?? initial;
  return (
    <Page
      kicker={
        <>
          Pool ·{" "}
          <Link href="/workers" className="hover:text-ink hover:underline">
            Workers
          </Link>{" "}
          · {worker.name}
        </>
      }
      sentence={sentence(worker)}
      action={
        <Segmented
          label="Window"
          value={window}
          choices={WINDOW_CHOICES}
          onChoose={(next) => {
            void setZoom(null);
            void setWindow(next);
          }}
        />
      }
    >
      {query.isError ? (
        <Problem title="The newest values could not be fetched" onRetry={() => void query.refetch()}>
          What you see is older. The server did not answer or its database is away.
        </Problem>
      ) : null}
      <WorkerRates worker={worker} />
      <div className="grid grid-cols-1 items-start gap-4 xl:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="flex min-w-0 flex-col gap-4">
          <Panel title="Hashrate" note={`of accepted shares · last ${windowLabel(worker.window)}`}>
            <WorkerHistory worker={worker} zoom={zoom} onZoom={(next) => void setZoom(next)} height={260} />
          </Panel>
          <Panel title="Blocks" note="found by this worker" flush={worker.blocks.length > 0}>
            {worker.blocks.length === 0 ? (
              <p className="text-sm text-ink-3">None yet. Its shares earn a part of every block of the pool all the same.</p>
            ) : (
              <BlocksTable blocks={worker.blocks} caption={`Blocks found by ${worker.name}`} />
            )}
          </Panel>
        </div>
        <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-1">
          <Panel title="Worker">
            <WorkerFacts worker={worker} />
          </Panel>
          <Panel title="Shares" note="since it was first seen">
            <SharesByResult shares={worker.shares} />
          </Panel>
        </div>
      </div>
    </Page>
  );
}

function sentence(worker: WorkerDetailDto): string {
  if (worker.state === "offline") return `${worker.name} is offline.`;
  if (worker.state === "idle") return `${worker.name} is connected, but sends no shares.`;
  const rate = rejectRate(worker.shares);
  const refused = rate !== null && rate >= 0.02 ? `, but ${formatPercent(rate)} of its shares are refused` : "";
  return `${worker.name} mines at ${formatHashrate(worker.hashrate_hps.m15 || worker.hashrate_hps.m1)}${refused}.`;
}
