"use client";
import { formatBytes } from "@otedama/shared/units";
import { useMutation, useQuery } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { Button } from "@/components/ui/button.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { Dialog } from "@/components/ui/dialog.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Facts } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { useTRPC } from "@/lib/trpc.tsx";

/** Shows what lies in the build folder, and signs exactly that. */
export function PublishDialog({ onClose, onPublished }: { readonly onClose: () => void; readonly onPublished: () => void }) {
  const trpc = useTRPC();
  const build = useQuery({ ...trpc.releases.build.queryOptions(), staleTime: 0 });
  const publish = useMutation(
    trpc.releases.publish.mutationOptions({
      onSuccess: () => {
        onPublished();
        onClose();
      },
    }),
  );
  const builds = build.data?.builds ?? [];
  const ready = build.data !== undefined && build.data.problem === null;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const notes = String(new FormData(event.currentTarget).get("notes") ?? "");
    publish.mutate({ sha256: builds.map(({ sha256 }) => sha256), notes });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => (open || publish.isPending ? undefined : onClose())}
      title="Publish a release"
      description="Signs the build with this control plane's key and keeps it. No rig gets it before it is rolled out."
    >
      <form onSubmit={submit} className="flex flex-col gap-4">
        {build.isPending ? <p className="text-sm text-ink-3">Looking at the build folder…</p> : null}
        <Failure title="The build folder could not be looked at" error={build.error} />
        {build.data?.problem == null ? null : (
          <Problem title="There is nothing to publish" onRetry={() => void build.refetch()}>
            {build.data.problem}
          </Problem>
        )}
        {ready ? (
          <>
            <Facts
              facts={[
                { name: "version", value: builds[0]?.version ?? "" },
                ...builds.map(({ platform, bytes, sha256 }) => ({
                  name: platform,
                  value: (
                    <span className="flex min-w-0 flex-wrap items-center gap-x-3">
                      <Copyable text={sha256} what={`SHA-256 for ${platform}`} />
                      <span className="text-xs text-ink-3">{formatBytes(bytes)}</span>
                    </span>
                  ),
                })),
                { name: "folder", value: <code className="break-all">{build.data.folder}</code> },
              ]}
            />
            <Field label="Notes" name="notes" maxLength={2_000} hint="What is new, for those who roll it out." />
          </>
        ) : null}
        <Failure title="Nothing was published" error={publish.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose} disabled={publish.isPending}>
            Close
          </Button>
          <Button type="submit" variant="primary" disabled={!ready || publish.isPending} aria-busy={publish.isPending}>
            {publish.isPending ? "Signing…" : "Sign and publish"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
