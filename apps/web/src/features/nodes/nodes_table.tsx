import type { NodeReport } from "@otedama/shared";
import { formatDuration, groupedCount } from "@otedama/shared/units";
import { Amount } from "@/components/data/amount.tsx";
import { NodeStateStatus } from "./node_state.tsx";

/** The nodes side by side, in the order of the settings. */
export function NodesTable({ nodes, label }: { readonly nodes: readonly NodeReport[]; readonly label: string }) {
  return (
    <table className="w-full text-sm tabular">
      <caption className="sr-only">{label}</caption>
      <thead className="text-xs text-ink-3">
        <tr className="border-b border-line [&>th]:px-3 [&>th]:py-1.5 [&>th]:font-medium">
          <th scope="col" className="text-left">
            Node
          </th>
          <th scope="col" className="w-28 text-left">
            State
          </th>
          <th scope="col" className="w-24 text-right">
            Height
          </th>
          <th scope="col" className="hidden w-28 text-right md:table-cell">
            Tells first
          </th>
          <th
            scope="col"
            className="hidden w-28 text-right md:table-cell"
            title="Behind the first node to tell a new tip, in the middle"
          >
            Lag, half
          </th>
          <th scope="col" className="hidden w-28 text-right sm:table-cell">
            Answers, half
          </th>
          <th scope="col" className="hidden w-28 text-right lg:table-cell">
            Transactions
          </th>
          <th scope="col" className="hidden w-36 text-right lg:table-cell">
            Fees, BTC
          </th>
          <th scope="col" className="hidden w-20 text-right xl:table-cell">
            Peers
          </th>
        </tr>
      </thead>
      <tbody>
        {nodes.map((node) => (
          <tr key={node.name} className="h-row border-b border-line/70 [&>td]:px-3">
            <td className="min-w-0">
              <span className="font-mono text-xs break-all">{node.name}</span>
            </td>
            <td>
              <NodeStateStatus state={node.state} />
            </td>
            <td className="text-right">
              {node.chain === null ? <None /> : groupedCount(node.chain.blocks)}
              {node.blocks_behind === null || node.blocks_behind === 0 ? null : (
                <span className="block text-xs text-warn">{groupedCount(node.blocks_behind)} behind</span>
              )}
            </td>
            <td className="hidden text-right md:table-cell">
              {node.tips.told === 0 ? <None /> : `${groupedCount(node.tips.first)} of ${groupedCount(node.tips.told)}`}
            </td>
            <td className="hidden text-right md:table-cell">
              {node.tips.lag_ms_p50 === null ? <None /> : formatDuration(node.tips.lag_ms_p50 / 1_000)}
            </td>
            <td className="hidden text-right sm:table-cell">
              {node.latency_ms === null ? <None /> : formatDuration(node.latency_ms.p50 / 1_000)}
            </td>
            <td className="hidden text-right lg:table-cell">
              {node.template === null ? <None /> : groupedCount(node.template.transactions)}
            </td>
            <td className="hidden text-right lg:table-cell">
              {node.template === null ? <None /> : <Amount sats={node.template.fees_sats} />}
            </td>
            <td className="hidden text-right xl:table-cell">
              {node.chain?.peers == null ? <None /> : groupedCount(node.chain.peers)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const None = () => <span className="text-ink-3">–</span>;
