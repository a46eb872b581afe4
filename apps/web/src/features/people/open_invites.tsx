"use client";
import type { InviteDto } from "@otedama/shared";
import { useMutation } from "@tanstack/react-query";
import { When } from "@/components/data/when.tsx";
import { Button } from "@/components/ui/button.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { useTRPC } from "@/lib/trpc.tsx";

/** Links that were given out and not yet used. */
export function OpenInvites({ invites, onChanged }: { readonly invites: readonly InviteDto[]; readonly onChanged: () => void }) {
  const trpc = useTRPC();
  const revoke = useMutation(trpc.people.revokeInvite.mutationOptions({ onSuccess: onChanged }));
  if (invites.length === 0) return null;
  return (
    <Panel title="Open invites">
      <Failure title="The invite was not withdrawn" error={revoke.error} />
      <ul className="flex flex-col">
        {invites.map((invite) => (
          <li
            key={invite.id}
            className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line/70 py-2 text-sm last:border-b-0"
          >
            <span className="min-w-0 grow basis-48 truncate">
              <span className="font-medium">{invite.email}</span> <span className="text-ink-3">as {invite.role}</span>
            </span>
            <span className="text-xs text-ink-3">
              by {invite.created_by}, good until <When at_ms={invite.expires_at_ms} />
            </span>
            <Button
              size="sm"
              disabled={revoke.isPending && revoke.variables.id === invite.id}
              onClick={() => revoke.mutate({ id: invite.id })}
            >
              Withdraw<span className="sr-only"> the invite of {invite.email}</span>
            </Button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
