/**
 * `/api/agent/releases`: see packages/shared/src/wire/agents/releases.ts. Each request is signed by the agent's own key, so that only
 * enrolled agents draw on the disk and the line; what they get is no secret.
 */
import { verify } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { findAgentKey, getSignedRelease, isDatabaseAway, releaseFileBytes, type WebDatabase } from "@otedama/db/web";
import { Ed25519Signature, FETCH_CLOCK_MS_MAX, fetchStatement, RELEASES_PATH } from "@otedama/shared";
import type { Logger } from "pino";
import { z } from "zod";
import type { Counters } from "../counters.ts";
import type { ReleaseFiles } from "../releases/release_files.ts";
import type { ClientAddress } from "./client_address.ts";
import type { ClientBounds } from "./client_bounds.ts";
import { sendError, sendJson } from "./respond.ts";

export interface ReleaseHandlerOptions {
  /** Files on their way at once, and to one agent. */
  transfers_max: number;
  transfers_per_agent_max: number;
  /** An agent that takes nothing for so long is cut off. */
  silence_ms: number;
}

export interface ReleaseHandlerDependencies {
  sql: WebDatabase["sql"];
  files: ReleaseFiles;
  /** Requests of an address, however they are signed. */
  asks: ClientBounds;
  addressOf: ClientAddress;
  counters: Counters;
  log: Logger;
  now: () => number;
}

const Authorization = z.tuple([z.literal("Otedama-Agent"), z.uuid(), z.string().regex(/^\d{1,15}$/), Ed25519Signature]);
const MANIFEST = /^\/([1-9]\d{0,8})$/;
const FILE = /^\/files\/([0-9a-f]{64})$/;
const RETRY = { "retry-after": "30" };

class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;
  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export function createReleaseHandler(options: ReleaseHandlerOptions, dependencies: ReleaseHandlerDependencies) {
  const { sql, files, asks, addressOf, counters, log, now } = dependencies;
  const transfers = new Map<string, number>();
  let under_way = 0;

  return {
    serves: (path: string) => path === RELEASES_PATH || path.startsWith(`${RELEASES_PATH}/`),
    async handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
      try {
        if (request.method !== "GET") throw new Refusal(405, "method_not_allowed", "Use GET.", { allow: "GET" });
        if (!asks.take(addressOf(request))) throw new Refusal(429, "too_many", "Too many requests from your address.", RETRY);
        const rest = path.slice(RELEASES_PATH.length);
        const number = MANIFEST.exec(rest)?.[1];
        const sha256 = FILE.exec(rest)?.[1];
        if (number === undefined && sha256 === undefined) throw new Refusal(404, "not_found", "There is no such thing.");
        const agent_id = await prove(request, path);
        if (number !== undefined) await sendManifest(response, Number(number));
        else if (sha256 !== undefined) await sendFile(request, response, agent_id, sha256);
      } catch (error) {
        if (error instanceof Refusal) {
          counters.add("release_fetches_refused");
          sendError(response, error.status, error.code, error.message, error.headers);
        } else if (isDatabaseAway(error)) {
          sendError(response, 503, "unavailable", "The database does not answer. Try again soon.", RETRY);
        } else throw error;
      }
    },
  };

  async function prove(request: IncomingMessage, path: string): Promise<string> {
    const parsed = Authorization.safeParse((request.headers.authorization ?? "").split(" "));
    if (!parsed.success)
      throw new Refusal(401, "bad_proof", "authorization: must be `Otedama-Agent <agent_id> <at_ms> <signature>`.");
    const [, agent_id, at_text, signature] = parsed.data;
    const at_ms = Number(at_text);
    if (Math.abs(now() - at_ms) > FETCH_CLOCK_MS_MAX) {
      throw new Refusal(401, "clock", `The request says ${new Date(at_ms).toISOString()}, which is too far from this clock.`);
    }
    const agent = await findAgentKey(sql, agent_id);
    if (agent === null) throw new Refusal(403, "unknown_agent", "This agent is not enrolled here.");
    const x = Buffer.from(agent.public_key, "base64").toString("base64url");
    const key = { key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" } as const;
    if (!verify(null, fetchStatement(agent_id, path, at_ms), key, Buffer.from(signature, "base64"))) {
      throw new Refusal(401, "bad_proof", "The request is not signed by the key that this agent enrolled with.");
    }
    if (agent.retired) throw new Refusal(403, "retired", "This agent was retired. Enrol it again to let it in.");
    return agent_id;
  }

  async function sendManifest(response: ServerResponse, number: number): Promise<void> {
    const signed = await getSignedRelease(sql, number);
    if (signed === null)
      throw new Refusal(404, "not_found", `There is no release ${number}, or its files were deleted for their age.`);
    sendJson(response, 200, signed, { "cache-control": "no-store" });
  }

  async function sendFile(request: IncomingMessage, response: ServerResponse, agent_id: string, sha256: string): Promise<void> {
    const bytes = await releaseFileBytes(sql, sha256);
    if (bytes === null) throw new Refusal(404, "not_found", "No release has a file with this hash.");
    const from = rangeStart(request.headers.range, bytes);
    const mine = transfers.get(agent_id) ?? 0;
    if (under_way >= options.transfers_max || mine >= options.transfers_per_agent_max) {
      throw new Refusal(429, "too_many", "As many files are on their way as may be. Try again soon.", RETRY);
    }
    under_way += 1;
    transfers.set(agent_id, mine + 1);
    counters.add("release_files_sent");
    const done = () => {
      under_way -= 1;
      const left = (transfers.get(agent_id) ?? 1) - 1;
      if (left === 0) transfers.delete(agent_id);
      else transfers.set(agent_id, left);
    };
    response.setTimeout(options.silence_ms, () => response.destroy());
    await new Promise<void>((resolve) => {
      const stream = files.read(sha256, from);
      stream.once("open", () => {
        response.writeHead(from > 0 ? 206 : 200, {
          "content-type": "application/octet-stream",
          "content-length": bytes - from,
          "accept-ranges": "bytes",
          "cache-control": "no-store",
          ...(from > 0 ? { "content-range": `bytes ${from}-${bytes - 1}/${bytes}` } : {}),
        });
        stream.pipe(response);
      });
      stream.once("error", (error) => {
        log.error({ err: error, sha256 }, "a release's file cannot be read");
        if (response.headersSent) response.destroy();
        else sendError(response, 503, "unavailable", "The file cannot be read on the control plane. It is in its log.", RETRY);
      });
      response.once("close", () => {
        stream.destroy();
        resolve();
      });
    }).finally(done);
  }
}

/** One range from a place to the end is all that a download that goes on needs. */
function rangeStart(range: string | undefined, bytes: number): number {
  if (range === undefined) return 0;
  const from = Number(/^bytes=(\d{1,12})-$/.exec(range)?.[1] ?? Number.NaN);
  if (Number.isInteger(from) && from < bytes) return from;
  throw new Refusal(416, "bad_range", `range: must be \`bytes=<from>-\` with <from> below ${bytes}.`, {
    "content-range": `bytes */${bytes}`,
  });
}
