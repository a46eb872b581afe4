/** An enrolled agent's side of the control plane: the channel, orders, desired state, and what is sent. Composition only. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { AgentFacts, AgentSettings } from "@otedama/shared/agent";
import { CHANNEL_TIMING, Channel, type ChannelState } from "./channel/channel.ts";
import { CLOCK_TOLD_MS, type HubClock } from "./channel/hub_clock.ts";
import { OUTBOX_OPTIONS, Outbox } from "./channel/outbox.ts";
import { controlKey, type Refusal } from "./channel/signed.ts";
import { Journal } from "./commands/journal.ts";
import { pauseCommand } from "./commands/kinds/pause.ts";
import { readLogCommand } from "./commands/kinds/read_log.ts";
import { restartAgentCommand } from "./commands/kinds/restart_agent.ts";
import { restartMiningCommand } from "./commands/kinds/restart_mining.ts";
import { resumeCommand } from "./commands/kinds/resume.ts";
import { updateCommand } from "./commands/kinds/update.ts";
import type { PauseHold } from "./commands/pause_hold.ts";
import { counterReader } from "./commands/read_back.ts";
import { CommandRunner, RUNNER_OPTIONS } from "./commands/runner.ts";
import { CONVERGER_TIMING, Converger } from "./desired/converger.ts";
import { DesiredStore } from "./desired/desired_store.ts";
import type { RigPlan } from "./desired/plan.ts";
import type { PowerLimit } from "./desired/power_limit.ts";
import { threadNices } from "./desired/thread_nices.ts";
import type { EventLog } from "./events/event_log.ts";
import type { Enrolment } from "./identity/enrolment.ts";
import type { Identity } from "./identity/identity.ts";
import type { LogRing } from "./log/log_ring.ts";
import type { Rig } from "./mining/rig.ts";
import type { Reporter } from "./telemetry/reporter.ts";
import { DOWNLOAD_TIMING } from "./update/download.ts";
import { HubFetch } from "./update/fetch.ts";
import { Layout } from "./update/layout.ts";
import type { OwnRelease } from "./update/own_release.ts";
import { type Health, TRIAL_TIMING } from "./update/trial_watch.ts";
import { Updates } from "./update/updates.ts";

export interface ManagedOptions {
  settings: Pick<AgentSettings, "data_dir" | "pools" | "threads" | "nice">;
  hub_url: string;
  enrolment: Enrolment;
  identity: Identity;
  facts: AgentFacts;
  release: OwnRelease;
  /** Names this process in the journal. */
  run: string;
  started_at_ms: number;
}

export interface ManagedDependencies {
  rig: Rig;
  clock: HubClock;
  power: PowerLimit;
  hold: PauseHold;
  events: EventLog;
  reporter: Reporter;
  log: LogRing;
  restart: (why: string) => void;
  onPlan: (plan: RigPlan) => void;
  onState: (state: ChannelState) => void;
  /** For the log; events go their own way. */
  onNotice: (level: "info" | "warn", text: string) => void;
}

const monotonic_ms = () => performance.now();
const FETCH_SILENCE_MS = 30_000;

/** What a version on trial is judged by. */
function healthOf(rig: Rig, connected: boolean): Health {
  const { searching, hashrate_hps, pool } = rig.figures();
  const mining = searching && hashrate_hps.s10 > 0;
  const { held } = rig;
  const text = [connected ? "connected" : "not connected", held?.reason ?? `pool ${pool.state}`, pool.message].filter(Boolean);
  return { connected, mining, should_mine: held === null, text: text.join(", ") };
}

export class Managed {
  readonly #channel: Channel;
  readonly #outbox: Outbox;
  readonly #converger: Converger;
  readonly #runner: CommandRunner;
  readonly #journal: Journal;
  readonly #updates: Updates;
  readonly #refused = new Map<Refusal["code"], number>();

  constructor(options: ManagedOptions, dependencies: ManagedDependencies) {
    const { settings, hub_url, enrolment, identity, facts, release, run, started_at_ms } = options;
    const { rig, clock, power, hold, events, reporter, log, restart, onPlan, onState, onNotice } = dependencies;
    const now_ms = () => clock.now();
    const wake = () => this.wake();
    const trouble = (kind: "disk" | "command" | "desired") => (text: string) => {
      onNotice("warn", text);
      events.add(kind, "error", text);
    };
    const key = controlKey(enrolment.control_key);
    const store = new DesiredStore(
      { data_dir: settings.data_dir, agent_id: identity.agent_id, key },
      { onTrouble: trouble("disk") },
    );
    this.#journal = new Journal({ path: join(settings.data_dir, "commands.journal"), run }, { onTrouble: trouble("disk") });
    const read = counterReader(rig);
    const supervised = facts.supervision !== "none";
    this.#updates = new Updates(
      {
        layout: release.number === null ? null : Layout.of(process.execPath),
        own: release,
        platform: `${process.platform}-${process.arch}`,
        control_key: enrolment.control_key,
        supervised,
        download: DOWNLOAD_TIMING,
        trial: TRIAL_TIMING,
      },
      {
        fetch: new HubFetch(
          { hub_url, agent_id: identity.agent_id, silence_ms: FETCH_SILENCE_MS },
          { sign: (statement) => identity.sign(statement), now_ms },
        ),
        health: () => healthOf(rig, this.#channel.open),
        restart: () => restart("going over to another release"),
        onEvent: (severity, text) => {
          onNotice(severity === "info" ? "info" : "warn", text);
          events.add("update", severity, text);
        },
        random: Math.random,
        now_ms: monotonic_ms,
      },
    );
    this.#runner = new CommandRunner(RUNNER_OPTIONS, {
      journal: this.#journal,
      kinds: {
        pause: pauseCommand({ hold, read }),
        resume: resumeCommand({ hold, rig, read }),
        restart_mining: restartMiningCommand({ rig, read }),
        restart_agent: restartAgentCommand({ supervised, run, started_at_ms, restart }),
        read_log: readLogCommand({ log }),
        update: updateCommand({ updates: this.#updates }),
      },
      now_ms,
      own_ms: Date.now,
      onReport: wake,
      onFinished: ({ number, body }, { state, message }) => {
        const text = `command ${number} (${body.kind}) ${state}: ${message}`;
        onNotice("info", text);
        events.add("command", state === "failed" ? "warning" : "info", text);
      },
      onTrouble: trouble("command"),
    });
    this.#converger = new Converger(
      { own: settings, ...CONVERGER_TIMING },
      {
        store,
        rig,
        power,
        threadNices,
        cores: availableParallelism,
        now_ms: Date.now,
        monotonic_ms,
        hubOpen: () => this.#channel.open,
        onReport: wake,
        onPlan,
        onEvent: (severity, text) => {
          onNotice(severity === "info" ? "info" : "warn", text);
          events.add("desired", severity, text);
        },
        onTrouble: trouble("desired"),
      },
    );
    this.#channel = new Channel(
      { url: hub_url, agent_id: identity.agent_id, control_key: key, timing: CHANNEL_TIMING },
      {
        hello: () => ({
          protocol: 2,
          agent_id: identity.agent_id,
          public_key: identity.public_key,
          facts,
          at_ms: Date.now(),
          desired_revision: store.revision,
          command_number: this.#journal.highest,
        }),
        sign: (statement) => identity.sign(statement),
        random: Math.random,
        now_ms: monotonic_ms,
        onWelcome: ({ at_ms, telemetry_interval_ms, report_number }) => {
          const ahead_ms = clock.measured(at_ms);
          if (Math.abs(ahead_ms) > CLOCK_TOLD_MS) {
            const text = `this rig's clock is ${Math.round(Math.abs(ahead_ms) / 1000)} s ${ahead_ms > 0 ? "ahead of" : "behind"} the control plane's: set it right (NTP)`;
            onNotice("warn", text);
          }
          reporter.welcomed(telemetry_interval_ms, report_number);
        },
        onState: (state) => {
          onState(state);
          if (state.state !== "open") return;
          this.#outbox.opened();
          this.#converger.opened();
        },
        onCommand: (command) => this.#runner.offer(command),
        onDesired: (state, message) => this.#converger.take(state, message),
        onRefused: (what, { code, message }) => {
          const count = (this.#refused.get(code) ?? 0) + 1;
          this.#refused.set(code, count);
          const text = `a ${what} was not heeded: ${message} (${code}, ${count} since the start)`;
          onNotice("warn", text);
          events.add("refused", "warning", text);
        },
      },
    );
    this.#outbox = new Outbox(OUTBOX_OPTIONS, {
      send: (event, body) => this.#channel.send(event, body),
      isOpen: () => this.#channel.open,
      sources: [
        () => this.#runner.waiting(),
        () => this.#converger.waiting(),
        () => events.waiting(),
        () => reporter.live(),
        () => reporter.backlog(),
      ],
      now_ms: monotonic_ms,
      random: Math.random,
    });
  }

  /** For `otedama-agent status`. */
  get status(): object {
    return {
      channel: this.#channel.state,
      desired: this.#converger.report(),
      commands: { highest: this.#journal.highest, open: this.#journal.open().length },
      refused: Object.fromEntries(this.#refused),
    };
  }

  start(): void {
    this.#converger.start();
    this.#channel.start();
    this.#updates.start();
    this.#runner.start();
  }

  /** Something waits to be sent. */
  wake(): void {
    this.#outbox.wake();
  }

  get open(): boolean {
    return this.#channel.open;
  }

  stop(): void {
    this.#runner.stop();
    this.#updates.stop();
    this.#converger.stop();
    this.#outbox.stop();
    this.#channel.stop();
    this.#journal.close();
  }
}
