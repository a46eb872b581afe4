"use client";
import type { ProvisionOverviewDto } from "@otedama/shared";
import { useQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { plural } from "@/components/data/plural.ts";
import { Page } from "@/components/ui/page.tsx";
import { TabPanel, Tabs } from "@/components/ui/tabs.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { ByHand } from "./by_hand.tsx";
import { OpenForm } from "./open_form.tsx";
import { PinsPanel } from "./pins_panel.tsx";
import { provisionSearch } from "./provision_search.ts";
import { RunsPanel } from "./runs_panel.tsx";

/** Where rigs get their agents: over SSH from here, or by a command that somebody runs there. */
export function ProvisionScreen({ initial }: { readonly initial: ProvisionOverviewDto }) {
  const trpc = useTRPC();
  const overview = useQuery({ ...trpc.provision.overview.queryOptions(), initialData: initial });
  const [{ way }, choose] = useQueryStates(provisionSearch, { history: "push" });
  const { release, pins, runs } = overview.data;
  return (
    <Page kicker="Fleet · Provision" sentence={sentence(overview.data)}>
      <Tabs
        label="Way"
        value={way}
        choices={[
          { value: "ssh", label: "Over SSH" },
          { value: "hand", label: "By hand" },
        ]}
        onChoose={(next) => void choose({ way: next })}
      >
        <TabPanel value="ssh">
          <OpenForm overview={overview.data} onOpened={(id) => void choose({ run: id }, { shallow: false })} />
        </TabPanel>
        <TabPanel value="hand">
          <ByHand overview={overview.data} />
        </TabPanel>
      </Tabs>
      {runs.length === 0 ? null : <RunsPanel runs={runs} />}
      {pins.length === 0 ? null : <PinsPanel pins={pins} onForgotten={() => void overview.refetch()} />}
      {release === null ? null : (
        <p className="text-xs text-ink-3">
          What is installed is release {release.number}, version {release.version}, for {release.platforms.join(" and ")}.
        </p>
      )}
    </Page>
  );
}

function sentence({ release, pins }: ProvisionOverviewDto): string {
  if (release === null) return "There is no signed release of the agent yet: publish one under Releases, then rigs can get it.";
  const known =
    pins.length === 0 ? "no rig's host key is pinned yet" : `${plural(pins.length, "host key is", "host keys are")} pinned`;
  return `Agent ${release.version} is ready to go on rigs; ${known}.`;
}
