"use client";
import type { MeDto, ReleaseChannelsDto, ReleaseDto, ReleasesPage, RolloutsPage } from "@otedama/shared";
import { useQuery } from "@tanstack/react-query";
import { PackagePlus } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { ChannelsPanel } from "./channels_panel.tsx";
import { PublishDialog } from "./publish_dialog.tsx";
import { ReleasesTable } from "./releases_table.tsx";
import { RolloutCard } from "./rollout_card.tsx";
import { RolloutDialog } from "./rollout_dialog.tsx";
import { RolloutHistory } from "./rollout_history.tsx";
import { isOpen, mayRelease, releasesSentence } from "./rollout_words.ts";

type ReleasesScreenProps = {
  readonly me: MeDto;
  readonly initial: { readonly releases: ReleasesPage; readonly channels: ReleaseChannelsDto; readonly rollouts: RolloutsPage };
};

export function ReleasesScreen({ me, initial }: ReleasesScreenProps) {
  const trpc = useTRPC();
  const releases = useQuery({ ...trpc.releases.list.queryOptions({}), initialData: initial.releases });
  const channels = useQuery({ ...trpc.releases.channels.queryOptions(), initialData: initial.channels });
  const rollouts = useQuery({ ...trpc.rollouts.list.queryOptions({}), initialData: initial.rollouts });
  const [publishing, setPublishing] = useState(false);
  const [rollingOut, setRollingOut] = useState<ReleaseDto | null>(null);
  const may = mayRelease(me);
  const all = [releases, channels, rollouts];
  const changed = () => {
    for (const query of all) void query.refetch();
  };
  // What needs somebody comes first.
  const open = rollouts.data.rows.filter(isOpen).sort((a, b) => Number(b.state === "stopped") - Number(a.state === "stopped"));
  return (
    <Page
      kicker="Fleet · Releases"
      sentence={releasesSentence(channels.data, rollouts.data.rows, releases.data.rows[0])}
      action={
        may ? (
          <Button variant="primary" onClick={() => setPublishing(true)}>
            <PackagePlus />
            Publish a release
          </Button>
        ) : null
      }
    >
      {all.some((query) => query.isError) ? (
        <Problem title="The newest state could not be fetched" onRetry={changed}>
          What you see is older. The server did not answer.
        </Problem>
      ) : null}
      {open.map((rollout) => (
        <RolloutCard key={rollout.id} rollout={rollout} may={may} onChanged={changed} />
      ))}
      <ChannelsPanel channels={channels.data.channels} may={may} onChanged={changed} />
      <ReleasesTable
        page={releases.data}
        onRollOut={may && releases.data.rows.length > 0 ? (release) => setRollingOut(release) : null}
      />
      <RolloutHistory rollouts={rollouts.data.rows.filter((rollout) => !isOpen(rollout))} may={may} onChanged={changed} />
      {publishing ? <PublishDialog onClose={() => setPublishing(false)} onPublished={changed} /> : null}
      {rollingOut === null ? null : (
        <RolloutDialog
          release={rollingOut}
          channels={channels.data.channels}
          onClose={() => setRollingOut(null)}
          onStarted={changed}
        />
      )}
    </Page>
  );
}
