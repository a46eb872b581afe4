/** `/api/trpc/*`: the procedures over HTTP, at most a dozen in one request. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isDatabaseAway } from "@otedama/db/web";
import { TRPCError } from "@trpc/server";
import { nodeHTTPRequestHandler } from "@trpc/server/adapters/node-http";
import type { Services } from "../services.ts";
import { type Context, DATABASE_AWAY } from "../trpc/procedure.ts";
import { appRouter } from "../trpc/router.ts";
import type { ClientAddress } from "./client_address.ts";
import { cookieHeaders } from "./cookies.ts";

const PREFIX = "/api/trpc/";
const BODY_BYTES_MAX = 65_536;
/** Signed transactions are handed in by this one. */
const UPLOAD_PATH = `${PREFIX}payouts.upload`;
const UPLOAD_BYTES_MAX = 6_000_000;
const BATCH_MAX = 12;

/** `address` is null for pages, which only read. */
export async function createContext(services: Services, headers: Headers, address: string | null): Promise<Context> {
  try {
    const signed_in = await services.signedIn(headers);
    return { services, me: signed_in?.me ?? null, session_id: signed_in?.session_id ?? null, api_key_id: null, address };
  } catch (error) {
    if (isDatabaseAway(error)) throw new TRPCError({ code: "SERVICE_UNAVAILABLE", message: DATABASE_AWAY });
    services.log.error({ err: error }, "a session could not be checked");
    throw error;
  }
}

export function createTrpcHandler(services: Services, dependencies: { addressOf: ClientAddress }) {
  return async (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
    response.setHeader("cache-control", "no-store");
    await nodeHTTPRequestHandler({
      router: appRouter,
      req: request,
      res: response,
      path: path.slice(PREFIX.length),
      maxBodySize: path === UPLOAD_PATH ? UPLOAD_BYTES_MAX : BODY_BYTES_MAX,
      maxBatchSize: BATCH_MAX,
      createContext: () => createContext(services, cookieHeaders(request), dependencies.addressOf(request)),
    });
  };
}
