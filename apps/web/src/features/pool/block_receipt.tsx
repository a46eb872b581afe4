"use client";
import type { ReceiptDto } from "@otedama/shared";
import { formatWork, groupedCount } from "@otedama/shared/units";
import { useQuery } from "@tanstack/react-query";
import { Moment } from "@/components/data/when.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { Facts, Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Skeleton } from "@/components/ui/skeleton.tsx";

/** A receipt follows its block in a moment. */
const LOOK_AGAIN_MS = 10_000;

/** Null while there is none. */
async function readReceipt(hash: string): Promise<ReceiptDto | null> {
  const answer = await fetch(`/api/v1/blocks/${hash}/receipt`);
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return (await answer.json()) as ReceiptDto;
}

/** What the pool has committed to about the shares behind a block; miners check it on their own pages. */
export function BlockReceipt({ hash }: { readonly hash: string }) {
  const query = useQuery({
    queryKey: ["receipt", hash],
    queryFn: () => readReceipt(hash),
    refetchInterval: ({ state }) => (state.data == null ? LOOK_AGAIN_MS : false),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Panel title="Receipt" note="commits to every share since the block before">
      {query.isError ? (
        <Problem title="The receipt could not be fetched" onRetry={() => void query.refetch()}>
          The server did not answer or its database is away.
        </Problem>
      ) : query.data === undefined ? (
        <Skeleton className="h-24 w-full" />
      ) : query.data === null ? (
        <p className="text-sm text-ink-3">None yet: it is made once the shares before the block are counted.</p>
      ) : (
        <ReceiptFacts receipt={query.data} />
      )}
    </Panel>
  );
}

function ReceiptFacts({ receipt }: { readonly receipt: ReceiptDto }) {
  const shares = groupedCount(Number(receipt.root.shares));
  const accounts = receipt.leaves === 1 ? "one account" : `${groupedCount(receipt.leaves)} accounts`;
  return (
    <Facts
      facts={[
        { name: "Digest", value: <Copyable text={receipt.digest} what="digest of the receipt" /> },
        { name: "Before it", value: <Copyable text={receipt.previous_digest} what="digest of the receipt before" /> },
        { name: "Holds", value: `${shares} shares of ${accounts}` },
        { name: "Pooled work", value: formatWork(Number(receipt.root.pooled_hashes)) },
        { name: "Solo work", value: formatWork(Number(receipt.root.solo_hashes)) },
        {
          name: "Logged",
          value: (
            <>
              <Moment at_ms={receipt.started_at_ms} /> to <Moment at_ms={receipt.ended_at_ms} />
              {receipt.complete ? "" : "; a part of the log was gone"}
            </>
          ),
        },
      ]}
    />
  );
}
