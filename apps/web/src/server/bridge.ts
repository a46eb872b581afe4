/**
 * How server components reach the running server. Next bundles pages apart from the server's own modules, so the two share a
 * process and not module instances: main.ts leaves one object on globalThis, and pages take it from there.
 *
 *     import { bridge } from "@/server/bridge";
 *     const caller = await bridge().createCaller(await headers());
 *     const overview = await caller.overview.get({ window: "24h" });
 *
 * `createCaller` reads the session from the request's cookies and calls the same procedures as the browser does, with the same
 * authorisation, without a round trip. This file imports types only, so that it adds nothing to a bundle.
 *
 * Pages are served with a Content-Security-Policy whose nonce is new for each request; a page that was rendered at build time
 * cannot carry it, so its scripts would not run. The root layout must therefore be rendered for each request: it reads the nonce
 * with `(await headers()).get("x-nonce")`, which is enough, and gives it to whatever writes an inline script.
 */
import type { MeDto } from "@otedama/shared";
import type { FoundMiner } from "./miners/find_miner.ts";
import type { Caller } from "./trpc/router.ts";

export interface Bridge {
  /** Procedures as the person whose cookies these headers carry. */
  createCaller(headers: Headers): Promise<Caller>;
  whoIs(headers: Headers): Promise<MeDto | null>;
  /** What anybody may see of a miner; never rejects for what was asked. */
  findMiner(address: string): Promise<FoundMiner>;
}

const KEY = Symbol.for("otedama.web");
type Global = typeof globalThis & { [KEY]?: Bridge };

export function setBridge(bridge: Bridge): void {
  (globalThis as Global)[KEY] = bridge;
}

/** Throws when the page is not run by Otedama's own server. */
export function bridge(): Bridge {
  const set = (globalThis as Global)[KEY];
  if (set === undefined) throw new Error("pages are served by apps/web/src/server/main.ts; start it with: npm start");
  return set;
}
