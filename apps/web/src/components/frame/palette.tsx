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
import { type PlaceGroup, SETTINGS } from "./navigation.ts";

type PaletteProps = {
  readonly groups: readonly PlaceGroup[];
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly onSignOut: () => void;
};

type Hit = {
  readonly key: string;
  readonly icon: ReactNode;
  readonly name: string;
  readonly note?: string;
  readonly to: string | (() => void);
};
type HitGroup = { readonly heading: string; readonly hits: readonly Hit[] };

const NOTHING: SearchDto = { rigs: [], workers: [], blocks: [], accounts: [] };

/** What the server found, as lines to choose from. */
function foundGroups(found: SearchDto): HitGroup[] {
  return [
    {
      heading: "Rigs",
      hits: found.rigs.map((rig) => ({
        key: `rig ${rig.id}`,
        icon: <Server />,
        name: rig.name,
        note: `${rig.hostname} · ${RIG_LOOKS[rig.state].word}`,
        to: `/rigs/${rig.id}`,
      })),
    },
    {
      heading: "Workers",
      hits: found.workers.map((worker) => ({
        key: `worker ${worker.id}`,
        icon: <Users />,
        name: worker.name,
        note: `${shortenMiddle(worker.account_address)} · ${WORKER_LOOKS[worker.state].word}`,
        to: `/workers/${worker.id}`,
      })),
    },
    {
      heading: "Blocks",
      hits: found.blocks.map((block) => ({
        key: `block ${block.hash}`,
        icon: <Blocks />,
        name: `${block.height}`,
        note: `${shortenHash(block.hash)} · ${BLOCK_LOOKS[block.state].word} · ${formatRelative(block.found_at_ms, Date.now())}`,
        to: `/blocks/${block.hash}`,
      })),
    },
    {
      heading: "Accounts",
      hits: found.accounts.map((account) => ({
        key: `account ${account.account_id}`,
        icon: <Wallet />,
        name: shortenMiddle(account.address, 14, 10),
        to: `/balances/${account.account_id}`,
      })),
    },
  ];
}

function useActions(onSignOut: () => void): readonly Hit[] {
  const { setTheme } = useTheme();
  const { density, setDensity } = useDensity();
  const other = density === "compact" ? "comfortable" : "compact";
  return [
    { key: "light", name: "Light theme", icon: <Sun />, to: () => setTheme("light") },
    { key: "dark", name: "Dark theme", icon: <Moon />, to: () => setTheme("dark") },
    { key: "system", name: "Theme as the system", icon: <Monitor />, to: () => setTheme("system") },
    {
      key: "density",
      name: other === "compact" ? "Compact rows" : "Comfortable rows",
      icon: other === "compact" ? <Rows4 /> : <Rows2 />,
      to: () => setDensity(other),
    },
    { key: "sign out", name: "Sign out", icon: <LogOut />, to: onSignOut },
  ];
}

/** Goes to any rig, worker, block or account and runs any action, without the mouse. */
export default function Palette({ groups: placeGroups, open, onOpenChange, onSignOut }: PaletteProps) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState("");
  const q = useDeferredValue(text.trim());
  const router = useRouter();
  const trpc = useTRPC();
  const actions = useActions(onSignOut);
  const found = useQuery({
    ...trpc.search.find.queryOptions({ q: q === "" ? "-" : q }),
    enabled: open && q !== "",
    staleTime: 10_000,
    placeholderData: (before) => before,
  });

  // Names are matched by the server; what is typed here narrows only the places and actions.
  const typed = text.trim().toLowerCase();
  const wanted = (words: string) => typed === "" || words.toLowerCase().includes(typed);
  const places = [...placeGroups.flatMap((group) => group.places), SETTINGS]
    .filter((place) => wanted(`go to ${place.word}`))
    .map((place): Hit => ({ key: `place ${place.href}`, icon: <place.icon />, name: place.word, to: place.href }));
  const groups = [
    ...foundGroups(typed === "" ? NOTHING : (found.data ?? NOTHING)),
    { heading: "Go to", hits: places },
    { heading: "Actions", hits: actions.filter((action) => wanted(action.name)) },
  ].filter((group) => group.hits.length > 0);
  // Enter runs the first line unless another one was gone to, whatever has come and gone above it meanwhile.
  const keys = groups.flatMap((group) => group.hits.map((hit) => hit.key));
  const selected = keys.includes(chosen) ? chosen : (keys[0] ?? "");

  const close = () => {
    onOpenChange(false);
    setText("");
    setChosen("");
  };
  const run = ({ to }: Hit) => {
    close();
    if (typeof to === "string") router.push(to);
    else to();
  };

  return (
    <Dialog.Root open={open} onOpenChange={(next) => (next ? onOpenChange(true) : close())}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-50 bg-black/45 data-[state=open]:animate-fade-in" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed top-[10vh] left-1/2 z-50 w-[calc(100vw-24px)] max-w-xl -translate-x-1/2 overflow-hidden rounded-lg border border-line bg-raised shadow-pop data-[state=open]:animate-fade-in"
        >
          <Dialog.Title className="sr-only">Search or run a command</Dialog.Title>
          <Command shouldFilter={false} loop label="Search or run a command" value={selected} onValueChange={setChosen}>
            <div className="flex items-center gap-2.5 border-b border-line px-3.5">
              <Search aria-hidden className="size-4 shrink-0 text-ink-3" />
              <Command.Input
                value={text}
                onValueChange={(next) => {
                  setText(next);
                  setChosen("");
                }}
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
              {groups.map((group) => (
                <Command.Group key={group.heading} heading={group.heading}>
                  {group.hits.map((hit) => (
                    <Command.Item
                      key={hit.key}
                      value={hit.key}
                      onSelect={() => run(hit)}
                      className="flex h-9 cursor-default items-center gap-2.5 rounded-md px-2 text-sm aria-selected:bg-selected [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-ink-3"
                    >
                      {hit.icon}
                      <span className="truncate font-medium">{hit.name}</span>
                      {hit.note === undefined ? null : (
                        <span className="ml-auto truncate text-xs text-ink-3 tabular">{hit.note}</span>
                      )}
                    </Command.Item>
                  ))}
                </Command.Group>
              ))}
            </Command.List>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
