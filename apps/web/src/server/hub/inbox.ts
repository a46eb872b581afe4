/** What a machine sends over its connection: within a rate, by known events, each answered with an Ack. */
import { type Ack, AGENT_TRY_AGAIN } from "@otedama/shared";
import type { Logger } from "pino";
import type { Socket } from "socket.io";
import type { z } from "zod";
import type { Counters } from "../counters.ts";
import { RateBound } from "./rate_bound.ts";

export interface Refusal {
  code: string;
  message: string;
}

/** Answers whether a message could be taken: null, or what is wrong. */
export type MessageHandler = (body: unknown, now_ms: number) => Refusal | null | Promise<Refusal | null>;

export interface InboxOptions {
  /** Named in the log. */
  kind: string;
  rate: { per_s: number; burst: number };
  /** Bad messages of one connection after which it is closed. */
  bad_max: number;
}

export interface InboxDependencies {
  counters: Counters;
  log: Logger;
  now: () => number;
}

export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? "malformed" : `${issue.path.join(".") || "message"}: ${issue.message}`.slice(0, 300);
}

/** A connection that goes on sending what it should not is ended. What we cannot store just now is not held against it. */
export function listen(
  socket: Socket,
  handlers: Readonly<Record<string, MessageHandler>>,
  options: InboxOptions,
  dependencies: InboxDependencies,
): void {
  const { counters, log, now } = dependencies;
  const rate = new RateBound(options.rate, now());
  let bad = 0;
  let told = false;

  async function receive(event: string, body: unknown): Promise<Refusal | null> {
    const now_ms = now();
    if (!rate.take(now_ms)) {
      counters.add("hub_flooded_messages");
      bad++;
      return { code: "flood", message: `At most ${options.rate.per_s} messages a second.` };
    }
    const handler = Object.hasOwn(handlers, event) ? handlers[event] : undefined;
    const refusal =
      handler === undefined ? { code: "unknown_event", message: "There is no such event." } : await handler(body, now_ms);
    if (refusal !== null && !AGENT_TRY_AGAIN.includes(refusal.code)) {
      counters.add("hub_bad_messages");
      bad++;
    }
    return refusal;
  }

  socket.onAny((event: string, ...args: unknown[]) => {
    const last = args.at(-1);
    receive(event, args[0])
      .catch((error: unknown): Refusal => {
        log.error({ err: error, kind: options.kind, event }, "a message could not be handled");
        return { code: "unavailable", message: "The hub could not handle this. Try again soon." };
      })
      .then((refusal) => {
        if (typeof last === "function") {
          const answer: Ack = refusal === null ? { ok: true } : { ok: false, ...refusal };
          last(answer);
        }
        if (refusal === null) return;
        if (!told && bad > 0) {
          told = true;
          log.warn({ kind: options.kind, code: refusal.code, reason: refusal.message }, "bad message on the hub");
        }
        if (bad >= options.bad_max) socket.disconnect(true);
      });
  });
}
