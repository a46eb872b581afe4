"use client";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Zoom } from "@/components/chart/time_series.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { SidePanel } from "@/components/ui/side_panel.tsx";
import { Skeleton } from "@/components/ui/skeleton.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { RigHistory, RigMachineFacts, RigPoolFacts, RigRates } from "./rig_story.tsx";

const MEANS_NOT_FOUND: readonly (string | undefined)[] = ["NOT_FOUND", "BAD_REQUEST"];

/** A rig beside the table. */
export default function RigPanel({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const trpc = useTRPC();
  const [zoom, setZoom] = useState<Zoom | null>(null);
  const rig = useQuery({ ...trpc.rigs.get.queryOptions({ id, window: "1h" }), retry: 1 });
  return (
    <SidePanel open onClose={onClose} title={rig.data?.name ?? "Rig"} label={`Rig ${rig.data?.name ?? id}`} href={`/rigs/${id}`}>
      {rig.isError ? (
        MEANS_NOT_FOUND.includes(rig.error.data?.code) ? (
          <Problem title="There is no such rig">It may have been asked for by an old or mistyped link.</Problem>
        ) : (
          <Problem title="The rig could not be loaded" onRetry={() => void rig.refetch()}>
            The server did not answer or its database is away.
          </Problem>
        )
      ) : rig.data === undefined ? (
        <div role="status" aria-label="Loading" className="flex flex-col gap-4">
          <Skeleton className="h-28 w-full" />
          <Skeleton className="h-44 w-full" />
          <Skeleton className="h-48 w-full" />
        </div>
      ) : (
        <div className="flex flex-col gap-5">
          <RigRates rig={rig.data} />
          <RigHistory rig={rig.data} zoom={zoom} onZoom={setZoom} height={170} />
          <RigPoolFacts rig={rig.data} />
          <section>
            <h3 className="mb-1 text-sm">Machine</h3>
            <RigMachineFacts rig={rig.data} />
          </section>
        </div>
      )}
    </SidePanel>
  );
}
