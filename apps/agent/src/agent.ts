/** The agent of one rig: mines for a pool and, where it has a control plane, reports to it and does what it says. Composition only. */
import { join } from "node:path";
import { numaNodes, readNvml, releaseResident } from "@otedama/native";
import type { AgentSettings } from "@otedama/shared/agent";
import { HubClock } from "./channel/hub_clock.ts";
import { PauseHold } from "./commands/pause_hold.ts";
import { type OwnPlan, planOf, type RigPlan } from "./desired/plan.ts";
import { PowerLimit } from "./desired/power_limit.ts";
import { EventLog } from "./events/event_log.ts";
import { eventObserver } from "./events/event_observer.ts";
import { NumberedBuffer } from "./files/numbered_buffer.ts";
import { keptAgentId } from "./identity/agent_id.ts";
import { agentFacts } from "./identity/facts.ts";
import { keptIdentity } from "./identity/identity.ts";
import { Lifecycle } from "./lifecycle.ts";
import { LocalSocket } from "./local_socket.ts";
import { agentLog } from "./log/log.ts";
import { LogRing } from "./log/log_ring.ts";
import { ManagedSide } from "./managed_side.ts";
import { FAILOVER_TIMING } from "./mining/failover.ts";
import { logObserver } from "./mining/log_observer.ts";
import type { MiningObserver } from "./mining/mining.ts";
import { Rig } from "./mining/rig.ts";
import { StartError } from "./settings_file.ts";
import { supervisionOf } from "./supervision.ts";
import { GpuReader } from "./telemetry/gpu_reader.ts";
import { detectMachine } from "./telemetry/machine.ts";
import { agentReport } from "./telemetry/report.ts";
import { Reporter } from "./telemetry/reporter.ts";
import { CpuPower, cpuTemperatures, hottest } from "./telemetry/sensors.ts";
import { StatusLine } from "./telemetry/status_line.ts";
import { ownRelease } from "./update/own_release.ts";
import { CrashLoop } from "./watchdogs/crash_loop.ts";
import { Patrol } from "./watchdogs/patrol.ts";

const STATUS_INTERVAL_MS = 10_000;
/** Until the control plane says otherwise. */
const REPORT_INTERVAL_MS = 10_000;
const GOODBYE_MS = 300;
/** By then it is connected and mining. */
const START_OVER_MS = 15_000;
const PATROL_MS = 5_000;
const EVENTS_BYTES_MAX = 1024 * 1024;
const SYNC_MS = 30_000;
const RIG_OPTIONS = { timing: FAILOVER_TIMING, return_probe_ms: 60_000, first_job_timeout_ms: 30_000 };

const monotonic_ms = () => performance.now();

export async function startAgent(settings: AgentSettings): Promise<void> {
  const { data_dir, hub, status_line } = settings;
  const release = ownRelease();
  const started_at_ms = Date.now();
  const ring = new LogRing({ lines_max: 500, line_chars_max: 1_000 }, [
    hub?.enrol_token,
    ...settings.pools.map(({ password }) => password),
  ]);
  const log = agentLog({ level: settings.log_level, status_line }, ring);
  const agent_id = kept(data_dir, () => keptAgentId(data_dir));
  const machine = detectMachine();
  const lifecycle = new Lifecycle({ exit: (code) => process.exit(code) });
  const status = new StatusLine({ write: (line) => console.log(line), now: () => new Date(), figures: () => rig.figures() });
  const observers: MiningObserver[] = [status_line ? status : logObserver(log)];
  const notice = (level: "info" | "warn", text: string) => (status_line ? status.notice(level, text) : log[level](text));
  const rig = new Rig(
    { plan: planOf(settings, null).mining, user_agent: `otedama/${release.version}`, ...RIG_OPTIONS },
    { random: Math.random, observers },
  );
  const cpu_power = new CpuPower();

  const { kernel, thread_hashes } = rig.figures().counters;
  const threads = thread_hashes.length;
  const ready = () => {
    if (status_line) {
      const nodes = `${numaNodes().length} memory node(s)`;
      status.notice("info", `otedama ${release.version}, ${kernel}, ${threads} threads, ${machine.model}, ${nodes}`);
    } else console.log(JSON.stringify({ ready: true, app: "agent", agent_id, kernel, threads }));
  };
  lifecycle.onStop((reason) => log.info({ reason }, "stopping"));
  if (status_line) {
    const ticker = setInterval(() => status.tick(), STATUS_INTERVAL_MS);
    lifecycle.onStop(() => {
      clearInterval(ticker);
      status.tick();
    });
  }
  setTimeout(releaseResident, START_OVER_MS).unref();

  if (hub === null) {
    lifecycle.onStop(() => rig.stop());
    lifecycle.listen();
    ready();
    rig.start();
    return;
  }

  const identity = kept(data_dir, () => keptIdentity(data_dir));
  const managed: { side: ManagedSide | null } = { side: null };
  const socket = await LocalSocket.claim(data_dir, () => managed.side?.status ?? {});
  if (socket === null)
    throw new StartError(`Another agent runs from data_dir ${data_dir}: stop it first, or give this one a folder of its own.`);
  lifecycle.onStop(() => socket.close());
  const clock = new HubClock(Date.now);
  const warn = (text: string) => notice("warn", text);
  const buffers = kept(data_dir, () => ({
    reports: new NumberedBuffer(
      {
        folder: join(data_dir, "reports"),
        bytes_max: settings.buffer_max_bytes,
        segment_bytes_max: 256 * 1024,
        sync_ms: SYNC_MS,
      },
      { now_ms: monotonic_ms, onTrouble: warn },
    ),
    events: new NumberedBuffer(
      { folder: join(data_dir, "events"), bytes_max: EVENTS_BYTES_MAX, segment_bytes_max: 128 * 1024, sync_ms: 0 },
      { now_ms: monotonic_ms, onTrouble: warn },
    ),
  }));
  const wake = () => managed.side?.wake();
  const events = new EventLog({ buffer: buffers.events, now_ms: Date.now, monotonic_ms, onEvent: wake, onTrouble: warn });
  observers.push(eventObserver(events));
  const supervision = supervisionOf(settings, process);
  const crash_loop = new CrashLoop({ data_dir, now_ms: Date.now() }, { onTrouble: warn });
  const hold = new PauseHold({ data_dir }, { rig, now_ms: () => clock.now() });
  const power_limit = new PowerLimit({ data_dir });
  const own: OwnPlan = settings;
  const plan: { now: RigPlan } = { now: planOf(own, null) };
  const restart = (why: string) => lifecycle.stop(why);
  const patrol = new Patrol(
    { look_ms: PATROL_MS, memory_max_bytes: settings.memory_max_bytes, supervised: supervision !== "none" },
    {
      rig,
      crash_loop,
      temperature: () => hottest(cpuTemperatures()),
      limits: () => plan.now.temperature,
      resident_bytes: () => process.memoryUsage.rss(),
      now_ms: monotonic_ms,
      restartAgent: restart,
      onEvent: (severity, text, device_id) => {
        notice(severity === "info" ? "info" : "warn", text);
        events.add("watchdog", severity, text, device_id);
      },
    },
  );
  const gpus = new GpuReader({ readNvml });
  const { reports } = buffers;
  const sources = {
    machine,
    data_dir,
    started_at_ms,
    power: cpu_power,
    power_limit_watts: () => power_limit.watts(),
    figures: () => rig.figures(),
    gpus: () => gpus.devices,
    reports: () => reports,
    watchdogs: () => patrol.counts,
  };
  const reporter = new Reporter(
    { interval_ms: REPORT_INTERVAL_MS },
    {
      buffer: reports,
      make: (number) => agentReport(sources, number, Date.now()),
      refresh: () => gpus.read(),
      onReport: wake,
      onTrouble: warn,
    },
  );
  managed.side = new ManagedSide(
    {
      settings,
      identity,
      facts: agentFacts({ name: settings.name, version: release.version, release_number: release.number, supervision, machine }),
      release,
      run: `${started_at_ms}-${process.pid}`,
      started_at_ms,
      hub,
    },
    {
      rig,
      clock,
      power: power_limit,
      hold,
      events,
      reporter,
      log: ring,
      restart,
      onPlan: (next) => {
        plan.now = next;
      },
      onNotice: notice,
    },
  );
  const { side } = managed;
  const minute = setInterval(() => hold.tick(), 1_000);

  lifecycle.onStop((reason) => events.add("stop", "info", `the agent ends: ${reason}`));
  lifecycle.onStop(() => {
    clearInterval(minute);
    patrol.stop();
    rig.stop();
    crash_loop.clean();
  });
  lifecycle.onStop(() => side.goodbye(GOODBYE_MS));
  lifecycle.onStop(() => {
    side.stop();
    buffers.reports.close();
    buffers.events.close();
  });
  lifecycle.listen();
  ready();
  events.add("start", "info", `otedama-agent ${release.version} started, ${kernel}, ${threads} threads`);
  if (crash_loop.wait_ms > 0) {
    const wait_s = Math.round(crash_loop.wait_ms / 1000);
    const text = `The agent ended ${crash_loop.crashes} times without wanting to: mining begins in ${wait_s} s.`;
    warn(text);
    events.add("watchdog", "error", text);
    rig.hold("crash_loop", `waits ${wait_s} s after ${crash_loop.crashes} crashes`);
    setTimeout(() => rig.release("crash_loop"), crash_loop.wait_ms).unref();
  }
  rig.start();
  patrol.start();
  reporter.start();
  side.start();
}

/** What the data folder holds, or a start that ends with a sentence. */
function kept<T>(data_dir: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw new StartError(`The agent cannot use its data_dir ${data_dir}: ${error instanceof Error ? error.message : error}`);
  }
}
