/** Protocol 2: an agent known by its key. It proves the key first; what it tells is stored before it is acknowledged. */
import { randomBytes, verify } from "node:crypto";
import { type Arrived, completeUpTo, noteEvent } from "@otedama/db/web";
import {
  Ack,
  AgentBacklog,
  type AgentChallenge,
  AgentEvents,
  type AgentHello,
  AgentProof,
  AgentReport,
  type AgentWelcome,
  CommandReport,
  challengeStatement,
  DesiredReport,
} from "@otedama/shared";
import type { Socket } from "socket.io";
import type { z } from "zod";
import { agentKey } from "../../keys/agent_key.ts";
import { firstIssue, listen, type Refusal } from "../inbox.ts";
import { RateBound } from "../rate_bound.ts";
import { believedTime, skewSentence } from "./clock.ts";
import type { AgentsDependencies } from "./namespace.ts";
import type { AgentConnection } from "./presence.ts";

const INBOX = { kind: "agent", rate: { per_s: 4, burst: 60 }, bad_max: 50 };
const BACKLOG_RATE = { per_s: 1, burst: 5 };
const EVENTS_RATE = { per_s: 1, burst: 500 };
const PUSH_MS = 10_000;
/** A report number that is further ahead than an agent counts in years was not counted. */
const NUMBER_LEAP_MAX = 10_000_000;

export async function serveVersion2(socket: Socket, hello: AgentHello, dependencies: AgentsDependencies): Promise<void> {
  const { presence, feed, figures, records, dispatch, counters, log, now, sql } = dependencies;
  const { agent_id } = hello;
  const refuse = (code: string, message: string) => {
    counters.add("hub_refused_handshakes");
    if (code === "bad_proof") records.refused(agent_id);
    socket.emit("refused", { code, message } satisfies Refusal);
    socket.disconnect(true);
  };

  // Nothing is heard before the proof.
  let proven = false;
  socket.onAny(() => {
    if (!proven) refuse("bad_proof", "Prove who you are first: answer the challenge.");
  });
  const clock_skew_ms = hello.at_ms - now();
  const challenge: AgentChallenge = { nonce: randomBytes(32).toString("base64"), at_ms: now() };
  const answer: unknown = await socket
    .timeout(dependencies.challenge_ms)
    .emitWithAck("challenge", challenge)
    .catch(() => null);
  if (!socket.connected) return;
  const proof = AgentProof.safeParse(answer);
  if (!proof.success) return refuse("bad_proof", "The challenge was not answered in time with a signature.");
  const signature = Buffer.from(proof.data.signature, "base64");
  const key = agentKey(hello.public_key);
  if (key === null || !verify(null, challengeStatement(agent_id, challenge), key, signature)) {
    return refuse("bad_proof", "The signature is not by the key that this agent was enrolled with.");
  }
  const now_ms = now();
  let arrived: Arrived | null;
  try {
    const { facts, command_number, desired_revision } = hello;
    arrived = await records.arrivals.add({ id: agent_id, facts, at_ms: now_ms, clock_skew_ms, command_number, desired_revision });
  } catch (error) {
    return refuse("unavailable", records.refusalOf(error, agent_id).message);
  }
  if (arrived === null) return refuse("retired", "This agent was retired. Enrol it again to let it in.");
  if (!socket.connected) return;

  proven = true;
  const connection: AgentConnection = {
    keyed: true,
    push: async (event, message) => {
      const answered: unknown = await socket
        .timeout(PUSH_MS)
        .emitWithAck(event, message)
        .catch(() => null);
      const ack = Ack.safeParse(answered);
      return ack.success ? ack.data : null;
    },
    close: () => socket.disconnect(true),
  };
  presence.take(agent_id, connection);
  socket.on("disconnect", () => {
    presence.gone(agent_id, connection);
    feed.changed("rigs");
  });
  const session = { agent_id, clock_skew_ms, highest: arrived.report_number };
  listen(socket, handlersOf(session, dependencies), INBOX, dependencies);
  socket.emit("welcome", {
    at_ms: now_ms,
    telemetry_interval_ms: dependencies.telemetryIntervalMs(),
    report_number: completeUpTo({ highest: arrived.report_number, missing: arrived.reports_missing }),
  } satisfies AgentWelcome);
  figures.agentKnown(agent_id);
  feed.changed("rigs");
  dispatch.arrived(agent_id, { renamed: arrived.name_before !== hello.facts.name });
  const skew = skewSentence(arrived.clock_skew_ms_before, clock_skew_ms);
  if (skew !== null) {
    await noteEvent(sql, agent_id, { at_ms: now_ms, kind: "clock", ...skew }).catch((error: unknown) =>
      log.warn({ err: error, agent_id }, "a rig's clock could not be noted"),
    );
  }
}

interface Session {
  agent_id: string;
  clock_skew_ms: number;
  /** The highest report number that is stored. */
  highest: number;
}

function handlersOf(session: Session, dependencies: AgentsDependencies) {
  const { figures, feed, records, counters, now } = dependencies;
  const { agent_id, clock_skew_ms } = session;
  const backlog_rate = new RateBound(BACKLOG_RATE, now());
  const events_rate = new RateBound(EVENTS_RATE, now());

  /** Counts what will never be taken, in the agent's row too. */
  const refused = (code: string, message: string): Refusal => {
    records.refused(agent_id);
    return { code, message };
  };
  const parse = <T>(schema: z.ZodType<T>, body: unknown, use: (value: T) => Promise<Refusal | null>): Promise<Refusal | null> => {
    const parsed = schema.safeParse(body);
    if (!parsed.success) return Promise.resolve(refused("bad_message", firstIssue(parsed.error)));
    return use(parsed.data).catch((error: unknown) => records.refusalOf(error, agent_id));
  };
  const wrong = (report: AgentReport, at_ms: number | null): Refusal | null => {
    if (at_ms === null) {
      return refused(
        "wrong_time",
        "at_ms: it is from the future or more than a month old, by the clock as it was when you connected.",
      );
    }
    if (report.number > session.highest + NUMBER_LEAP_MAX)
      return refused("wrong_number", "number: it is too far ahead of the last one.");
    return null;
  };
  const store = async (report: AgentReport, at_ms: number, arrived_ms: number | null): Promise<Refusal | null> => {
    const taken = await records.reports.add({ agent_id, report, at_ms, arrived_ms });
    if (taken === "unknown_agent") return { code: "retired", message: "This agent is not enrolled any more." };
    if (taken === "known") counters.add("agents_repeated_reports");
    session.highest = Math.max(session.highest, report.number);
    return null;
  };

  return {
    telemetry: (body: unknown, now_ms: number) =>
      parse(AgentReport, body, async (report) => {
        const at_ms = believedTime(report.at_ms, clock_skew_ms, now_ms);
        const refusal = wrong(report, at_ms);
        if (refusal !== null || at_ms === null) return refusal;
        counters.add("hub_telemetry");
        if (report.number > session.highest) figures.agentReported(agent_id, report, now_ms);
        feed.dirty();
        const failed = await store(report, at_ms, now_ms);
        feed.changed("rigs");
        return failed;
      }),
    backlog: (body: unknown, now_ms: number) => {
      if (!backlog_rate.take(now_ms)) return { code: "flood", message: `At most ${BACKLOG_RATE.per_s} backlog a second.` };
      return parse(AgentBacklog, body, async ({ reports }) => {
        // Those that are wrong are left out and counted; the others need not be sent again for their sake.
        const good = reports.flatMap((report) => {
          const at_ms = believedTime(report.at_ms, clock_skew_ms, now_ms);
          return wrong(report, at_ms) === null && at_ms !== null ? [{ report, at_ms }] : [];
        });
        const stored = await Promise.all(good.map(({ report, at_ms }) => store(report, at_ms, null)));
        counters.add("hub_telemetry", good.length);
        return stored.find((refusal) => refusal !== null) ?? null;
      });
    },
    event: (body: unknown, now_ms: number) =>
      parse(AgentEvents, body, async ({ events }) => {
        for (let event = 0; event < events.length; event++) {
          if (!events_rate.take(now_ms))
            return { code: "flood", message: `At most ${EVENTS_RATE.per_s} event a second in the long run.` };
        }
        await records.events.add(
          events.map((event) => ({ agent_id, event, at_ms: believedTime(event.at_ms, clock_skew_ms, now_ms) ?? now_ms })),
        );
        feed.changed("rigs");
        return null;
      }),
    command: (body: unknown, now_ms: number) =>
      parse(CommandReport, body, async (report) => {
        const at_ms = believedTime(report.at_ms, clock_skew_ms, now_ms) ?? now_ms;
        const known = await records.commands.add({ agent_id, report, at_ms });
        if (!known) return refused("unknown_command", "id: no such command was given to this agent.");
        feed.changedNow("commands");
        return null;
      }),
    desired: (body: unknown, now_ms: number) =>
      parse(DesiredReport, body, async (report) => {
        await records.proofs.add({ agent_id, report, since_ms: believedTime(report.since_ms, clock_skew_ms, now_ms) ?? now_ms });
        feed.changed("rigs", "sheets");
        return null;
      }),
  };
}
