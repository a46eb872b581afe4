"use client";
import { policyChanges } from "@otedama/shared";
import { useQuery } from "@tanstack/react-query";
import { When } from "@/components/data/when.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Skeleton } from "@/components/ui/skeleton.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { ChangesTable } from "./policy_changes.tsx";

const SHOWN = 50;

/** Every version, with what it changed in the one before. */
export function PolicyHistory() {
  const trpc = useTRPC();
  const query = useQuery({ ...trpc.policy.history.queryOptions({}), retry: 1 });
  if (query.data === undefined) {
    return query.isError ? (
      <Problem title="The history could not be loaded" onRetry={() => void query.refetch()}>
        The server did not answer or its database is away.
      </Problem>
    ) : (
      <Skeleton className="h-64 w-full" />
    );
  }
  const versions = query.data;
  return (
    <div className="flex flex-col gap-3">
      {versions.slice(0, SHOWN).map((version, index) => {
        const before = versions[index + 1];
        return (
          <Panel
            key={version.version}
            title={`Version ${version.version}`}
            note={
              <>
                by {version.created_by === "config.yaml" ? "the settings file" : version.created_by},{" "}
                <When at_ms={version.created_at_ms} />: {version.reason}
              </>
            }
          >
            {before === undefined ? (
              <p className="text-sm text-ink-3">The first version.</p>
            ) : (
              <ChangesTable changes={policyChanges(before.policy, version.policy)} />
            )}
          </Panel>
        );
      })}
      {versions.length > SHOWN ? <p className="text-xs text-ink-3">Older versions are in the audit log.</p> : null}
    </div>
  );
}
