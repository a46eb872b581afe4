"use client";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Zoom } from "@/components/chart/time_series.tsx";
import { SharesByResult } from "@/components/data/shares_by_result.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { SidePanel } from "@/components/ui/side_panel.tsx";
import { Skeleton } from "@/components/ui/skeleton.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { WorkerFacts, WorkerHistory, WorkerRates } from "./worker_story.tsx";

/** A worker beside the table. */
export default function WorkerPanel({ id, onClose }: { readonly id: number; readonly onClose: () => void }) {
  const trpc = useTRPC();
  const [zoom, setZoom] = useState<Zoom | null>(null);
  const worker = useQuery(trpc.workers.get.queryOptions({ id, window: "1h" }));
  return (
    <SidePanel
      open
      onClose={onClose}
      title={worker.data?.name ?? "Worker"}
      label={`Worker ${worker.data?.name ?? id}`}
      href={`/workers/${id}`}
    >
      {worker.isError ? (
        worker.error.data?.code === "NOT_FOUND" ? (
          <Problem title="There is no such worker">It may have been asked for by an old link.</Problem>
        ) : (
          <Problem title="The worker could not be loaded" onRetry={() => void worker.refetch()}>
            The server did not answer or its database is away.
          </Problem>
        )
      ) : worker.data === undefined ? (
        <div role="status" aria-label="Loading" className="flex flex-col gap-4">
          <Skeleton className="h-14 w-full" />
          <Skeleton className="h-44 w-full" />
          <Skeleton className="h-48 w-full" />
        </div>
      ) : (
        <div className="flex flex-col gap-5">
          <WorkerRates worker={worker.data} />
          <WorkerHistory worker={worker.data} zoom={zoom} onZoom={setZoom} height={180} />
          <WorkerFacts worker={worker.data} />
          <section>
            <h3 className="mb-1 text-sm">Shares since it was first seen</h3>
            <SharesByResult shares={worker.data.shares} />
          </section>
        </div>
      )}
    </SidePanel>
  );
}
