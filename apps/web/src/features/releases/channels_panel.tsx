"use client";
import { CHANNELS_MAX, type ReleaseChannelDto } from "@otedama/shared";
import { groupedCount } from "@otedama/shared/units";
import { Split } from "lucide-react";
import { useState } from "react";
import { plural } from "@/components/data/plural.ts";
import { Button } from "@/components/ui/button.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { SiteChannelDialog } from "./site_channel_dialog.tsx";

type ChannelsPanelProps = {
  readonly channels: readonly ReleaseChannelDto[];
  readonly may: boolean;
  readonly onChanged: () => void;
};

/** Which part of the fleet follows what, and what it runs now. */
export function ChannelsPanel({ channels, may, onChanged }: ChannelsPanelProps) {
  const [moving, setMoving] = useState(false);
  const sites = channels.flatMap((channel) => channel.sites);
  return (
    <Panel
      title="Channels"
      note={`at most ${CHANNELS_MAX}; a site's rigs follow one`}
      action={
        may && sites.length > 0 ? (
          <Button size="sm" onClick={() => setMoving(true)}>
            <Split />
            Move a site
          </Button>
        ) : null
      }
    >
      <ul className="grid grid-cols-1 gap-3 lg:grid-cols-2">
        {channels.map((channel) => (
          <li key={channel.name} className="flex min-w-0 flex-col gap-1 rounded-md border border-line px-3 py-2.5 text-sm">
            <span className="flex flex-wrap items-baseline gap-x-2">
              <span className="font-medium text-ink">{channel.name}</span>
              <span className="text-ink-3">{plural(channel.rigs, "rig", "rigs")}</span>
              <span className="ml-auto text-ink-3">
                {channel.release_number === null ? "nothing rolled out yet" : `on release ${channel.release_number}`}
              </span>
            </span>
            <span className="text-xs text-ink-3">
              {channel.sites.length === 0 ? "no site" : channel.sites.map(({ name }) => name).join(", ")}
            </span>
            {channel.running.length === 0 ? null : (
              <ul
                aria-label={`What ${channel.name} runs`}
                className="flex flex-wrap gap-x-4 gap-y-0.5 text-xs text-ink-2 tabular"
              >
                {channel.running.map(({ release_number, version, rigs }) => (
                  <li key={`${release_number} ${version}`}>
                    {groupedCount(rigs)} × {release_number === null ? "from source" : `release ${release_number}`}
                    {version === "" ? "" : ` (${version})`}
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ul>
      {moving ? <SiteChannelDialog channels={channels} onClose={() => setMoving(false)} onChanged={onChanged} /> : null}
    </Panel>
  );
}
