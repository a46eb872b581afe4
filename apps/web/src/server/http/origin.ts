/**
 * Browsers say where a request comes from; what another site caused is refused before it reaches any handler. The own origin is the
 * one of `public_url` or, since people also type an address or go through a tunnel, the host that the request was sent to: another
 * site's page cannot choose its Origin, and under a rebound name it has no cookie of ours.
 */
import type { IncomingMessage } from "node:http";

export function sameOrigin(origin: string, host: string | null | undefined, public_url: URL): boolean {
  if (origin === public_url.origin) return true;
  if (!host) return false;
  const parsed = URL.parse(origin);
  return parsed !== null && (parsed.protocol === "http:" || parsed.protocol === "https:") && parsed.host === host.toLowerCase();
}

/** Programs that are no browsers send neither header and are let through: they hold no one's cookies. */
export function cameFromElsewhere(request: IncomingMessage, public_url: URL): boolean {
  const { origin, host } = request.headers;
  if (origin !== undefined) return !sameOrigin(origin, host, public_url);
  const site = request.headers["sec-fetch-site"];
  return site !== undefined && site !== "same-origin" && site !== "none";
}
