"use client";
import { useInBrowser } from "./clock.tsx";

/** Where the pool listens for miners, unless its settings say otherwise. */
export const STRATUM_PORT = 3333;

/** The pool's address as a miner on this network would type it: the host is the one this page came from. */
export function usePoolAddress(port: number = STRATUM_PORT): string {
  const inBrowser = useInBrowser();
  const host = inBrowser ? location.hostname : "HOST";
  return `stratum+tcp://${host}:${port}`;
}
