"use client";
import { formatWork, groupedCount, shortenHash } from "@otedama/shared/units";
import { useQuery } from "@tanstack/react-query";
import { CircleAlert, CircleCheck, CircleDashed, Loader, TriangleAlert } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Moment } from "@/components/data/when.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { Facts } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Status } from "@/components/ui/status.tsx";
import { type CheckedReceipt, checkReceipt } from "./check_receipt.ts";
import { readReceipt, readShares } from "./miner_api.ts";

type ReceiptCheckProps = {
  readonly address: string;
  readonly hash: string;
  readonly height: number;
  readonly onBlock: (hash: string) => void;
};

/** Fetches a block's receipt with the account's proofs and shares, and says what this browser made of them. */
export function ReceiptCheck({ address, hash, height, onBlock }: ReceiptCheckProps) {
  const [progress, setProgress] = useState(0);
  const query = useQuery({
    queryKey: ["miner", "receipt", address, hash],
    queryFn: () =>
      checkReceipt(
        address,
        hash,
        { receipt: () => readReceipt(address, hash), shares: (solo, from) => readShares(address, hash, solo, from) },
        setProgress,
      ),
    // A receipt never changes.
    staleTime: Number.POSITIVE_INFINITY,
    retry: 1,
  });
  if (query.isError) {
    return (
      <Problem title="The receipt could not be fetched" onRetry={() => void query.refetch()}>
        {query.error.message}
      </Problem>
    );
  }
  const checked = query.data;
  if (checked === undefined) {
    return (
      <p className="flex items-center gap-2 text-sm text-ink-3" role="status">
        <Loader aria-hidden className="size-4 animate-spin" />
        Checking the receipt of block {groupedCount(height)} in your browser
        {progress === 0 ? "…" : `: ${groupedCount(progress)} shares so far…`}
      </p>
    );
  }
  return (
    <div className="flex flex-col gap-3">
      <Verdict checked={checked} height={height} />
      <Facts
        facts={[
          { name: "Receipt", value: <Copyable text={checked.digest} what="digest of the receipt" /> },
          { name: "Everybody's work", value: `${formatWork(checked.total_hashes)} in ${accounts(checked)}` },
          {
            name: "Shares logged",
            value: (
              <>
                <Moment at_ms={checked.answer.receipt.started_at_ms} /> to <Moment at_ms={checked.answer.receipt.ended_at_ms} />,
                by {checked.answer.receipt.instance_id}
              </>
            ),
          },
          { name: "Draws on", value: <DrawsOn checked={checked} onBlock={onBlock} /> },
        ]}
      />
    </div>
  );
}

function accounts({ answer }: CheckedReceipt): string {
  const { leaves } = answer.receipt;
  return leaves === 1 ? "one account" : `${groupedCount(leaves)} accounts`;
}

function Verdict({ checked, height }: { readonly checked: CheckedReceipt; readonly height: number }): ReactNode {
  const { verdict } = checked;
  if (verdict === "matches") {
    const part = checked.total_hashes === 0 ? 0 : checked.work_hashes / checked.total_hashes;
    return (
      <p className="text-sm" data-testid="receipt">
        <Status tone="good" icon={CircleCheck} word="Matches" boxed />{" "}
        <span className="ml-1">
          Checked in your browser: {groupedCount(checked.shares)} {checked.shares === 1 ? "share" : "shares"}, work{" "}
          {formatWork(checked.work_hashes)}
          {part > 0 && part <= 1 ? ` of ${formatWork(checked.total_hashes)}` : ""}, receipt {shortenHash(checked.digest)}. Your
          shares and the total are what the pool committed to
          {checked.answer.receipt.complete ? "" : ", as far as its log was kept"}.
        </span>
      </p>
    );
  }
  if (verdict === "no_shares") {
    return (
      <p className="text-sm" data-testid="receipt">
        <Status tone="quiet" icon={CircleDashed} word="No shares of yours" boxed />{" "}
        <span className="ml-1">
          The round of block {groupedCount(height)} holds no accepted share of this account. What it was credited comes from
          earlier rounds of the window.
        </span>
      </p>
    );
  }
  if (verdict === "shares_gone") {
    return (
      <p className="text-sm" data-testid="receipt">
        <Status tone="warn" icon={CircleAlert} word="Included, shares no longer kept" boxed />{" "}
        <span className="ml-1">
          The account&apos;s sums are in the receipt and lead to its root; the single shares behind them are no longer kept.
        </span>
      </p>
    );
  }
  return (
    <div data-testid="receipt">
      <Status tone="bad" icon={TriangleAlert} word="Does not match" boxed />
      <p className="mt-1 text-sm">
        What the server sent does not fit the receipt: {checked.why}. Tell the pool&apos;s operator, and keep the digest and the
        block&apos;s hash.
      </p>
    </div>
  );
}

type DrawsOnProps = { readonly checked: CheckedReceipt; readonly onBlock: (hash: string) => void };

function DrawsOn({ checked, onBlock }: DrawsOnProps) {
  const { draws_on, receipt } = checked.answer;
  if (draws_on === null) return <>The shares of this round; the pool&apos;s scheme may look further back.</>;
  const SHOWN = 12;
  const others = draws_on.blocks.filter((block) => block.hash !== receipt.block_hash);
  return (
    <>
      {others.length === 0 ? "The shares of this round alone" : "The shares of this round and those of "}
      {others.slice(0, SHOWN).map((block, i) => (
        <span key={block.hash}>
          {i === 0 ? "" : ", "}
          <button
            type="button"
            onClick={() => onBlock(block.hash)}
            className="inline-flex min-h-6 items-center text-accent hover:underline"
          >
            {groupedCount(block.height)}
          </button>
        </span>
      ))}
      {others.length > SHOWN ? ` and ${groupedCount(others.length - SHOWN)} more` : ""}
      {draws_on.whole ? "." : ", and what came before the first receipt."}
    </>
  );
}
