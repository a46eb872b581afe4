"use client";
import { useQuery } from "@tanstack/react-query";
import { BlockStateStatus } from "@/components/data/states.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { SidePanel } from "@/components/ui/side_panel.tsx";
import { Skeleton } from "@/components/ui/skeleton.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { BlockCredits } from "./block_credits.tsx";
import { BlockFacts, BlockReward } from "./block_story.tsx";
import { BlockTimeline } from "./block_timeline.tsx";

const MEANS_NOT_FOUND: readonly (string | undefined)[] = ["NOT_FOUND", "BAD_REQUEST"];

/** A block beside the table. */
export default function BlockPanel({ hash, onClose }: { readonly hash: string; readonly onClose: () => void }) {
  const trpc = useTRPC();
  const block = useQuery({ ...trpc.blocks.get.queryOptions({ hash }), retry: 1 });
  const name = block.data === undefined ? "Block" : `Block ${block.data.height}`;
  return (
    <SidePanel open onClose={onClose} title={name} label={name} href={`/blocks/${hash}`}>
      {block.isError ? (
        MEANS_NOT_FOUND.includes(block.error.data?.code) ? (
          <Problem title="There is no such block">It may have been asked for by an old or mistyped link.</Problem>
        ) : (
          <Problem title="The block could not be loaded" onRetry={() => void block.refetch()}>
            The server did not answer or its database is away.
          </Problem>
        )
      ) : block.data === undefined ? (
        <div role="status" aria-label="Loading" className="flex flex-col gap-4">
          <Skeleton className="h-6 w-28" />
          <Skeleton className="h-36 w-full" />
          <Skeleton className="h-64 w-full" />
        </div>
      ) : (
        <div className="flex flex-col gap-5">
          <div>
            <BlockStateStatus state={block.data.state} boxed />
          </div>
          <BlockTimeline block={block.data} />
          <BlockReward block={block.data} />
          <BlockFacts block={block.data} />
          <section>
            <h3 className="mb-1 text-sm">Credits</h3>
            <BlockCredits block={block.data} />
          </section>
        </div>
      )}
    </SidePanel>
  );
}
