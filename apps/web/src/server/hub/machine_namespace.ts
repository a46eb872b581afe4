/**
 * What `/agents` and `/pools` have in common: a hello with a token at the handshake, messages by schema and within a rate, an Ack for
 * each, and the end of a connection that goes on sending what it should not.
 */
import type { AccessTokenKind } from "@otedama/db/web";
import { type Ack, HUB_PROTOCOL_VERSIONS } from "@otedama/shared";
import type { Logger } from "pino";
import type { Namespace, Socket } from "socket.io";
import { z } from "zod";
import type { Counters } from "../counters.ts";
import { RateBound } from "./rate_bound.ts";
import type { TokenGate } from "./token_gate.ts";

export interface MachineNamespaceOptions<Hello> {
  kind: AccessTokenKind;
  hello: z.ZodType<Hello>;
  rate: { per_s: number; burst: number };
  /** Bad messages of one connection after which it is closed. */
  bad_max: number;
  connections_max: number;
}

export interface MachineNamespaceDependencies {
  gate: TokenGate;
  counters: Counters;
  log: Logger;
  now: () => number;
}

/** Answers whether a message could be taken: null, or what is wrong. */
export type MessageHandler = (body: unknown, now_ms: number) => Refusal | null;
export interface Refusal {
  code: string;
  message: string;
}

export interface Machine<Hello> {
  hello: Hello;
  /** Ends the connection. */
  close(): void;
}

export interface MachineCallbacks<Hello> {
  /** Null refuses nothing. */
  admit(hello: Hello): Refusal | null;
  /** Handlers by event name. */
  connected(machine: Machine<Hello>): Record<string, MessageHandler>;
  disconnected(machine: Machine<Hello>): void;
}

const Versioned = z.looseObject({ protocol: z.int() });

export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? "malformed" : `${issue.path.join(".") || "message"}: ${issue.message}`.slice(0, 300);
}

export function serveMachines<Hello extends { token: string }>(
  namespace: Namespace,
  options: MachineNamespaceOptions<Hello>,
  dependencies: MachineNamespaceDependencies,
  callbacks: MachineCallbacks<Hello>,
): { token_ids(): number[]; closeTokens(dead: ReadonlySet<number>): void } {
  const { gate, counters, log, now } = dependencies;

  namespace.use(async (socket, next) => {
    const refusal = await admit(socket).catch((error: unknown): Refusal => {
      log.error({ err: error }, "handshake failed");
      return { code: "unavailable", message: "The hub could not check the handshake. Try again soon." };
    });
    if (refusal === null) return next();
    counters.add("hub_refused_handshakes");
    next(Object.assign(new Error(refusal.message), { data: refusal }));
  });

  async function admit(socket: Socket): Promise<Refusal | null> {
    const versioned = Versioned.safeParse(socket.handshake.auth);
    if (versioned.success && !HUB_PROTOCOL_VERSIONS.some((version) => version === versioned.data.protocol)) {
      return { code: "version", message: `This hub speaks protocol ${HUB_PROTOCOL_VERSIONS.join(", ")}; update one of the two.` };
    }
    const hello = options.hello.safeParse(socket.handshake.auth);
    if (!hello.success) return { code: "bad_hello", message: firstIssue(hello.error) };
    if (namespace.sockets.size >= options.connections_max) {
      return { code: "unavailable", message: `This hub takes ${options.connections_max} connections of this kind at most.` };
    }
    const admission = await gate.admit(options.kind, hello.data.token);
    if ("code" in admission) return admission;
    const refused = callbacks.admit(hello.data);
    if (refused !== null) return refused;
    socket.data.hello = hello.data;
    socket.data.token_id = admission.token_id;
    return null;
  }

  namespace.on("connection", (socket) => {
    const machine: Machine<Hello> = { hello: socket.data.hello as Hello, close: () => socket.disconnect(true) };
    const handlers = callbacks.connected(machine);
    const rate = new RateBound(options.rate, now());
    let bad = 0;

    const receive = (event: string, body: unknown): Refusal | null => {
      const now_ms = now();
      if (!rate.take(now_ms)) {
        counters.add("hub_flooded_messages");
        return { code: "flood", message: `At most ${options.rate.per_s} messages a second.` };
      }
      const handler = Object.hasOwn(handlers, event) ? handlers[event] : undefined;
      const refusal =
        handler === undefined ? { code: "unknown_event", message: "There is no such event." } : handler(body, now_ms);
      if (refusal !== null) counters.add("hub_bad_messages");
      return refusal;
    };

    socket.onAny((event: string, ...args: unknown[]) => {
      const last = args.at(-1);
      const refusal = receive(event, args[0]);
      if (typeof last === "function") {
        const answer: Ack = refusal === null ? { ok: true } : { ok: false, ...refusal };
        last(answer);
      }
      if (refusal === null) return;
      bad++;
      if (bad === 1) log.warn({ kind: options.kind, code: refusal.code, reason: refusal.message }, "bad message on the hub");
      if (bad >= options.bad_max) socket.disconnect(true);
    });
    socket.on("disconnect", () => callbacks.disconnected(machine));
  });

  const tokenOf = (socket: Socket) => socket.data.token_id as number;
  return {
    token_ids: () => [...new Set([...namespace.sockets.values()].map(tokenOf))],
    closeTokens(dead) {
      for (const socket of namespace.sockets.values()) if (dead.has(tokenOf(socket))) socket.disconnect(true);
    },
  };
}
