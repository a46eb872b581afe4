"use client";
import { type NodeReport, TIP_SIGNALS } from "@otedama/shared";
import { formatDuration, groupedCount } from "@otedama/shared/units";
import { Amount } from "@/components/data/amount.tsx";
import { plural } from "@/components/data/plural.ts";
import { When } from "@/components/data/when.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { type Fact, Facts, Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { NodeStateStatus, SIGNAL_WORDS } from "./node_state.tsx";

/** Everything that is known of one node. */
export function NodeStory({ node }: { readonly node: NodeReport }) {
  return (
    <Panel
      title={<span className="break-all">{node.name}</span>}
      note={
        <>
          since <When at_ms={node.since_ms} />
        </>
      }
      action={<NodeStateStatus state={node.state} boxed />}
    >
      {node.message === null ? null : (
        <div className="mb-3">
          <Problem title="It is not mined on">{node.message}</Problem>
        </div>
      )}
      <Facts facts={[...chainFacts(node), ...templateFacts(node), ...tipFacts(node), ...lineFacts(node)]} />
    </Panel>
  );
}

function chainFacts({ chain, blocks_behind }: NodeReport): Fact[] {
  if (chain === null) return [{ name: "Chain", value: "not told yet" }];
  const behind = blocks_behind === null || blocks_behind === 0 ? "" : `, ${groupedCount(blocks_behind)} behind the best`;
  return [
    { name: "Chain", value: chain.name },
    { name: "Height", value: `${groupedCount(chain.blocks)}${behind}` },
    { name: "Headers", value: chain.headers === null ? "not told" : groupedCount(chain.headers) },
    { name: "Best block", value: <Copyable text={chain.best_hash} what="best block" shorten="hash" /> },
    { name: "Version", value: chain.version ?? "not told" },
    { name: "Peers", value: chain.peers === null ? "not told" : groupedCount(chain.peers) },
    {
      name: "Waiting there",
      value: chain.mempool_transactions === null ? "not told" : plural(chain.mempool_transactions, "transaction", "transactions"),
    },
  ];
}

function templateFacts({ template, clock_skew_s }: NodeReport): Fact[] {
  const clock: Fact = {
    name: "Clock",
    value:
      clock_skew_s === null
        ? "not known"
        : Math.abs(clock_skew_s) < 1
          ? "as this machine's"
          : `${formatDuration(Math.abs(clock_skew_s))} ${clock_skew_s > 0 ? "ahead" : "behind"}`,
  };
  if (template === null) return [{ name: "Template", value: "none" }, clock];
  return [
    {
      name: "Template",
      value: (
        <>
          block {groupedCount(template.height)}, <When at_ms={template.received_at_ms} />
        </>
      ),
    },
    { name: "Transactions", value: template.empty ? "none" : groupedCount(template.transactions) },
    { name: "Fees", value: <Amount sats={template.fees_sats} /> },
    clock,
  ];
}

function tipFacts({ tips }: NodeReport): Fact[] {
  if (tips.told === 0) return [{ name: "New blocks", value: "none told yet" }];
  const ways = TIP_SIGNALS.filter((signal) => tips.by[signal] > 0).map(
    (signal) => `${SIGNAL_WORDS[signal]} ${groupedCount(tips.by[signal])}`,
  );
  return [
    { name: "Told first", value: `${groupedCount(tips.first)} of ${groupedCount(tips.told)} new blocks` },
    {
      name: "Lag",
      value: `${formatDuration((tips.lag_ms_last ?? 0) / 1_000)} last, ${formatDuration((tips.lag_ms_p50 ?? 0) / 1_000)} half`,
    },
    { name: "Heard by", value: `${ways.join(", ")}${tips.last_by === null ? "" : `; last by ${SIGNAL_WORDS[tips.last_by]}`}` },
  ];
}

function lineFacts({ zmq, zmq_missed, latency_ms, errors, last_error }: NodeReport): Fact[] {
  const zmqWords = { off: "not set", connecting: "not connected", connected: "connected" } as const;
  return [
    { name: "ZeroMQ", value: `${zmqWords[zmq]}${zmq_missed === 0 ? "" : `, ${groupedCount(zmq_missed)} missed`}` },
    {
      name: "Answers in",
      value:
        latency_ms === null
          ? "not measured"
          : `${formatDuration(latency_ms.p50 / 1_000)} (half), ${formatDuration(latency_ms.p95 / 1_000)} (95 %)`,
    },
    {
      name: "Last error",
      value:
        last_error === null ? (
          "none"
        ) : (
          <>
            <When at_ms={last_error.at_ms} /> ({groupedCount(errors)} in all)
            <span className="block text-xs text-ink-3">{last_error.message}</span>
          </>
        ),
    },
  ];
}
