"use client";
import type { NoticeChannelDto } from "@otedama/shared";
import { useMutation } from "@tanstack/react-query";
import { CircleCheck, CirclePause, Pencil, Send, Trash2, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { When } from "@/components/data/when.tsx";
import { Button } from "@/components/ui/button.tsx";
import { Confirm } from "@/components/ui/confirm.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Facts } from "@/components/ui/panel.tsx";
import { Status } from "@/components/ui/status.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { ChangeChannelDialog } from "./change_channel_dialog.tsx";
import { CHANNEL_LOOKS, NOTICE_WORDS } from "./looks.ts";

export function ChannelCard({ channel, onChanged }: { readonly channel: NoticeChannelDto; readonly onChanged: () => void }) {
  const trpc = useTRPC();
  const [asked, setAsked] = useState<"change" | "remove" | null>(null);
  const test = useMutation(trpc.notices.testChannel.mutationOptions());
  const remove = useMutation(trpc.notices.removeChannel.mutationOptions({ onSuccess: onChanged }));
  const { word, icon: Icon } = CHANNEL_LOOKS[channel.kind];
  const { id, name } = channel;
  return (
    <section aria-label={name} className="flex h-full flex-col gap-3 rounded-lg border border-line bg-panel p-4">
      <header className="flex items-center gap-2.5">
        <Icon aria-hidden className="size-4.5 shrink-0 text-ink-3" />
        <h2 className="min-w-0 grow truncate text-base">{name}</h2>
        {channel.enabled ? (
          <Status tone="good" icon={CircleCheck} word="On" />
        ) : (
          <Status tone="quiet" icon={CirclePause} word="Off" />
        )}
      </header>
      <Facts
        facts={[
          { name: "Goes to", value: `${word}, ${channel.target}` },
          { name: "Carries", value: channel.events.map((kind) => NOTICE_WORDS[kind]).join(", ") },
          {
            name: "Last delivered",
            value: channel.last_delivered_at_ms === null ? "nothing yet" : <When at_ms={channel.last_delivered_at_ms} />,
          },
          { name: "Waiting, given up", value: `${channel.waiting}, ${channel.dead}` },
        ]}
      />
      <Failure title="No test was sent" error={test.error} />
      {test.data === undefined ? null : (
        <div role="status" className="rounded-md border border-line bg-sunken px-3 py-2 text-sm">
          {test.data.delivered ? (
            <Status tone="good" icon={CircleCheck} word="The test was delivered" />
          ) : (
            <Status tone="bad" icon={TriangleAlert} word="The test was not delivered" />
          )}
          <p className="mt-1 break-words font-mono text-xs text-ink-2">{test.data.answer}</p>
          <p className="mt-1 text-xs text-ink-3 tabular">after {test.data.took_ms} ms</p>
        </div>
      )}
      <footer className="mt-auto flex flex-wrap gap-2">
        <Button size="sm" disabled={test.isPending} aria-busy={test.isPending} onClick={() => test.mutate({ id })}>
          <Send />
          {test.isPending ? "Sending…" : "Send a test"}
        </Button>
        <Button size="sm" onClick={() => setAsked("change")}>
          <Pencil />
          Change
        </Button>
        <Button
          size="sm"
          variant="ghost"
          onClick={() => {
            remove.reset();
            setAsked("remove");
          }}
        >
          <Trash2 />
          Remove
        </Button>
      </footer>
      {asked === "change" ? <ChangeChannelDialog channel={channel} onClose={() => setAsked(null)} onChanged={onChanged} /> : null}
      <Confirm
        open={asked === "remove"}
        title={`Remove ${name}?`}
        action={`Remove ${name}`}
        busy={remove.isPending}
        problem={<Failure title="The channel was not removed" error={remove.error} />}
        onConfirm={() => remove.mutate({ id })}
        onClose={() => setAsked(null)}
      >
        Its address and secrets are forgotten, and what waits for it is given up. What it delivered stays in the list below.
      </Confirm>
    </section>
  );
}
