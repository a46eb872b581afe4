"use client";
import type { BlockDetailDto } from "@otedama/shared";
import { formatPercent, formatSats, groupedCount } from "@otedama/shared/units";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { BlockStateStatus } from "@/components/data/states.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { BlockCredits } from "./block_credits.tsx";
import { BlockReceipt } from "./block_receipt.tsx";
import { BlockEntries, BlockFacts, BlockReward } from "./block_story.tsx";
import { BlockTimeline } from "./block_timeline.tsx";

export function BlockScreen({ initial }: { readonly initial: BlockDetailDto }) {
  const trpc = useTRPC();
  const query = useQuery({ ...trpc.blocks.get.queryOptions({ hash: initial.hash }), initialData: initial });
  const block = query.data;
  return (
    <Page
      kicker={
        <>
          Pool ·{" "}
          <Link href="/blocks" className="hover:text-ink hover:underline">
            Blocks
          </Link>{" "}
          · {block.height}
        </>
      }
      sentence={sentence(block)}
      action={<BlockStateStatus state={block.state} boxed />}
    >
      {query.isError ? (
        <Problem title="The newest state could not be fetched" onRetry={() => void query.refetch()}>
          What you see is older. The server did not answer or its database is away.
        </Problem>
      ) : null}
      <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2 2xl:grid-cols-[minmax(0,1.2fr)_minmax(0,1fr)_minmax(0,1.2fr)]">
        <div className="flex min-w-0 flex-col gap-4">
          <Panel title="What happened">
            <BlockTimeline block={block} />
          </Panel>
          <Panel title="Ledger entries" note="all that the block caused">
            <BlockEntries block={block} />
          </Panel>
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <Panel title="Reward">
            <BlockReward block={block} />
          </Panel>
          <Panel title="Block">
            <BlockFacts block={block} />
          </Panel>
        </div>
        <Panel
          title="Credits"
          note={
            block.policy === null ? "by the shares before it" : `by the shares before it (${block.policy.scheme.toUpperCase()})`
          }
          className="lg:max-2xl:col-span-2"
        >
          <BlockCredits block={block} />
        </Panel>
      </div>
      <BlockReceipt hash={block.hash} />
    </Page>
  );
}

function sentence(block: BlockDetailDto): string {
  const name = `Block ${block.height}`;
  const reward = `${formatSats(block.reward_sats)} BTC`;
  const luck = `${formatPercent(block.effort)} of the expected work`;
  switch (block.state) {
    case "found":
      return `${name} was found with ${luck} and is being submitted.`;
    case "pending": {
      const left = Math.max(0, block.maturity_confirmations - block.confirmations);
      return `${name} earns ${reward} in ${groupedCount(left)} more ${left === 1 ? "confirmation" : "confirmations"}.`;
    }
    case "confirmed":
      return `${name} earned ${reward} for ${luck}.`;
    case "orphaned":
      return `${name} was orphaned: its ${reward} are lost and its credits reversed.`;
    case "rejected":
      return `${name} was refused by the node and earns nothing.`;
  }
}
