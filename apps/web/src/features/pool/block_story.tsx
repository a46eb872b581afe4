"use client";
import type { BlockDetailDto } from "@otedama/shared";
import { formatDifficulty, formatPercent, formatWork, groupedCount } from "@otedama/shared/units";
import Link from "next/link";
import { Amount } from "@/components/data/amount.tsx";
import { EffortBar } from "@/components/data/effort.tsx";
import { CAUSE_WORDS } from "@/components/data/ledger_words.ts";
import { Moment, When } from "@/components/data/when.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { type Fact, Facts } from "@/components/ui/panel.tsx";

type BlockProps = { readonly block: BlockDetailDto };

export function BlockFacts({ block }: BlockProps) {
  return (
    <Facts
      facts={[
        { name: "Hash", value: <Copyable text={block.hash} what="block hash" shorten="hash" /> },
        { name: "Before it", value: <Copyable text={block.prev_hash} what="hash of the block before" shorten="hash" /> },
        { name: "Transactions", value: groupedCount(block.transactions) },
        { name: "Size", value: `${groupedCount(block.size_bytes)}\u00a0bytes` },
        { name: "Network difficulty", value: formatDifficulty(block.network_difficulty) },
        { name: "Its share's difficulty", value: formatDifficulty(block.share_difficulty) },
        { name: "Work in the round", value: formatWork(block.round_work_hashes) },
        {
          name: "Effort",
          value: (
            <span className="flex items-center gap-3">
              <span className="shrink-0">{formatPercent(block.effort)}</span>
              <EffortBar effort={block.effort} className="max-w-32" />
            </span>
          ),
        },
        { name: "Luck", value: block.effort > 0 ? formatPercent(1 / block.effort) : "–" },
        {
          name: "Shared out by",
          value: block.policy === null ? "not recorded" : `${block.policy.scheme.toUpperCase()}, policy ${block.policy.version}`,
        },
        { name: "Pool instance", value: block.instance_id },
      ]}
    />
  );
}

/** What the coinbase earned, says and pays. */
export function BlockReward({ block }: BlockProps) {
  const { coinbase } = block;
  const facts: Fact[] = [
    { name: "Reward", value: <Amount sats={block.reward_sats} /> },
    { name: "Subsidy", value: <Amount sats={block.reward_sats - block.fees_sats} /> },
    { name: "Fees", value: <Amount sats={block.fees_sats} /> },
    { name: "Coinbase", value: <Copyable text={block.coinbase_txid} what="coinbase transaction" /> },
  ];
  if (coinbase !== null) {
    facts.push(
      {
        name: "Its text",
        value: coinbase.text === "" ? "none" : <span className="font-mono text-[0.92em]">{coinbase.text}</span>,
      },
      ...coinbase.outputs.map((output, index) => ({
        name: coinbase.outputs.length === 1 ? "Pays to" : `Pays ${index + 1}`,
        value: (
          <span className="flex flex-wrap items-baseline gap-x-3">
            <Copyable text={output.address ?? output.script_hex} what={output.address === null ? "script" : "address"} />
            {coinbase.outputs.length === 1 ? null : <Amount sats={output.value_sats} />}
          </span>
        ),
      })),
    );
    if (coinbase.template_node !== null)
      facts.push({
        name: "Template from",
        value: (
          <>
            <span className="font-mono text-[0.92em] break-all">{coinbase.template_node}</span>
            {coinbase.template_at_ms === null ? null : (
              <>
                {" · "}
                <When at_ms={coinbase.template_at_ms} />
              </>
            )}
          </>
        ),
      });
  }
  return <Facts facts={facts} />;
}

/** Every ledger entry that the block caused. */
export function BlockEntries({ block }: BlockProps) {
  if (block.entries.length === 0) return <p className="text-sm text-ink-3">The block has caused no entry yet.</p>;
  return (
    <table className="w-full text-sm tabular">
      <caption className="sr-only">Ledger entries of this block, oldest first</caption>
      <thead className="text-xs text-ink-3">
        <tr className="border-b border-line">
          <th scope="col" className="py-1.5 text-left font-medium">
            Cause
          </th>
          <th scope="col" className="hidden py-1.5 text-left font-medium sm:table-cell">
            When
          </th>
          <th scope="col" className="hidden w-20 py-1.5 text-right font-medium sm:table-cell">
            Lines
          </th>
          <th scope="col" className="w-36 py-1.5 text-right font-medium">
            Moved, BTC
          </th>
        </tr>
      </thead>
      <tbody>
        {block.entries.map((entry) => (
          <tr key={entry.entry_id} className="h-row border-b border-line/70 last:border-b-0">
            <td className="pr-3">
              <Link href={`/ledger/${entry.entry_id}`} className="font-medium hover:text-accent hover:underline">
                {CAUSE_WORDS[entry.cause]}
              </Link>
            </td>
            <td className="hidden pr-3 text-ink-3 sm:table-cell">
              <Moment at_ms={entry.at_ms} />
            </td>
            <td className="hidden text-right text-ink-3 sm:table-cell">{groupedCount(entry.lines)}</td>
            <td className="text-right">
              <Amount sats={entry.moved_sats} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
