/** Runs commands, one at a time and each at most once, and keeps what is to be said of them until the control plane has it. */
import type { AgentCommand, CommandBody, CommandReport } from "@otedama/shared/agent";
import type { OutboxItem } from "../channel/outbox.ts";
import type { Refusal } from "../channel/signed.ts";
import { type Journal, type JournalEntry, OPEN_COMMANDS_MAX } from "./journal.ts";
import { type CommandKind, type CommandKinds, failed, type Outcome } from "./kind.ts";

export interface RunnerOptions {
  /** A command ends after this at the latest, whatever its deadline. */
  run_max_ms: number;
  /** The same for an update, whose file may come over a slow line. */
  update_max_ms: number;
  /** How far ahead of the control plane's clock an order may say that it was issued. */
  future_max_ms: number;
  /** How long a disk that took nothing is left alone. */
  disk_wait_ms: number;
}

export const RUNNER_OPTIONS: RunnerOptions = {
  run_max_ms: 10 * 60_000,
  update_max_ms: 45 * 60_000,
  future_max_ms: 60_000,
  disk_wait_ms: 10_000,
};

export interface RunnerDependencies {
  journal: Journal;
  kinds: CommandKinds;
  /** The control plane's clock: what deadlines are judged by. */
  now_ms: () => number;
  /** The rig's own clock: what reports bear, as everything that it tells does. */
  own_ms: () => number;
  /** A report waits. */
  onReport: () => void;
  onFinished: (command: AgentCommand, outcome: Outcome) => void;
  onTrouble: (text: string) => void;
}

const MESSAGE_MAX = 1_000;

export class CommandRunner {
  readonly #options: RunnerOptions;
  readonly #dependencies: RunnerDependencies;
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;

  constructor(options: RunnerOptions, dependencies: RunnerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** Takes up what an earlier process left. */
  start(): void {
    this.#work();
  }

  /** What runs is left where it is: its fate is read back at the next start. */
  stop(): void {
    this.#stop.abort();
    if (this.#retry) clearTimeout(this.#retry);
  }

  /** An order that came in, verified. Null: it is on disk and will be run, or was before. */
  offer(command: AgentCommand): Refusal | null {
    const { journal, now_ms } = this.#dependencies;
    const known = journal.entry(command.id);
    if (known?.command.number === command.number) return null;
    if (command.number <= journal.highest) {
      return {
        code: "replayed",
        message: `Number ${command.number} is not above ${journal.highest}, which this agent had before.`,
      };
    }
    const now = now_ms();
    if (command.issued_at_ms > now + this.#options.future_max_ms) {
      const ahead_s = Math.round((command.issued_at_ms - now) / 1000);
      return { code: "future", message: `It was issued ${ahead_s} s in the future, by the control plane's own clock.` };
    }
    if (journal.open().length >= OPEN_COMMANDS_MAX) {
      return { code: "busy", message: `${OPEN_COMMANDS_MAX} commands are not finished yet.` };
    }
    const expired = command.deadline_ms <= now;
    const state = expired ? "expired" : "accepted";
    try {
      journal.accept(
        command,
        report(command, state, this.#dependencies.own_ms(), expired ? "Its deadline had passed when it came." : ""),
      );
    } catch (error) {
      return { code: "disk", message: `It cannot be written to this rig's journal, so it is not run: ${reason(error)}` };
    }
    this.#dependencies.onReport();
    this.#work();
    return null;
  }

  /** For the outbox. */
  waiting(): OutboxItem | null {
    const { journal } = this.#dependencies;
    const body = journal.oldestWaiting();
    if (body === null) return null;
    const done = () => this.#try(() => journal.stored(body), "an acknowledgement");
    return {
      event: "command",
      body,
      stored: done,
      dropped: (code, message) => {
        this.#dependencies.onTrouble(
          `the control plane does not want what became of command ${body.number}: ${message} (${code})`,
        );
        done();
      },
    };
  }

  #work(): void {
    this.#running ??= this.#drain().finally(() => {
      this.#running = null;
    });
  }

  async #drain(): Promise<void> {
    // In a turn of its own: the order is acknowledged first.
    await Promise.resolve();
    for (let entry = this.#next(); entry !== null; entry = this.#next()) {
      if (await this.#handle(entry)) continue;
      this.#retry = setTimeout(() => this.#work(), this.#options.disk_wait_ms);
      return;
    }
  }

  #next(): JournalEntry | null {
    return this.#stop.signal.aborted ? null : (this.#dependencies.journal.open()[0] ?? null);
  }

  /** False when the journal did not take what happened: it is gone into again later. */
  async #handle(entry: JournalEntry): Promise<boolean> {
    const { command } = entry;
    const { now_ms } = this.#dependencies;
    if (entry.state === "running") {
      const earlier = { began_at_ms: entry.state_at_ms, run: entry.run };
      return this.#finish(command, (kind, signal) => kind.recover(command, earlier, signal));
    }
    if (command.deadline_ms <= now_ms()) {
      return this.#record(command, "expired", "Its deadline passed before its turn came.", null);
    }
    if (!this.#record(command, "running", "", null)) return false;
    return this.#finish(command, (kind, signal) => kind.run(command, signal));
  }

  async #finish(
    command: AgentCommand,
    act: (kind: CommandKind<CommandBody["kind"]>, signal: AbortSignal) => Promise<Outcome>,
  ): Promise<boolean> {
    const kind = this.#dependencies.kinds[command.body.kind] as unknown as CommandKind<CommandBody["kind"]>;
    const { run_max_ms, update_max_ms } = this.#options;
    const max_ms = command.body.kind === "update" ? update_max_ms : run_max_ms;
    const left_ms = Math.max(1_000, Math.min(max_ms, command.deadline_ms - this.#dependencies.now_ms()));
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(left_ms)]);
    let outcome: Outcome;
    try {
      outcome = await act(kind, signal);
    } catch (error) {
      outcome = failed(`It ended with an error: ${reason(error)}`);
    }
    // Ended by our own end: the next process reads back what became of it.
    if (this.#stop.signal.aborted) return true;
    if (!this.#record(command, outcome.state, outcome.message, outcome.evidence)) return false;
    this.#dependencies.onFinished(command, outcome);
    return true;
  }

  /** False where the disk did not take it: what cannot be written is not begun, and what was begun is read back later. */
  #record(command: AgentCommand, state: CommandReport["state"], message: string, evidence: CommandReport["evidence"]): boolean {
    const { journal, own_ms, onReport } = this.#dependencies;
    const body = { ...report(command, state, own_ms(), message), evidence };
    const recorded = this.#try(() => journal.report(body), `that command ${command.number} is ${state}`);
    if (recorded) onReport();
    return recorded;
  }

  #try(write: () => void, what: string): boolean {
    try {
      write();
      return true;
    } catch (error) {
      this.#dependencies.onTrouble(`${what} cannot be written to the journal: ${reason(error)}`);
      return false;
    }
  }
}

function report(command: AgentCommand, state: CommandReport["state"], at_ms: number, message: string): CommandReport {
  return { id: command.id, number: command.number, state, at_ms, message: message.slice(0, MESSAGE_MAX), evidence: null };
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
