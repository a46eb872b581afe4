"use client";
import { useInBrowser } from "./clock.tsx";
import { usePoolReport } from "./live/provider.tsx";

/** Where a pool listens for miners unless its settings say otherwise. */
const STRATUM_PORT_DEFAULT = 3333;

/**
 * The pool's address as a miner on this network would type it: the host is the one this page came from, the port the one the
 * pool reports. `known` is false while no pool has reported.
 */
export function usePoolAddress(): { readonly address: string; readonly known: boolean } {
  const inBrowser = useInBrowser();
  const port = usePoolReport()?.stratum_port ?? null;
  const host = inBrowser ? location.hostname : "HOST";
  return { address: `stratum+tcp://${host}:${port ?? STRATUM_PORT_DEFAULT}`, known: port !== null };
}
