"use client";
import { createContext, type ReactNode, useCallback, useContext, useSyncExternalStore } from "react";

const ServerNow = createContext(0);

/** Gives the first render the server's time, so that "12 s ago" is the same text there and here. */
export function ClockProvider({ now_ms, children }: { readonly now_ms: number; readonly children: ReactNode }) {
  return <ServerNow.Provider value={now_ms}>{children}</ServerNow.Provider>;
}

/** One timer for the whole page, and none while nobody looks at it. */
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | null = null;
function tick(): void {
  if (document.visibilityState === "visible") for (const listener of listeners) listener();
}
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === null) {
    timer = setInterval(tick, 1_000);
    document.addEventListener("visibilitychange", tick);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer !== null) {
      clearInterval(timer);
      timer = null;
      document.removeEventListener("visibilitychange", tick);
    }
  };
}

/** The current time, rounded down to `step_ms`, so that a component renders only when its text can change. */
export function useNow(step_ms = 1_000): number {
  const server_ms = useContext(ServerNow);
  return useSyncExternalStore(
    subscribe,
    useCallback(() => Math.floor(Date.now() / step_ms) * step_ms, [step_ms]),
    () => server_ms,
  );
}

const never = () => () => {};
/** False on the server and in the first render, true from then on: for what only the browser knows, such as its time zone. */
export const useInBrowser = (): boolean =>
  useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
