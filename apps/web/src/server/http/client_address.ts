/**
 * Where a request really comes from. Behind a reverse proxy the socket's other end is the proxy, so its `X-Forwarded-For` is read, but
 * only from proxies that the operator named: from anybody else the header is a claim that costs nothing to make. Read from the right:
 * each proxy appends the address it saw, so the first one that is no trusted proxy is the client's.
 */
import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";

/** More hops than that are nobody's real set-up. */
const HOPS_MAX = 16;

export type ClientAddress = (request: IncomingMessage) => string;

export function createClientAddress(trusted_proxies: readonly string[]): ClientAddress {
  const trusted = networks(trusted_proxies);
  const isTrusted = (address: string) => trusted.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  return (request) => {
    let address = plain(request.socket.remoteAddress ?? "");
    if (isIP(address) === 0 || !isTrusted(address)) return address;
    const header = request.headers["x-forwarded-for"];
    const hops = (Array.isArray(header) ? header.join(",") : (header ?? "")).split(",").slice(-HOPS_MAX).reverse();
    for (const hop of hops) {
      const seen = plain(hop.trim());
      if (isIP(seen) === 0) return address;
      address = seen;
      if (!isTrusted(address)) return address;
    }
    return address;
  };
}

/** `10.0.0.0/8`, `2001:db8::/32` or an address alone. */
export function networks(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", prefix] = range.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/** IPv4 in IPv6's clothes, as sockets that listen on both report it, and brackets and ports that some proxies write. */
function plain(address: string): string {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(address)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(address)?.[1] ?? address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  return mapped ?? bare;
}
