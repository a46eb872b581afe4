"use client";
import { useMutation, useQuery } from "@tanstack/react-query";
import { MonitorSmartphone } from "lucide-react";
import { plural } from "@/components/data/plural.ts";
import { When } from "@/components/data/when.tsx";
import { Button } from "@/components/ui/button.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Skeleton } from "@/components/ui/skeleton.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { deviceName } from "./device_name.ts";

/** Where one is signed in. */
export function SessionsPanel() {
  const trpc = useTRPC();
  const list = useQuery(trpc.me.sessions.queryOptions());
  const options = { onSuccess: () => void list.refetch() };
  const end = useMutation(trpc.me.endSession.mutationOptions(options));
  const endOthers = useMutation(trpc.me.endOtherSessions.mutationOptions(options));
  const others = list.data?.filter((session) => !session.current).length ?? 0;
  return (
    <Panel
      title="Where you are signed in"
      action={
        others === 0 ? undefined : (
          <Button size="sm" disabled={endOthers.isPending} aria-busy={endOthers.isPending} onClick={() => endOthers.mutate()}>
            Sign out {plural(others, "other device", "other devices")}
          </Button>
        )
      }
    >
      <Failure title="Nothing was signed out" error={end.error ?? endOthers.error} />
      {list.isError ? (
        <Problem title="Your devices could not be listed" onRetry={() => void list.refetch()}>
          The server did not answer or its database is away.
        </Problem>
      ) : list.data === undefined ? (
        <Skeleton className="h-16 w-full" />
      ) : (
        <ul className="flex flex-col">
          {list.data.map((session) => (
            <li
              key={session.id}
              className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line/70 py-2 text-sm last:border-b-0"
            >
              <MonitorSmartphone aria-hidden className="size-4 shrink-0 text-ink-3" />
              <span className="min-w-0 grow basis-52">
                <span className="block truncate font-medium" title={session.device}>
                  {deviceName(session.device)}
                  {session.current ? <span className="font-normal text-ink-3"> (this one)</span> : null}
                </span>
                <span className="block text-xs text-ink-3">
                  from {session.address === "" ? "an unknown address" : session.address}, used{" "}
                  <When at_ms={session.last_used_at_ms} />
                </span>
              </span>
              {session.current ? null : (
                <Button
                  size="sm"
                  disabled={end.isPending && end.variables.id === session.id}
                  onClick={() => end.mutate({ id: session.id })}
                  aria-label={`Sign out ${deviceName(session.device)} from ${session.address}`}
                >
                  Sign out
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
