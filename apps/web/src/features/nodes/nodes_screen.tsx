"use client";
import type { NodesDto } from "@otedama/shared";
import { groupedCount } from "@otedama/shared/units";
import { useQuery } from "@tanstack/react-query";
import { Network } from "lucide-react";
import { When } from "@/components/data/when.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { NodeStory } from "./node_story.tsx";
import { NodesTable } from "./nodes_table.tsx";
import { nodesSentence } from "./sentence.ts";

export function NodesScreen({ initial }: { readonly initial: NodesDto }) {
  const trpc = useTRPC();
  const query = useQuery({ ...trpc.nodes.list.queryOptions(), initialData: initial });
  const { instances } = query.data;
  return (
    <Page kicker="Pool · Nodes" sentence={nodesSentence(query.data)}>
      {query.isError ? (
        <Problem title="The newest state could not be fetched" onRetry={() => void query.refetch()}>
          What you see is older. The server did not answer.
        </Problem>
      ) : null}
      {instances.length === 0 ? (
        <Panel>
          <Empty icon={Network} title="No pool is connected">
            <p>
              Each pool instance reports its chain nodes once it is connected. Start one with <code>otedama start</code>, or{" "}
              <code>otedama pool</code> on a machine of its own.
            </p>
          </Empty>
        </Panel>
      ) : null}
      {instances.map(({ instance_id, nodes, refused_jobs }) => (
        <div key={instance_id} className="flex min-w-0 flex-col gap-4">
          {refused_jobs.last === null ? null : (
            <Problem
              title={`${groupedCount(refused_jobs.count)} ${refused_jobs.count === 1 ? "template was" : "templates were"} not made into work`}
            >
              {refused_jobs.last.message} Miners stayed on the work before. Last <When at_ms={refused_jobs.last.at_ms} />.
            </Problem>
          )}
          <Panel
            flush
            title={instances.length === 1 ? "Side by side" : instance_id}
            note="raced: the best tip, then the highest fees"
          >
            <NodesTable nodes={nodes} label={`Chain nodes of ${instance_id}`} />
          </Panel>
          <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2 2xl:grid-cols-3">
            {nodes.map((node) => (
              <NodeStory key={node.name} node={node} />
            ))}
          </div>
        </div>
      ))}
    </Page>
  );
}
