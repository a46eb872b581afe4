"use client";
import type { MeDto, PoolEvent } from "@otedama/shared";
import { Blocks, Search, TriangleAlert } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { type ReactNode, useCallback, useEffect, useMemo, useState } from "react";
import { TimeZoneNote } from "@/components/data/when.tsx";
import { Kbd } from "@/components/ui/kbd.tsx";
import { useToast } from "@/components/ui/toast.tsx";
import { LiveProvider } from "@/lib/live/provider.tsx";
import { RAIL_COOKIE, rememberPreference } from "@/lib/preferences.ts";
import { useSession } from "@/lib/session.tsx";
import { LiveIndicator } from "./live_indicator.tsx";
import { Mark } from "./mark.tsx";
import { placesFor } from "./navigation.ts";
import { PersonMenu } from "./person_menu.tsx";
import { FootBar, Rail } from "./rail.tsx";

const Palette = dynamic(() => import("./palette.tsx"), { ssr: false });

type FrameProps = { readonly me: MeDto; readonly railNarrow: boolean; readonly children: ReactNode };

/** What surrounds every screen: the rail, the bar, the palette and the one connection that keeps it all live. */
export function Frame({ me, railNarrow, children }: FrameProps) {
  const [narrow, setNarrow] = useState(railNarrow);
  const [palette, setPalette] = useState<"never" | "open" | "closed">("never");
  const groups = useMemo(() => placesFor(me.role), [me.role]);
  const session = useSession();
  const toast = useToast();

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey) || event.altKey || event.shiftKey) return;
      event.preventDefault();
      setPalette((now) => (now === "open" ? "closed" : "open"));
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);

  const onEvent = useCallback((event: PoolEvent) => toast(toastOf(event)), [toast]);

  const leave = useCallback(async () => {
    if (!(await session.leave())) {
      toast({ tone: "bad", icon: TriangleAlert, word: "Not signed out", text: "The server did not answer. Try again." });
    }
  }, [session, toast]);

  return (
    <LiveProvider onEvent={onEvent}>
      <a
        href="#content"
        className="fixed top-2 left-2 z-50 -translate-y-20 rounded-md bg-accent px-3 py-2 text-sm font-medium text-on-accent focus:translate-y-0"
      >
        Skip to the content
      </a>
      <div className="flex min-h-dvh">
        <Rail
          groups={groups}
          narrow={narrow}
          onNarrow={(next) => {
            setNarrow(next);
            rememberPreference(RAIL_COOKIE, next ? "narrow" : "wide");
          }}
        />
        <div className="flex min-w-0 grow flex-col pb-(--foot-height) md:pb-0">
          <header className="sticky top-0 z-30 flex h-(--bar-height) items-center gap-3 border-b border-line bg-ground px-3 sm:px-5">
            <Link href="/" aria-label="Otedama: overview" className="md:hidden">
              <Mark className="size-6 text-ink-2" />
            </Link>
            <button
              type="button"
              onClick={() => setPalette("open")}
              aria-keyshortcuts="Control+K Meta+K"
              className="flex h-8 min-w-0 items-center gap-2 rounded-md border border-line bg-panel px-2.5 text-sm text-ink-3 hover:border-line-strong max-sm:grow sm:w-80 pointer-coarse:h-10"
            >
              <Search aria-hidden className="size-4 shrink-0" />
              <span className="grow truncate text-left">Search or run a command</span>
              <span className="max-sm:hidden">
                <Kbd>Ctrl K</Kbd>
              </span>
            </button>
            <div className="ml-auto flex items-center gap-3 sm:gap-4">
              <LiveIndicator />
              <PersonMenu me={me} onSignOut={leave} />
            </div>
          </header>
          <main id="content" tabIndex={-1} className="grow outline-none">
            {children}
          </main>
          <footer className="px-3 py-3 text-xs text-ink-3 sm:px-5">
            <TimeZoneNote />
          </footer>
        </div>
      </div>
      <FootBar groups={groups} />
      {palette === "never" ? null : (
        <Palette
          groups={groups}
          open={palette === "open"}
          onOpenChange={(open) => setPalette(open ? "open" : "closed")}
          onSignOut={leave}
        />
      )}
    </LiveProvider>
  );
}

function toastOf(event: PoolEvent) {
  const block = event.kind.startsWith("block_");
  const bad =
    event.kind === "block_orphaned" ||
    event.kind === "block_rejected" ||
    event.kind === "payout_stopped" ||
    event.kind.endsWith("_down");
  const words: Partial<Record<PoolEvent["kind"], string>> = {
    block_found: "Block found",
    block_confirmed: "Block confirmed",
    block_orphaned: "Block orphaned",
    block_rejected: "Block rejected",
    node_down: "Node lost",
    node_up: "Node is back",
    database_down: "Database lost",
    database_up: "Database is back",
    new_tip: "New block in the chain",
  };
  return {
    tone: bad ? ("bad" as const) : ("good" as const),
    icon: bad ? TriangleAlert : Blocks,
    word: words[event.kind] ?? event.kind,
    text: event.message,
    ...(block && /^[0-9a-f]{64}$/.test(event.subject)
      ? {
          action: (
            <Link href={`/blocks/${event.subject}`} className="shrink-0 font-medium text-accent hover:underline">
              Show
            </Link>
          ),
        }
      : {}),
  };
}
