"use client";
import type { NoticeDeliveriesPage, NoticesDto } from "@otedama/shared";
import { useQuery } from "@tanstack/react-query";
import { BellPlus, BellRing } from "lucide-react";
import { useState } from "react";
import { plural } from "@/components/data/plural.ts";
import { Button } from "@/components/ui/button.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { ChannelCard } from "./channel_card.tsx";
import { ChannelDialog } from "./channel_dialog.tsx";
import { Deliveries } from "./deliveries.tsx";
import type { deliveriesQuery } from "./notices_search.ts";

/** Deliveries go on while one looks; nothing pushes them, so they are asked for. */
const REFRESH_MS = 5_000;

type NoticesScreenProps = {
  readonly initial: NoticesDto;
  readonly initialDeliveries: NoticeDeliveriesPage;
  readonly initialQuery: ReturnType<typeof deliveriesQuery>;
};

export function NoticesScreen({ initial, initialDeliveries, initialQuery }: NoticesScreenProps) {
  const trpc = useTRPC();
  const notices = useQuery({ ...trpc.notices.get.queryOptions(), initialData: initial, refetchInterval: REFRESH_MS });
  const { channels, email_ready } = notices.data;
  const [adding, setAdding] = useState(false);
  const changed = () => void notices.refetch();

  return (
    <Page
      kicker="Administration · Notices"
      sentence={sentence(notices.data)}
      action={
        <Button variant="primary" onClick={() => setAdding(true)}>
          <BellPlus />
          Add a channel
        </Button>
      }
    >
      {channels.length === 0 ? (
        <Panel flush>
          <Empty icon={BellRing} title="Nobody is told of anything yet">
            <p>
              A channel carries what happens (a block found, a payout sent, a node lost) to a webhook, an e-mail address or a
              chat. Add one, choose what it carries, and send a test through it.
            </p>
            <Button onClick={() => setAdding(true)}>Add a channel</Button>
          </Empty>
        </Panel>
      ) : (
        <ul className="grid gap-3 lg:grid-cols-2 2xl:grid-cols-3">
          {channels.map((channel) => (
            <li key={channel.id} className="min-w-0">
              <ChannelCard channel={channel} onChanged={changed} />
            </li>
          ))}
        </ul>
      )}
      <Deliveries initial={initialDeliveries} initialQuery={initialQuery} onRetried={changed} />
      {adding ? <ChannelDialog emailReady={email_ready} onClose={() => setAdding(false)} onAdded={changed} /> : null}
    </Page>
  );
}

function sentence({ channels }: NoticesDto): string {
  if (channels.length === 0) return "Nobody is told of anything yet.";
  const on = channels.filter((channel) => channel.enabled).length;
  const waiting = channels.reduce((sum, channel) => sum + channel.waiting, 0);
  const dead = channels.reduce((sum, channel) => sum + channel.dead, 0);
  const trouble = [
    waiting === 0 ? "" : `${plural(waiting, "notice waits", "notices wait")} to be delivered`,
    dead === 0 ? "" : `${plural(dead, "notice was", "notices were")} given up`,
  ].filter((part) => part !== "");
  const state = trouble.length === 0 ? "everything was delivered" : trouble.join(", ");
  return `${plural(on, "channel is", "channels are")} on; ${state}.`;
}
