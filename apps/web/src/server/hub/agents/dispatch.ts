/**
 * Sends what waits for agents: commands and desired state, signed as they leave. The database is the outbox; a wake-up only makes it
 * sooner. What an agent does not accept is sent again, until it does or the deadline passes.
 */
import {
  agentsWithDueCommands,
  agentsWithOpenDesired,
  type CommandToSend,
  type DesiredToSend,
  desiredToSend,
  expireCommands,
  isDatabaseAway,
  refreshDesired,
  stepBulk,
  takeCommandsToSend,
  transaction,
  type WebDatabase,
} from "@otedama/db/web";
import { AGENT_TRY_AGAIN, type AgentCommand, type CommandReport, type DesiredState } from "@otedama/shared";
import type { Logger } from "pino";
import type { Counters } from "../../counters.ts";
import type { ControlKey } from "../../keys/control_key.ts";
import type { BrowserFeed } from "../browser_feed.ts";
import type { AgentPresence } from "./presence.ts";
import type { AgentRecords } from "./records.ts";

export interface AgentDispatchOptions {
  /** How often the database is asked whom something waits for, beside the wake-ups. */
  sweep_ms: number;
  /** What was sent and not accepted is sent again after this. */
  resend_after_ms: number;
}

export interface AgentDispatchDependencies {
  sql: WebDatabase["sql"];
  control_key: ControlKey;
  presence: AgentPresence;
  records: AgentRecords;
  feed: BrowserFeed;
  counters: Counters;
  log: Logger;
  now: () => number;
}

const AGENTS_AT_ONCE = 500;
const ROWS_MAX = 20_000;
const EXPIRED_AT_ONCE = 5_000;

export class AgentDispatch {
  readonly #options: AgentDispatchOptions;
  readonly #dependencies: AgentDispatchDependencies;
  /** Connected a moment ago: what was sent before is sent again. */
  readonly #arrived = new Set<string>();
  readonly #renamed = new Set<string>();
  readonly #waiting = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #turn: Promise<void> | null = null;
  #again = false;
  #stopped = false;
  #failed = false;

  constructor(options: AgentDispatchOptions, dependencies: AgentDispatchDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  start(): void {
    this.#timer = setInterval(() => {
      void this.#sweep().then(() => this.#wake());
    }, this.#options.sweep_ms);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#turn;
  }

  arrived(agent_id: string, { renamed }: { renamed: boolean }): void {
    this.#arrived.add(agent_id);
    if (renamed) this.#renamed.add(agent_id);
    this.#wake();
  }

  /** Something was written for these agents, or for a bulk action. */
  written(agent_ids: readonly string[] = []): void {
    for (const id of agent_ids) if (this.#dependencies.presence.keyed(id) !== null) this.#waiting.add(id);
    this.#wake();
  }

  #wake(): void {
    if (this.#stopped) return;
    if (this.#turn !== null) {
      this.#again = true;
      return;
    }
    this.#turn = this.#run().finally(() => {
      this.#turn = null;
      if (this.#again) {
        this.#again = false;
        this.#wake();
      }
    });
  }

  async #run(): Promise<void> {
    try {
      await this.#rename();
      await this.#bulks();
      while (this.#arrived.size > 0) await this.#send(takeSome(this.#arrived), true);
      while (this.#waiting.size > 0) await this.#send(takeSome(this.#waiting), false);
      this.#failed = false;
    } catch (error) {
      if (!this.#failed && !isDatabaseAway(error))
        this.#dependencies.log.error({ err: error }, "commands could not be dispatched");
      this.#failed = true;
    }
  }

  /** Finds whom something waits for, ends what is late. The next turn sends it. */
  async #sweep(): Promise<void> {
    if (this.#stopped) return;
    const { sql, presence, records, feed, log } = this.#dependencies;
    try {
      await records.flush();
      if ((await expireCommands(sql, EXPIRED_AT_ONCE)) > 0) feed.changedNow("commands");
      const due = await Promise.all([
        agentsWithDueCommands(sql, { resend_after_ms: this.#options.resend_after_ms, rows_max: ROWS_MAX }),
        agentsWithOpenDesired(sql, ROWS_MAX),
      ]);
      for (const id of due.flat()) if (presence.keyed(id) !== null) this.#waiting.add(id);
    } catch (error) {
      if (!isDatabaseAway(error)) log.error({ err: error }, "what waits for agents could not be read");
    }
  }

  async #rename(): Promise<void> {
    const renamed = [...this.#renamed];
    if (renamed.length === 0) return;
    await transaction(this.#dependencies.sql, (client) => refreshDesired(client, renamed));
    for (const id of renamed) this.#renamed.delete(id);
  }

  async #bulks(): Promise<void> {
    const { sql, feed } = this.#dependencies;
    let after_id = 0;
    for (;;) {
      const step = await stepBulk(sql, after_id);
      if (step === null) return;
      after_id = step.bulk_id;
      if (step.agent_ids.length > 0 || step.state !== "running") feed.changedNow("commands");
      this.written(step.agent_ids);
    }
  }

  async #send(agent_ids: readonly string[], again: boolean): Promise<void> {
    const { sql, presence } = this.#dependencies;
    const here = agent_ids.filter((id) => presence.keyed(id) !== null);
    if (here.length === 0) return;
    try {
      const { resend_after_ms } = this.#options;
      const commands = await takeCommandsToSend(sql, here, { again, resend_after_ms, rows_max: ROWS_MAX });
      for (const command of commands) void this.#pushCommand(command);
      for (const desired of await desiredToSend(sql, here)) void this.#pushDesired(desired);
      if (commands.length > 0) this.#dependencies.feed.changedNow("commands");
    } catch (error) {
      // A new connection has seen nothing yet, and the sweep cannot tell.
      if (again) for (const id of here) this.#arrived.add(id);
      throw error;
    }
  }

  async #pushCommand(command: CommandToSend): Promise<void> {
    const { control_key, presence, records, counters, now } = this.#dependencies;
    const { id, agent_id, number, issued_at_ms, deadline_ms, body } = command;
    const message = control_key.sign("command", { id, agent_id, number, issued_at_ms, deadline_ms, body } satisfies AgentCommand);
    counters.add("agents_commands_sent");
    const ack = (await presence.keyed(agent_id)?.push("command", message)) ?? null;
    if (ack === null || ack.ok || AGENT_TRY_AGAIN.includes(ack.code)) return;
    const report: CommandReport = {
      id,
      number,
      state: "failed",
      at_ms: now(),
      message: `The agent refused it: ${ack.message} (${ack.code})`,
      evidence: null,
    };
    await this.#quietly(agent_id, records.commands.add({ agent_id, report, at_ms: now() }));
  }

  async #pushDesired({ agent_id, revision, content }: DesiredToSend): Promise<void> {
    const { control_key, presence, records, counters, now } = this.#dependencies;
    const state: DesiredState = { agent_id, revision, issued_at_ms: now(), ...(content ?? { sheet: null, paused: null }) };
    counters.add("agents_desired_sent");
    const ack = (await presence.keyed(agent_id)?.push("desired", control_key.sign("desired", state))) ?? null;
    if (ack?.ok) await this.#quietly(agent_id, records.held.add({ agent_id, revision }));
  }

  /** What is not stored now is sent again by the next sweep. */
  async #quietly(agent_id: string, stored: Promise<unknown>): Promise<void> {
    await stored.catch((error: unknown) => void this.#dependencies.records.refusalOf(error, agent_id));
  }
}

function takeSome(ids: Set<string>): string[] {
  const some = [...ids].slice(0, AGENTS_AT_ONCE);
  for (const id of some) ids.delete(id);
  return some;
}
