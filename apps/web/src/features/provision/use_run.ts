"use client";
import type { ProvisionLogLine, ProvisionNews, ProvisionRunDto } from "@otedama/shared";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { useProvisionNews } from "@/lib/live/provider.tsx";
import { useTRPC } from "@/lib/trpc.tsx";

/** Pushed to whoever opened the run; asked for now and then besides, for the others who look and for what a lost line did not bring. */
const REFRESH_MS = 4_000;
const LINES_MAX = 300;

export function useRun(initial: ProvisionRunDto): { run: ProvisionRunDto; refresh: () => void } {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const query = useQuery({
    ...trpc.provision.get.queryOptions({ id: initial.id }),
    initialData: initial,
    refetchInterval: ({ state }) => (state.data?.ended_at_ms === null ? REFRESH_MS : false),
  });
  useProvisionNews(
    useCallback(
      (news: ProvisionNews) => {
        if (news.id !== initial.id) return;
        cache.setQueryData(trpc.provision.get.queryKey({ id: news.id }), (run) => run && withNews(run, news));
      },
      [cache, trpc, initial.id],
    ),
  );
  return { run: query.data, refresh: () => void query.refetch() };
}

function withNews(run: ProvisionRunDto, news: ProvisionNews): ProvisionRunDto {
  const changed = new Map(news.rigs.map((rig) => [rig.index, rig]));
  return {
    ...run,
    secret_held: news.secret_held,
    ended_at_ms: news.ended_at_ms,
    rigs: run.rigs.map((rig) => changed.get(rig.index) ?? rig),
  };
}

/** What one rig says, while somebody reads it. */
export function useRigLog(id: number, rig: number, going: boolean): readonly ProvisionLogLine[] {
  const trpc = useTRPC();
  const [pushed, setPushed] = useState<readonly ProvisionLogLine[]>([]);
  const stored = useQuery({ ...trpc.provision.log.queryOptions({ id, rig }), refetchInterval: going ? REFRESH_MS : false });
  useProvisionNews(
    useCallback(
      (news: ProvisionNews) => {
        if (news.id !== id) return;
        const lines = news.lines.filter((line) => line.rig === rig);
        if (lines.length > 0) setPushed((before) => [...before, ...lines].slice(-LINES_MAX));
      },
      [id, rig],
    ),
  );
  const known = new Map([...(stored.data ?? []), ...pushed].map((line) => [line.number, line]));
  return [...known.values()].sort((one, other) => one.number - other.number).slice(-LINES_MAX);
}
