"use client";
import type { MinerBlockDto } from "@otedama/shared";
import { formatPercent, groupedCount } from "@otedama/shared/units";
import { cx } from "class-variance-authority";
import { ShieldCheck } from "lucide-react";
import { Amount } from "@/components/data/amount.tsx";
import { BlockStateStatus } from "@/components/data/states.tsx";
import { When } from "@/components/data/when.tsx";
import { Button } from "@/components/ui/button.tsx";

const head = "h-8 border-y border-line px-3 text-xs font-medium text-ink-3 first:pl-4 last:pr-4";
const cell = "h-row border-b border-line/70 px-3 max-sm:py-1.5 first:pl-4 last:pr-4";

type MinerBlocksProps = {
  readonly blocks: readonly MinerBlockDto[];
  readonly checked: string | null;
  readonly onCheck: (hash: string) => void;
};

export function MinerBlocks({ blocks, checked, onCheck }: MinerBlocksProps) {
  return (
    <table className="w-full border-separate border-spacing-0 text-sm tabular">
      <caption className="sr-only">Blocks with a part for this account, newest first</caption>
      <thead>
        <tr>
          <th scope="col" className={`${head} text-left`}>
            Height
          </th>
          <th scope="col" className={`${head} text-left max-sm:hidden`}>
            State
          </th>
          <th scope="col" className={`${head} text-right max-md:hidden`}>
            Part
          </th>
          <th scope="col" className={`${head} text-right`}>
            Yours, BTC
          </th>
          <th scope="col" className={`${head} text-right max-lg:hidden`}>
            Found
          </th>
          <th scope="col" className={`${head} text-right`}>
            Receipt
          </th>
        </tr>
      </thead>
      <tbody>
        {blocks.map((block) => (
          <tr key={block.hash} aria-selected={block.hash === checked} className={cx(block.hash === checked && "bg-selected")}>
            <td className={`${cell} font-medium`} title={block.hash}>
              {groupedCount(block.height)}
              {block.own ? <span className="ml-1.5 text-xs font-normal text-ink-3 max-sm:hidden">found by you</span> : null}
              <span className="block text-xs font-normal sm:hidden">
                <BlockStateStatus state={block.state} />
              </span>
            </td>
            <td className={`${cell} max-sm:hidden`}>
              <BlockStateStatus state={block.state} />
            </td>
            <td className={`${cell} text-right text-ink-3 max-md:hidden`}>
              {block.credit_sats === null || block.reward_sats === 0 ? "–" : formatPercent(block.credit_sats / block.reward_sats)}
            </td>
            <td className={`${cell} text-right`}>
              {block.credit_sats === null ? <span className="text-ink-4">–</span> : <Amount sats={block.credit_sats} />}
            </td>
            <td className={`${cell} text-right text-ink-3 max-lg:hidden`}>
              <When at_ms={block.found_at_ms} />
            </td>
            <td className={`${cell} text-right`}>
              {block.receipt ? (
                <Button size="sm" variant="ghost" aria-pressed={block.hash === checked} onClick={() => onCheck(block.hash)}>
                  <ShieldCheck />
                  <span className="max-sm:sr-only">Check</span>
                  <span className="sr-only"> block {block.height}</span>
                </Button>
              ) : (
                <span className="text-xs text-ink-4">not yet</span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
