/**
 * Enrolment: the token and the agent's own key go to the control plane, and its key comes back. An answer may be lost after the token
 * was spent, so the same request is sent again; the control plane lets the same key use the token twice.
 */
import { type AgentFacts, EnrolAnswer, type EnrolRequest, enrolStatement } from "@otedama/shared/agent";
import { z } from "zod";
import { type Enrolment, tokenHash } from "./enrolment.ts";
import type { Identity } from "./identity.ts";
import type { HttpAnswer } from "./post_json.ts";

/** A token is good for fifteen minutes; asking longer than that is of no use. */
export const ENROL_TIMING = {
  first_wait_ms: 1_000,
  wait_ms_max: 60_000,
  give_up_after_ms: 15 * 60_000,
  answer_timeout_ms: 15_000,
};

export interface EnrolOptions {
  hub_url: string;
  token: string;
  identity: Identity;
  facts: AgentFacts;
  timing: typeof ENROL_TIMING;
}

export interface EnrolDependencies {
  post: (url: URL, body: object, timeout_ms: number) => Promise<HttpAnswer>;
  now_ms: () => number;
  random: () => number;
  wait: (duration_ms: number) => Promise<void>;
  /** What a person should know meanwhile; never the token. */
  onNotice: (text: string) => void;
}

/** The control plane said no, and asking again would change nothing. */
export class EnrolRefused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`The control plane does not enrol this agent: ${message} (${code})`);
    this.code = code;
  }
}

const Refusal = z.looseObject({ code: z.string().max(64), message: z.string().max(500) });
const LATER = new Set([429, 500, 502, 503, 504]);

export async function enrol(options: EnrolOptions, dependencies: EnrolDependencies): Promise<Enrolment> {
  const { hub_url, token, identity, facts, timing } = options;
  const { now_ms, random, wait, onNotice } = dependencies;
  const url = new URL("/api/agent/enrol", hub_url);
  const claim = { token, agent_id: identity.agent_id, public_key: identity.public_key };
  const request: EnrolRequest = { ...claim, facts, signature: identity.sign(enrolStatement(claim)) };
  const began_at_ms = now_ms();
  for (let attempt = 0; ; attempt++) {
    const trouble = await ask(url, request, options, dependencies);
    if (typeof trouble !== "string") return trouble;
    const wait_ms = Math.min(timing.wait_ms_max, timing.first_wait_ms * 2 ** Math.min(attempt, 16)) * (0.5 + random() / 2);
    if (now_ms() + wait_ms - began_at_ms > timing.give_up_after_ms) {
      throw new EnrolRefused("given_up", `${trouble}; a token lives no longer than this was tried, so make a new one`);
    }
    if (attempt === 0) onNotice(`the control plane at ${url.origin} did not enrol this agent yet (${trouble}); trying on`);
    await wait(wait_ms);
  }
}

/** The enrolment, or why there was none this time. Throws EnrolRefused. */
async function ask(
  url: URL,
  request: EnrolRequest,
  { hub_url, token, identity, timing }: EnrolOptions,
  { post, now_ms }: EnrolDependencies,
): Promise<Enrolment | string> {
  let answer: HttpAnswer;
  try {
    answer = await post(url, request, timing.answer_timeout_ms);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (answer.status === 200) {
    const body = EnrolAnswer.safeParse(answer.body);
    if (!body.success || body.data.agent_id !== identity.agent_id) {
      throw new EnrolRefused("bad_answer", `what ${url.origin} answers is no enrolment: is it the control plane's address?`);
    }
    const { control_key, site } = body.data;
    return { hub_url, control_key, site, enrolled_at_ms: now_ms(), token_hash: tokenHash(token) };
  }
  const refusal = Refusal.safeParse(answer.body);
  if (LATER.has(answer.status)) return refusal.success ? refusal.data.message : `it answers ${answer.status}`;
  if (refusal.success) throw new EnrolRefused(refusal.data.code, refusal.data.message);
  throw new EnrolRefused("bad_answer", `${url.origin} answers ${answer.status}: is it the control plane's address?`);
}
