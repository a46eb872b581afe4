/**
 * A namespace whose machines show a token at the handshake, as `/pools` is.
 */
import type { AccessTokenKind } from "@otedama/db/web";
import { HUB_PROTOCOL_VERSIONS } from "@otedama/shared";
import type { Logger } from "pino";
import type { Namespace, Socket } from "socket.io";
import { z } from "zod";
import type { Counters } from "../counters.ts";
import { firstIssue, listen, type MessageHandler, type Refusal } from "./inbox.ts";
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

export function serveMachines<Hello extends { token: string }>(
  namespace: Namespace,
  options: MachineNamespaceOptions<Hello>,
  dependencies: MachineNamespaceDependencies,
  callbacks: MachineCallbacks<Hello>,
): { token_ids(): number[]; closeTokens(dead: ReadonlySet<number>): void } {
  const { gate, counters, log } = dependencies;

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
    listen(socket, handlers, options, dependencies);
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
