import type { BlockDto } from "@otedama/shared";
import Link from "next/link";
import { Amount } from "@/components/data/amount.tsx";
import { EffortText } from "@/components/data/effort.tsx";
import { BlockStateStatus } from "@/components/data/states.tsx";
import { When } from "@/components/data/when.tsx";

const head = "h-8 border-y border-line px-3 text-xs font-medium text-ink-3 first:pl-4 last:pr-4";
const cell = "h-row truncate border-b border-line/70 px-3 first:pl-4 last:pr-4";

/** A few blocks, each a link to its story. */
export function BlocksTable({ blocks, caption }: { readonly blocks: readonly BlockDto[]; readonly caption: string }) {
  return (
    <table className="w-full border-separate border-spacing-0 text-sm tabular">
      <caption className="sr-only">{caption}</caption>
      <thead>
        <tr>
          <th scope="col" className={`${head} text-left`}>
            Height
          </th>
          <th scope="col" className={`${head} text-left`}>
            State
          </th>
          <th scope="col" className={`${head} text-right max-sm:hidden`}>
            Effort
          </th>
          <th scope="col" className={`${head} text-left max-lg:hidden`}>
            Worker
          </th>
          <th scope="col" className={`${head} text-right`}>
            Reward, BTC
          </th>
          <th scope="col" className={`${head} text-right max-sm:hidden`}>
            Found
          </th>
        </tr>
      </thead>
      <tbody>
        {blocks.map((block) => (
          <tr key={block.hash} className="hover:bg-hover">
            <td className={cell}>
              <Link href={`/blocks/${block.hash}`} prefetch={false} className="focus-inset font-medium hover:text-accent">
                {block.height}
              </Link>
            </td>
            <td className={cell}>
              <BlockStateStatus state={block.state} />
            </td>
            <td className={`${cell} text-right max-sm:hidden`}>
              <EffortText effort={block.effort} />
            </td>
            <td className={`${cell} max-lg:hidden`}>{block.worker_name}</td>
            <td className={`${cell} text-right`}>
              <Amount sats={block.reward_sats} />
            </td>
            <td className={`${cell} text-right text-ink-3 max-sm:hidden`}>
              <When at_ms={block.found_at_ms} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
