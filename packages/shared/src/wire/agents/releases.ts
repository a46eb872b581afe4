/**
 * How an agent fetches a release, over HTTP, with each request signed by its own key:
 *
 * `GET /api/agent/releases/<number>` answers a SignedMessage of kind `release`;
 * `GET /api/agent/releases/files/<sha256>` answers a file that one of the releases names (`Range: bytes=<from>-` is understood).
 *
 * `Authorization: Otedama-Agent <agent_id> <at_ms> <signature>`, the signature over `fetchStatement`, `at_ms` within
 * FETCH_CLOCK_MS_MAX of the control plane's clock. Errors: `{code, message}` with 401 bad_proof | clock, 403 unknown_agent | retired,
 * 404 not_found, 416 bad_range, 429 too_many (`Retry-After`), 503 unavailable.
 */
import { z } from "zod";

export const FETCH_CLOCK_MS_MAX = 10 * 60_000;

export const RELEASES_PATH = "/api/agent/releases";
export const releasePath = (number: number): string => `${RELEASES_PATH}/${number}`;
export const releaseFilePath = (sha256: string): string => `${RELEASES_PATH}/files/${sha256}`;

/** Replayed within the minutes that it is good for, it lets somebody read what the agent may read: a program that is no secret. */
export function fetchStatement(agent_id: string, path: string, at_ms: number): Uint8Array {
  return new TextEncoder().encode(`otedama agent fetch 2\n${agent_id}\n${path}\n${at_ms}\n`);
}

export const fetchAuthorization = (agent_id: string, at_ms: number, signature: string): string =>
  `Otedama-Agent ${agent_id} ${at_ms} ${signature}`;

export const FetchRefusal = z.looseObject({ code: z.string().max(64), message: z.string().max(500) });
