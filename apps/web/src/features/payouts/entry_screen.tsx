import type { LedgerEntryDetailDto } from "@otedama/shared";
import { formatSats } from "@otedama/shared/units";
import Link from "next/link";
import { CAUSE_WORDS } from "@/components/data/ledger_words.ts";
import { plural } from "@/components/data/plural.ts";
import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { EntryFacts, EntryPostings } from "./entry_story.tsx";

export function EntryScreen({ entry }: { readonly entry: LedgerEntryDetailDto }) {
  return (
    <Page
      kicker={
        <>
          Payouts ·{" "}
          <Link href="/ledger" className="hover:text-ink hover:underline">
            Ledger
          </Link>{" "}
          · {entry.entry_id}
        </>
      }
      sentence={`${CAUSE_WORDS[entry.cause]}: ${formatSats(entry.moved_sats)} BTC moved in ${plural(entry.lines, "line", "lines")} that add up to nothing.`}
    >
      <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
        <Panel title="Entry">
          <EntryFacts entry={entry} />
        </Panel>
        <Panel title="Lines" note="largest first" flush>
          <EntryPostings entry={entry} />
        </Panel>
      </div>
    </Page>
  );
}
