"use client";
import { useQuery } from "@tanstack/react-query";
import { Problem } from "@/components/ui/problem.tsx";
import { SidePanel } from "@/components/ui/side_panel.tsx";
import { Skeleton } from "@/components/ui/skeleton.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { EntryFacts, EntryPostings } from "./entry_story.tsx";

const MEANS_NOT_FOUND: readonly (string | undefined)[] = ["NOT_FOUND", "BAD_REQUEST"];

/** An entry beside the table. It never changes, so it is fetched once. */
export default function EntryPanel({ entry_id, onClose }: { readonly entry_id: string; readonly onClose: () => void }) {
  const trpc = useTRPC();
  const entry = useQuery({ ...trpc.ledger.get.queryOptions({ entry_id }), retry: 1, staleTime: Number.POSITIVE_INFINITY });
  const name = `Entry ${entry_id.slice(0, 18)}`;
  return (
    <SidePanel open onClose={onClose} title={name} label={name} href={`/ledger/${encodeURIComponent(entry_id)}`}>
      {entry.isError ? (
        MEANS_NOT_FOUND.includes(entry.error.data?.code) ? (
          <Problem title="There is no such entry">It may have been asked for by an old or mistyped link.</Problem>
        ) : (
          <Problem title="The entry could not be loaded" onRetry={() => void entry.refetch()}>
            The server did not answer or its database is away.
          </Problem>
        )
      ) : entry.data === undefined ? (
        <div role="status" aria-label="Loading" className="flex flex-col gap-4">
          <Skeleton className="h-28 w-full" />
          <Skeleton className="h-48 w-full" />
        </div>
      ) : (
        <div className="flex flex-col gap-5">
          <EntryFacts entry={entry.data} />
          <section className="-mx-4">
            <h3 className="mb-2 px-4 text-sm">Lines</h3>
            <EntryPostings entry={entry.data} />
          </section>
        </div>
      )}
    </SidePanel>
  );
}
