/**
 * A token bucket for each client address, over a bounded number of them: the one that was heard of longest ago is forgotten first. A
 * house or a host has a whole /64 of IPv6, so that is one client.
 */
import { isIPv6 } from "node:net";
import { RateBound } from "../hub/rate_bound.ts";

export class ClientBounds {
  readonly #options: { per_s: number; burst: number; clients_max: number };
  readonly #now: () => number;
  readonly #clients = new Map<string, RateBound>();

  constructor(options: { per_s: number; burst: number; clients_max: number }, dependencies: { now: () => number }) {
    this.#options = options;
    this.#now = dependencies.now;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** False when the client has asked too often. */
  take(address: string): boolean {
    const client = clientOf(address);
    const now_ms = this.#now();
    const bound = this.#clients.get(client) ?? new RateBound(this.#options, now_ms);
    this.#clients.delete(client);
    this.#clients.set(client, bound);
    if (this.#clients.size > this.#options.clients_max) {
      const oldest = this.#clients.keys().next();
      if (!oldest.done) this.#clients.delete(oldest.value);
    }
    return bound.take(now_ms);
  }

  /** Whether one could be taken; takes none. */
  open(address: string): boolean {
    return this.#clients.get(clientOf(address))?.open(this.#now()) ?? true;
  }
}

function clientOf(address: string): string {
  if (!isIPv6(address) || /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address)) return address;
  const [head = "", tail] = address.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups =
    tail === undefined ? front : [...front, ...Array<string>(Math.max(0, 8 - front.length - back.length)).fill("0"), ...back];
  return groups.slice(0, 4).join(":");
}
