"use client";
import { useMutation, useQuery } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { When } from "@/components/data/when.tsx";
import { Button } from "@/components/ui/button.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Skeleton } from "@/components/ui/skeleton.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { ApiKeyDialog } from "./api_key_dialog.tsx";

/** Keys of the person's programs. */
export function ApiKeysTab() {
  const trpc = useTRPC();
  const [making, setMaking] = useState(false);
  const list = useQuery(trpc.me.apiKeys.queryOptions());
  const changed = () => void list.refetch();
  const revoke = useMutation(trpc.me.revokeApiKey.mutationOptions({ onSuccess: changed }));
  const make = (
    <Button size="sm" onClick={() => setMaking(true)}>
      <Plus />
      Make a key
    </Button>
  );
  return (
    <Panel title="API keys" note="for programs that read /api/v1" action={make}>
      <Failure title="The key was not revoked" error={revoke.error} />
      {list.isError ? (
        <Problem title="Your keys could not be listed" onRetry={() => void list.refetch()}>
          The server did not answer or its database is away.
        </Problem>
      ) : list.data === undefined ? (
        <Skeleton className="h-16 w-full" />
      ) : list.data.length === 0 ? (
        <Empty icon={KeyRound} title="You have no API key">
          <p>
            A key lets a program read the API in your name: <code>Authorization: Bearer KEY</code>. What each opens stands in{" "}
            <a href="/api/v1/openapi.json" className="text-accent underline">
              the API&apos;s description
            </a>
            .
          </p>
        </Empty>
      ) : (
        <ul className="flex flex-col">
          {list.data.map((key) => (
            <li
              key={key.id}
              className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line/70 py-2 text-sm last:border-b-0"
            >
              <span className="min-w-0 grow basis-52">
                <span className="block truncate font-medium">
                  {key.name} <span className="font-mono text-xs font-normal text-ink-3">{key.hint}…</span>
                </span>
                <span className="block text-xs text-ink-3">
                  {key.scopes.join(", ")} ·{" "}
                  {key.last_used_at_ms === null ? (
                    "never used"
                  ) : (
                    <>
                      used <When at_ms={key.last_used_at_ms} /> from {key.last_used_address}
                    </>
                  )}{" "}
                  ·{" "}
                  {key.expires_at_ms === null ? (
                    "does not expire"
                  ) : (
                    <>
                      expires <When at_ms={key.expires_at_ms} />
                    </>
                  )}
                </span>
              </span>
              <Button
                size="sm"
                disabled={revoke.isPending && revoke.variables.id === key.id}
                onClick={() => revoke.mutate({ id: key.id })}
                aria-label={`Revoke the key ${key.name}`}
              >
                Revoke
              </Button>
            </li>
          ))}
        </ul>
      )}
      {making ? <ApiKeyDialog onClose={() => setMaking(false)} onMade={changed} /> : null}
    </Panel>
  );
}
