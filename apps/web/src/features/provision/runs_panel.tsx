import type { ProvisionRunRow } from "@otedama/shared";
import Link from "next/link";
import { plural } from "@/components/data/plural.ts";
import { When } from "@/components/data/when.tsx";
import { Panel } from "@/components/ui/panel.tsx";

export function RunsPanel({ runs }: { readonly runs: readonly ProvisionRunRow[] }) {
  return (
    <Panel title="Runs" note="the last 20" flush>
      <ul className="divide-y divide-line">
        {runs.map((run) => (
          <li key={run.id} className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-4 py-2 text-sm">
            <Link href={`/provision?run=${run.id}`} className="font-medium text-accent hover:underline">
              Run {run.id}
            </Link>
            <span>
              {run.purpose === "install" ? "Install" : "Uninstall"} on {plural(run.rigs, "rig", "rigs")} as {run.user}
            </span>
            <span className="text-ink-3">
              {run.done} done, {run.failed} failed
            </span>
            <span className="ml-auto text-xs text-ink-3">
              {run.opened_by}, <When at_ms={run.opened_at_ms} />
              {run.ended_at_ms === null ? ", open" : ""}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
