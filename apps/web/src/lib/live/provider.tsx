"use client";
import type { Changed, LiveDto, PoolEvent, ProvisionNews } from "@otedama/shared";
import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { useNow } from "../clock.tsx";
import { useSession } from "../session.tsx";
import { useTRPC } from "../trpc.tsx";
import { type Freshness, freshness, type LiveState } from "./freshness.ts";
import { createRefetcher, type Topic } from "./refetch.ts";
import { createLiveStore, type LiveStore } from "./store.ts";

const LiveContext = createContext<LiveStore | null>(null);

/** A handshake that was refused (too many screens, no database) is not tried again by the library. */
const RETRY_REFUSED_MS = 5_000;

type LiveProviderProps = {
  /** What the pool reports besides its numbers: blocks, lost and found nodes. */
  readonly onEvent: (event: PoolEvent) => void;
  readonly children: ReactNode;
};

/** Keeps the one connection to the hub. The client library is fetched after the page is usable. */
export function LiveProvider({ onEvent, children }: LiveProviderProps) {
  const [store] = useState(createLiveStore);
  const trpc = useTRPC();
  const cache = useQueryClient();
  const session = useSession();

  useEffect(() => {
    let close = () => {};
    let closed = false;
    const paths: Readonly<Record<Topic, readonly { readonly queryKey: readonly unknown[] }[]>> = {
      overview: [trpc.overview.pathFilter(), trpc.pool.pathFilter()],
      workers: [trpc.workers.pathFilter()],
      blocks: [trpc.blocks.pathFilter()],
      nodes: [trpc.nodes.pathFilter()],
      rigs: [trpc.rigs.pathFilter(), trpc.places.pathFilter()],
      commands: [trpc.commands.pathFilter(), trpc.bulks.pathFilter(), trpc.releases.pathFilter(), trpc.rollouts.pathFilter()],
      sheets: [trpc.sheets.pathFilter()],
      balances: [trpc.balances.pathFilter(), trpc.ledger.list.pathFilter(), trpc.payouts.pathFilter()],
    };
    const refetcher = createRefetcher(
      { hidden: () => document.visibilityState === "hidden" },
      {
        now_ms: () => Date.now(),
        later: (run, delay_ms) => setTimeout(run, delay_ms),
        refetch: (topics) => {
          for (const topic of topics) {
            for (const filter of paths[topic]) void cache.invalidateQueries({ queryKey: filter.queryKey });
          }
        },
      },
    );
    const resume = () => refetcher.resume();
    document.addEventListener("visibilitychange", resume);

    void import("socket.io-client").then(({ io }) => {
      if (closed) return;
      const socket = io("/browsers", { transports: ["websocket", "polling"], reconnectionDelayMax: 10_000 });
      let wasConnected = false;
      socket.on("connect", () => {
        // What changed while the line was down is not known: everything on the screen is fetched again.
        if (wasConnected) void cache.invalidateQueries();
        wasConnected = true;
        store.link("connected");
      });
      socket.on("disconnect", (reason) => {
        store.link("disconnected");
        // The hub hung up, most likely because the session ended: the next handshake tells.
        if (reason === "io server disconnect") socket.connect();
      });
      socket.on("connect_error", (error: Error & { data?: { code?: string } }) => {
        store.link("disconnected");
        if (error.data?.code === "unauthorized") {
          session.ended();
        } else if (!socket.active && !closed) {
          setTimeout(() => (closed ? undefined : socket.connect()), RETRY_REFUSED_MS);
        }
      });
      socket.on("live", (live: LiveDto) => store.pushed(live));
      socket.on("changed", (changed: Changed) => refetcher.changed(changed.topics));
      socket.on("event", onEvent);
      socket.on("provision", (news: ProvisionNews) => store.provision(news));
      close = () => socket.close();
    });
    return () => {
      closed = true;
      close();
      document.removeEventListener("visibilitychange", resume);
    };
  }, [store, cache, trpc, session, onEvent]);

  return <LiveContext.Provider value={store}>{children}</LiveContext.Provider>;
}

const BEFORE: LiveState = { link: "connecting", live: null, received_at_ms: null };

function useLiveState(): LiveState {
  const store = useContext(LiveContext);
  if (store === null) throw new Error("useLive needs <LiveProvider>");
  return useSyncExternalStore(store.subscribe, store.get, () => BEFORE);
}

/** The last push, or what the server rendered the page with. */
export function useLive(initial: LiveDto): LiveDto {
  return useLiveState().live ?? initial;
}

/** What the pool reported last; null before the first push and while none is connected. */
export function usePoolReport(): LiveDto["pool"] {
  return useLiveState().live?.pool ?? null;
}

export function useFreshness(): Freshness {
  const state = useLiveState();
  return freshness(state, useNow());
}

/** Hears what a provisioning run of this person says, as it says it. */
export function useProvisionNews(hear: (news: ProvisionNews) => void): void {
  const store = useContext(LiveContext);
  useEffect(() => store?.onProvision(hear), [store, hear]);
}
