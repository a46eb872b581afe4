"use client";
import type { RigDetailDto } from "@otedama/shared";
import { formatHashrate, groupedCount } from "@otedama/shared/units";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryState } from "nuqs";
import { SharesByResult } from "@/components/data/shares_by_result.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Segmented } from "@/components/ui/segmented.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { parseAsRigWindow, parseAsZoom, RIG_WINDOW_CHOICES, windowLabel } from "@/lib/window.ts";
import { RigDevices, RigHistory, RigMachineFacts, RigPoolFacts, RigRates } from "./rig_story.tsx";

export function RigScreen({ initial }: { readonly initial: RigDetailDto }) {
  const trpc = useTRPC();
  const [window, setWindow] = useQueryState("window", parseAsRigWindow.withOptions({ history: "push" }));
  const [zoom, setZoom] = useQueryState("zoom", parseAsZoom.withOptions({ history: "push" }));
  const query = useQuery({
    ...trpc.rigs.get.queryOptions({ id: initial.id, window }),
    ...(window === initial.window ? { initialData: initial } : {}),
    placeholderData: keepPreviousData,
  });
  const rig = query.data ?? initial;
  return (
    <Page
      kicker={
        <>
          Fleet ·{" "}
          <Link href="/rigs" className="hover:text-ink hover:underline">
            Rigs
          </Link>{" "}
          · {rig.name}
        </>
      }
      sentence={sentence(rig)}
      action={
        <Segmented
          label="Window"
          value={window}
          choices={RIG_WINDOW_CHOICES}
          onChoose={(next) => {
            void setZoom(null);
            void setWindow(next);
          }}
        />
      }
    >
      {query.isError ? (
        <Problem title="The newest values could not be fetched" onRetry={() => void query.refetch()}>
          What you see is older. The server did not answer or its database is away.
        </Problem>
      ) : null}
      <RigRates rig={rig} />
      <div className="grid grid-cols-1 items-start gap-4 xl:grid-cols-[minmax(0,1fr)_24rem]">
        <div className="flex min-w-0 flex-col gap-4">
          <Panel title="Hashrate and heat" note={`as the agent measures them · last ${windowLabel(rig.window)}`}>
            <RigHistory rig={rig} zoom={zoom} onZoom={(next) => void setZoom(next)} height={230} />
          </Panel>
          <Panel title="Devices" note={groupedCount(rig.devices.length)} flush>
            <RigDevices rig={rig} />
          </Panel>
        </div>
        <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-1">
          <Panel title="Pool">
            <RigPoolFacts rig={rig} />
          </Panel>
          <Panel title="Machine">
            <RigMachineFacts rig={rig} />
          </Panel>
          <Panel title="Shares" note="since the agent started">
            <SharesByResult shares={rig.shares} />
          </Panel>
        </div>
      </div>
    </Page>
  );
}

function sentence(rig: RigDetailDto): string {
  if (rig.state === "offline") return `${rig.name} is offline: its agent does not report.`;
  if (rig.state === "waiting") return `${rig.name} does not mine${rig.message === null ? "" : `: ${rig.message}`}`;
  const devices = rig.devices.filter((device) => device.kernel !== null).length;
  return `${rig.name} mines at ${formatHashrate(rig.hashrate_hps.s60)} on ${groupedCount(devices)} ${devices === 1 ? "device" : "devices"}.`;
}
