"use client";
import type { MeDto, PolicyVersionDto } from "@otedama/shared";
import { useQuery } from "@tanstack/react-query";
import { CircleCheck, Clock, Unplug } from "lucide-react";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { When } from "@/components/data/when.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Status } from "@/components/ui/status.tsx";
import { TabPanel, Tabs } from "@/components/ui/tabs.tsx";
import { usePoolReport } from "@/lib/live/provider.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { PolicyForm } from "./policy_form.tsx";
import { PolicyHistory } from "./policy_history.tsx";
import { RiskPanel } from "./risk_panel.tsx";

const TABS = [
  { value: "settings", label: "Settings" },
  { value: "history", label: "History" },
  { value: "risk", label: "Risk of PPS" },
] as const;

export function PolicyScreen({ me, initial }: { readonly me: MeDto; readonly initial: PolicyVersionDto }) {
  const trpc = useTRPC();
  const query = useQuery({ ...trpc.policy.get.queryOptions(), initialData: initial });
  const current = query.data;
  const [tab, setTab] = useQueryState(
    "tab",
    parseAsStringLiteral(TABS.map((one) => one.value))
      .withDefault("settings")
      .withOptions({ history: "push" }),
  );
  const { policy } = current;
  const may = me.role === "owner" || me.role === "operator";
  return (
    <Page
      kicker="Pool · Settings"
      sentence={`The pool pays by ${policy.scheme.toUpperCase()} and takes ${policy.fee_percent[policy.scheme]} %.`}
      action={<Applied version={current.version} />}
    >
      <p className="text-sm text-ink-3">
        Version {current.version}, by {current.created_by === "config.yaml" ? "the settings file" : current.created_by},{" "}
        <When at_ms={current.created_at_ms} />: {current.reason}
      </p>
      <Tabs label="The pool's settings" value={tab} choices={TABS} onChoose={(next) => void setTab(next)}>
        <TabPanel value="settings">
          <PolicyForm key={current.version} current={current} may={may} />
        </TabPanel>
        <TabPanel value="history">
          <PolicyHistory />
        </TabPanel>
        <TabPanel value="risk">
          <RiskPanel />
        </TabPanel>
      </Tabs>
    </Page>
  );
}

/** Whether the pool goes by what is shown: it says so itself. */
function Applied({ version }: { readonly version: number }) {
  const report = usePoolReport();
  if (report === null) return <Status tone="quiet" icon={Unplug} word="No pool is connected" boxed />;
  const applied = report.policy_version ?? null;
  if (applied === version) return <Status tone="good" icon={CircleCheck} word={`The pool goes by version ${version}`} boxed />;
  return (
    <Status
      tone="warn"
      icon={Clock}
      word={applied === null ? "The pool goes by its settings file" : `The pool still goes by version ${applied}`}
      boxed
    />
  );
}
