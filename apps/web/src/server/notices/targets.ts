/**
 * Where notices may be sent. A webhook's address is chosen by a person at a screen and called by this machine, from inside its
 * network: without a rule it could be turned against every service there (SSRF). So the addresses a name has are judged in the very
 * look-up that the connection uses: a name that answers with a public address first and a private one later (DNS rebinding) gains
 * nothing. Redirects are never followed.
 */
import type { LookupAddress, LookupOptions } from "node:dns";
import { lookup as systemLookup } from "node:dns";
import { type BlockList, isIP } from "node:net";
import { networks } from "../http/client_address.ts";

/** IANA's special-purpose registries: what is not globally reachable, and what only leads to such. */
const SPECIAL = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/128",
  "::1/128",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
  "5f00::/16",
  "fc00::/7",
  "fe80::/10",
  "ff00::/8",
];
const special: BlockList = networks(SPECIAL);

/** True for an address that any machine of the Internet could mean the same by. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special.check(address, "ipv4");
  if (family !== 6) return false;
  // BlockList judges ::ffff:1.2.3.4 by the rules for 1.2.3.4.
  return !special.check(address, "ipv6") && !/^::(?!ffff:)/i.test(address);
}

export class PrivateTargetError extends Error {
  constructor(host: string) {
    super(
      `${host} is an address of this machine or of a private network. Such targets are refused unless notices.allow_private_targets is set`,
    );
  }
}

export type Resolve = (
  host: string,
  options: { all: true; verbatim: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

type Done = (error: Error | null, address: string | LookupAddress[], family?: number) => void;
export type GuardedLookup = (host: string, options: LookupOptions, done: Done) => void;

/** A look-up for `http.request` that gives out public addresses only; with `allow_private` whatever there is. */
export function createGuardedLookup(options: { allow_private: boolean }, dependencies: { resolve: Resolve }): GuardedLookup {
  return (host, wanted, done) => {
    dependencies.resolve(host, { all: true, verbatim: true }, (error, found) => {
      if (error !== null) return done(error, []);
      // One bad address spoils the name: which of them is used is not ours to say.
      if (!options.allow_private && found.some(({ address }) => !isPublicAddress(address)))
        return done(new PrivateTargetError(host), []);
      const family = wanted.family === "IPv4" ? 4 : wanted.family === "IPv6" ? 6 : wanted.family;
      const fitting = found.filter((one) => !family || one.family === family);
      const [first] = fitting;
      if (first === undefined) return done(Object.assign(new Error(`${host} has no address`), { code: "ENOTFOUND" }), []);
      if (wanted.all) done(null, fitting);
      else done(null, first.address, first.family);
    });
  };
}

export const resolveBySystem: Resolve = (host, options, done) => systemLookup(host, options, done);

/** Throws for an address in figures that may not be called: those are not looked up. */
export function requireAllowedHost(url: URL, options: { allow_private: boolean }): void {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (!options.allow_private && isIP(host) !== 0 && !isPublicAddress(host)) throw new PrivateTargetError(host);
}
