"use client";
import type { ReleaseDto, ReleasesPage } from "@otedama/shared";
import { formatBytes, groupedCount } from "@otedama/shared/units";
import { PackageOpen, Rocket } from "lucide-react";
import { plural } from "@/components/data/plural.ts";
import { When } from "@/components/data/when.tsx";
import { Button } from "@/components/ui/button.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { Facts, Panel } from "@/components/ui/panel.tsx";

type ReleasesTableProps = {
  readonly page: ReleasesPage;
  /** Null for those who may not. */
  readonly onRollOut: ((release: ReleaseDto) => void) | null;
};

/** Everything that was signed, the newest first: number, hashes, signature, and who published it. */
export function ReleasesTable({ page, onRollOut }: ReleasesTableProps) {
  return (
    <Panel
      title="Releases"
      note={
        <>
          signed by <Copyable text={page.control_key} what="control key" shorten="middle" />, which each agent pinned
        </>
      }
    >
      {page.rows.length === 0 ? (
        <Empty icon={PackageOpen} title="Nothing has been published">
          <p>
            Build the agent with <code>npm run build:agent</code> on this machine, then publish it here: it is signed, and kept
            until it is rolled out.
          </p>
        </Empty>
      ) : (
        <ul className="flex flex-col gap-3">
          {page.rows.map((release) => (
            <li key={release.number} className="min-w-0 rounded-md border border-line px-3 py-2.5">
              <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
                <span className="font-medium text-ink tabular">
                  {release.number} · {release.version}
                </span>
                <span className="text-ink-3">
                  {plural(release.rigs, "rig", "rigs")}, published <When at_ms={release.published_at_ms} />
                  {release.published_by === null ? "" : ` by ${release.published_by}`}
                </span>
                <span className="ml-auto">
                  {onRollOut === null || !release.files_kept ? null : (
                    <Button size="sm" onClick={() => onRollOut(release)}>
                      <Rocket />
                      Roll out {release.number}
                    </Button>
                  )}
                </span>
              </div>
              <p className="text-sm text-ink-2">
                {[release.notes, release.again_of === null ? "" : `The files of release ${release.again_of} once more.`]
                  .filter(Boolean)
                  .join(" ")}
              </p>
              <Facts
                className="mt-1"
                facts={[
                  ...release.files.map(({ platform, bytes, sha256 }) => ({
                    name: platform,
                    value: (
                      <span className="flex min-w-0 flex-wrap items-center gap-x-3">
                        <Copyable text={sha256} what={`SHA-256 for ${platform}`} />
                        <span className="text-xs text-ink-3">
                          SHA-256, {formatBytes(bytes)}
                          {release.files_kept ? "" : ", deleted for its age"}
                        </span>
                      </span>
                    ),
                  })),
                  {
                    name: "signature",
                    value: <Copyable text={release.signature} what={`signature of release ${groupedCount(release.number)}`} />,
                  },
                ]}
              />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
