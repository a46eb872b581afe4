"use client";
import type { SearchDto } from "@otedama/shared";
import { formatRelative, shortenHash, shortenMiddle } from "@otedama/shared/units";
import { useQuery } from "@tanstack/react-query";
import { Command } from "cmdk";
import { Blocks, LogOut, Monitor, Moon, Rows2, Rows4, Search, Server, Sun, Users, Wallet } from "lucide-react";
import { useRouter } from "next/navigation";
import { useTheme } from "next-themes";
import { Dialog } from "radix-ui";
import { type ReactNode, useDeferredValue, useState } from "react";
import { BLOCK_LOOKS, RIG_LOOKS, WORKER_LOOKS } from "@/components/data/states.tsx";
import { useDensity } from "@/lib/density.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { PLACES, SETTINGS } from "./navigation.ts";

type PaletteProps = {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly onSignOut: () => void;
};

const NOTHING: SearchDto = { rigs: [], workers: [], blocks: [], accounts: [] };

/** Goes to any rig, worker, block or account and runs any action, without the mouse. */
export default function Palette({ open, onOpenChange, onSignOut }: PaletteProps) {
  const [text, setText] = useState("");
  const q = useDeferredValue(text.trim());
  const router = useRouter();
  const { setTheme } = useTheme();
  const { density, setDensity } = useDensity();
  const trpc = useTRPC();
  const found = useQuery({
    ...trpc.search.find.queryOptions({ q: q === "" ? "-" : q }),
    enabled: open && q !== "",
    staleTime: 10_000,
    placeholderData: (before) => before,
  });
  const hits: SearchDto = q === "" ? NOTHING : (found.data ?? NOTHING);

  const close = () => {
    onOpenChange(false);
    setText("");
  };
  const go = (href: string) => () => {
    close();
    router.push(href);
  };
  const run = (action: () => void) => () => {
    close();
    action();
  };
  // Names from the server are matched there; what is typed here filters only the places and actions.
  const typed = text.trim().toLowerCase();
  const wanted = (words: string) => typed === "" || words.toLowerCase().includes(typed);
  const places = [...PLACES.flatMap((group) => group.places), SETTINGS].filter((place) => wanted(`go to ${place.word}`));
  const actions = [
    { words: "Light theme", icon: <Sun />, act: () => setTheme("light") },
    { words: "Dark theme", icon: <Moon />, act: () => setTheme("dark") },
    { words: "Theme as the system", icon: <Monitor />, act: () => setTheme("system") },
    density === "compact"
      ? { words: "Comfortable rows", icon: <Rows2 />, act: () => setDensity("comfortable") }
      : { words: "Compact rows", icon: <Rows4 />, act: () => setDensity("compact") },
    { words: "Sign out", icon: <LogOut />, act: onSignOut },
  ].filter((action) => wanted(action.words));

  return (
    <Dialog.Root open={open} onOpenChange={(next) => (next ? onOpenChange(true) : close())}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-50 bg-black/45 data-[state=open]:animate-fade-in" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed top-[10vh] left-1/2 z-50 w-[calc(100vw-24px)] max-w-xl -translate-x-1/2 overflow-hidden rounded-lg border border-line bg-raised shadow-pop data-[state=open]:animate-fade-in"
        >
          <Dialog.Title className="sr-only">Search or run a command</Dialog.Title>
          <Command shouldFilter={false} loop label="Search or run a command">
            <div className="flex items-center gap-2.5 border-b border-line px-3.5">
              <Search aria-hidden className="size-4 shrink-0 text-ink-3" />
              <Command.Input
                value={text}
                onValueChange={setText}
                placeholder="Rig, worker, block height or hash, address, action"
                maxLength={128}
                className="h-12 w-full bg-transparent text-base outline-none placeholder:text-ink-3"
              />
            </div>
            <Command.List className="quiet-scroll max-h-[60dvh] overflow-y-auto p-1.5 [&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-ink-3">
              <Command.Empty className="px-2 py-6 text-center text-sm text-ink-3">
                {found.isError
                  ? "The search failed: the server did not answer. Places and actions still work."
                  : found.isFetching
                    ? "Searching…"
                    : `Nothing is called “${q}”. Try the beginning of a name, an address, a block's height or its hash.`}
              </Command.Empty>
              <Hits heading="Rigs">
                {hits.rigs.map((rig) => (
                  <Hit
                    key={rig.id}
                    value={`rig ${rig.id}`}
                    icon={<Server />}
                    name={rig.name}
                    note={`${rig.hostname} · ${RIG_LOOKS[rig.state].word}`}
                    onSelect={go(`/rigs/${rig.id}`)}
                  />
                ))}
              </Hits>
              <Hits heading="Workers">
                {hits.workers.map((worker) => (
                  <Hit
                    key={worker.id}
                    value={`worker ${worker.id}`}
                    icon={<Users />}
                    name={worker.name}
                    note={`${shortenMiddle(worker.account_address)} · ${WORKER_LOOKS[worker.state].word}`}
                    onSelect={go(`/workers/${worker.id}`)}
                  />
                ))}
              </Hits>
              <Hits heading="Blocks">
                {hits.blocks.map((block) => (
                  <Hit
                    key={block.hash}
                    value={`block ${block.hash}`}
                    icon={<Blocks />}
                    name={`${block.height}`}
                    note={`${shortenHash(block.hash)} · ${BLOCK_LOOKS[block.state].word} · ${formatRelative(block.found_at_ms, Date.now())}`}
                    onSelect={go(`/blocks/${block.hash}`)}
                  />
                ))}
              </Hits>
              <Hits heading="Accounts">
                {hits.accounts.map((account) => (
                  <Hit
                    key={account.account_id}
                    value={`account ${account.account_id}`}
                    icon={<Wallet />}
                    name={shortenMiddle(account.address, 14, 10)}
                    onSelect={go(`/balances/${account.account_id}`)}
                  />
                ))}
              </Hits>
              <Hits heading="Go to">
                {places.map((place) => (
                  <Hit
                    key={place.href}
                    value={`place ${place.href}`}
                    icon={<place.icon />}
                    name={place.word}
                    onSelect={go(place.href)}
                  />
                ))}
              </Hits>
              <Hits heading="Actions">
                {actions.map((action) => (
                  <Hit
                    key={action.words}
                    value={`action ${action.words}`}
                    icon={action.icon}
                    name={action.words}
                    onSelect={run(action.act)}
                  />
                ))}
              </Hits>
            </Command.List>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Hits({ heading, children }: { readonly heading: string; readonly children: readonly ReactNode[] }) {
  return children.length === 0 ? null : <Command.Group heading={heading}>{children}</Command.Group>;
}

type HitProps = {
  readonly value: string;
  readonly icon: ReactNode;
  readonly name: string;
  readonly note?: string;
  readonly onSelect: () => void;
};

const Hit = ({ value, icon, name, note, onSelect }: HitProps) => (
  <Command.Item
    value={value}
    onSelect={onSelect}
    className="flex h-9 cursor-default items-center gap-2.5 rounded-md px-2 text-sm aria-selected:bg-selected [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-ink-3"
  >
    {icon}
    <span className="truncate font-medium">{name}</span>
    {note === undefined ? null : <span className="ml-auto truncate text-xs text-ink-3 tabular">{note}</span>}
  </Command.Item>
);
