/** The agent of one rig: mines for a pool and reports to the control plane. Composition only. */
import { numaNodes, releaseResident } from "@otedama/native";
import type { AgentSettings } from "@otedama/shared";
import pino from "pino";
import { HubLink } from "./control/hub_link.ts";
import { agentHello } from "./enrol/hello.ts";
import { keptAgentId } from "./enrol/identity.ts";
import { FAILOVER_TIMING } from "./mining/failover.ts";
import { logObserver } from "./mining/log_observer.ts";
import { Mining, type MiningObserver } from "./mining/mining.ts";
import { readSettings, StartError } from "./settings_file.ts";
import { detectMachine } from "./telemetry/machine.ts";
import { CpuPower } from "./telemetry/sensors.ts";
import { telemetrySnapshot } from "./telemetry/snapshot.ts";
import { StatusLine } from "./telemetry/status_line.ts";
import { ownRelease } from "./update/own_release.ts";

const STATUS_INTERVAL_MS = 10_000;
const TELEMETRY_INTERVAL_MS = 5_000;
const GOODBYE_MS = 300;
const STOP_DEADLINE_MS = 1_500;
/** By then it is connected and mining. */
const START_OVER_MS = 15_000;

function start(settings: AgentSettings): void {
  const { version } = ownRelease();
  // A person who reads status lines needs the log only to look for faults, and beside them.
  const log = settings.status_line
    ? pino(
        { level: settings.log_level === "debug" ? "debug" : "error", base: { app: "agent" } },
        pino.destination({ dest: 2, sync: true }),
      )
    : pino({ level: settings.log_level, base: { app: "agent" } }, pino.destination({ dest: 1, sync: true }));
  const agent_id = agentId(settings.data_dir);
  const machine = detectMachine();

  const status = new StatusLine({ write: (line) => console.log(line), now: () => new Date(), figures: () => mining.figures() });
  const observers: MiningObserver[] = [settings.status_line ? status : logObserver(log)];
  const mining = new Mining(
    {
      pools: settings.pools,
      threads: settings.threads,
      nice: settings.nice,
      user_agent: `otedama/${version}`,
      timing: FAILOVER_TIMING,
      return_probe_ms: 60_000,
      first_job_timeout_ms: 30_000,
    },
    { random: Math.random, observers },
  );
  const notice = (level: "info" | "warn", text: string) => (settings.status_line ? status.notice(level, text) : log[level](text));
  const power = new CpuPower();
  const hub =
    settings.hub?.token === undefined
      ? null
      : new HubLink(
          {
            url: settings.hub.url,
            hello: agentHello({ agent_id, name: settings.name, token: settings.hub.token, version, machine }),
            telemetry_interval_ms: TELEMETRY_INTERVAL_MS,
            ack_timeout_ms: 10_000,
            refused_wait_ms: 30_000,
          },
          {
            telemetry: () => telemetrySnapshot({ machine, power, figures: () => mining.figures() }),
            random: Math.random,
            onNotice: notice,
          },
        );

  const ticker = settings.status_line ? setInterval(() => status.tick(), STATUS_INTERVAL_MS) : null;
  let stopping = false;
  const stop = async (reason: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ reason }, "stopping");
    // Whatever hangs, the process is gone in time.
    setTimeout(() => process.exit(0), STOP_DEADLINE_MS).unref();
    if (ticker) {
      clearInterval(ticker);
      status.tick();
    }
    mining.stop();
    await hub?.stop(GOODBYE_MS);
    process.exit(0);
  };
  process.on("SIGTERM", () => void stop("SIGTERM"));
  process.on("SIGINT", () => void stop("SIGINT"));
  // Whoever started us with a channel takes us along when it goes.
  process.on("disconnect", () => void stop("parent gone"));

  const { kernel, thread_hashes } = mining.figures().counters;
  const threads = thread_hashes.length;
  if (settings.status_line) {
    status.notice(
      "info",
      `otedama ${version}, ${kernel}, ${threads} threads, ${machine.model}, ${numaNodes().length} memory node(s)`,
    );
  } else {
    console.log(JSON.stringify({ ready: true, app: "agent", agent_id, kernel, threads }));
  }
  mining.start();
  hub?.start();
  setTimeout(releaseResident, START_OVER_MS).unref();
}

function agentId(data_dir: string): string {
  try {
    return keptAgentId(data_dir);
  } catch (error) {
    throw new StartError(
      `The agent cannot keep its identity in data_dir ${data_dir}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

try {
  const args = process.argv.slice(2);
  if (args.includes("--version")) console.log(ownRelease().version);
  else start(readSettings(args));
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  console.error(error.message);
  process.exit(2);
}
