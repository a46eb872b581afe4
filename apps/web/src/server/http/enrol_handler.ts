/** `POST /api/agent/enrol`: see packages/shared/src/wire/agents/enrol.ts. For programs that have nothing yet but a token. */
import { verify } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { auditEnrolRefusal, type Enrolled, enrolAgent, isDatabaseAway, type WebDatabase } from "@otedama/db/web";
import { type EnrolAnswer, EnrolRequest, enrolStatement } from "@otedama/shared";
import type { Logger } from "pino";
import type { Counters } from "../counters.ts";
import { firstIssue } from "../hub/inbox.ts";
import { agentKey } from "../keys/agent_key.ts";
import type { ControlKey } from "../keys/control_key.ts";
import { readBody } from "./body.ts";
import type { ClientAddress } from "./client_address.ts";
import type { ClientBounds } from "./client_bounds.ts";
import { sendError, sendJson } from "./respond.ts";

export const ENROL_PATH = "/api/agent/enrol";
const BODY_BYTES_MAX = 16_384;
const UNIQUE_VIOLATION = "23505";
const STATUS = { bad_token: 403, used_token: 403, expired_token: 403, known_agent: 409 } as const;

export interface EnrolHandlerDependencies {
  sql: WebDatabase["sql"];
  control_key: ControlKey;
  asks: ClientBounds;
  /** Refusals of an address after which it is not heard for a while: it guesses, or it is broken. */
  refusals: ClientBounds;
  /** It has a key from now on. */
  enrolled: (agent_id: string) => void;
  addressOf: ClientAddress;
  counters: Counters;
  log: Logger;
}

export function createEnrolHandler(dependencies: EnrolHandlerDependencies) {
  const { sql, control_key, asks, refusals, enrolled, addressOf, counters, log } = dependencies;

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== "POST") return sendError(response, 405, "method_not_allowed", "Use POST.", { allow: "POST" });
    const address = addressOf(request);
    if (!refusals.open(address) || !asks.take(address)) {
      counters.add("agents_enrol_refused");
      return sendError(response, 429, "too_many", "Too many tries from your address. Wait a minute.", { "retry-after": "60" });
    }
    const refuse = (status: number, code: string, message: string) => {
      counters.add("agents_enrol_refused");
      refusals.take(address);
      sendError(response, status, code, message);
    };
    let body: unknown;
    try {
      body = JSON.parse((await readBody(request, BODY_BYTES_MAX)).toString("utf8"));
    } catch (error) {
      if (error instanceof SyntaxError) return refuse(400, "bad_request", "The request is no JSON.");
      throw error;
    }
    const parsed = EnrolRequest.safeParse(body);
    if (!parsed.success) return refuse(400, "bad_request", firstIssue(parsed.error));
    const { token, agent_id, facts, public_key, signature } = parsed.data;
    const key = agentKey(public_key);
    if (key === null || !verify(null, enrolStatement(parsed.data), key, Buffer.from(signature, "base64"))) {
      return refuse(400, "bad_request", "signature: it is not by the key in public_key.");
    }
    try {
      const answer = await enrol({ token, agent_id, public_key: Buffer.from(public_key, "base64"), facts, address });
      if ("refused" in answer) {
        const { refused, message, token_id } = answer;
        log.warn({ code: refused, agent_id, address, token_id }, "an enrolment was refused");
        await auditEnrolRefusal(sql, { code: refused, agent_id, token_id, name: facts.name, address });
        return refuse(STATUS[refused], refused, message);
      }
      if (!answer.repeated) {
        counters.add("agents_enrolled");
        log.info({ agent_id, site: answer.site, address }, "an agent was enrolled");
        enrolled(agent_id);
      }
      const told: EnrolAnswer = { agent_id, site: answer.site, control_key: control_key.public_key };
      sendJson(response, 200, told, { "cache-control": "no-store" });
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      sendError(response, 503, "unavailable", "The database does not answer. Try again soon.", { "retry-after": "5" });
    }
  };

  async function enrol(asked: Parameters<typeof enrolAgent>[1]): Promise<Enrolled> {
    try {
      return await enrolAgent(sql, asked);
    } catch (error) {
      // Two asked at the same moment for the same key: one of them has it now.
      if (!(error instanceof Error && (error as { code?: unknown }).code === UNIQUE_VIOLATION)) throw error;
      return { refused: "known_agent", message: "This key belongs to another agent.", token_id: null };
    }
  }
}
