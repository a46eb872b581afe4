/** Looks round at fixed times and lets the watchdogs act: each step is counted and told. */
import type { AgentReport } from "@otedama/shared/agent";
import type { TemperatureLimits } from "../desired/plan.ts";
import type { Rig } from "../mining/rig.ts";
import type { CrashLoop } from "./crash_loop.ts";
import { HungDevice } from "./hung_device.ts";
import { NoShares } from "./no_shares.ts";
import { OverTemperature } from "./over_temperature.ts";
import { OwnMemory } from "./own_memory.ts";

export interface PatrolOptions {
  look_ms: number;
  memory_max_bytes: number;
  /** Somebody starts the agent again when it ends. */
  supervised: boolean;
}

export interface PatrolDependencies {
  rig: Pick<Rig, "figures" | "restart" | "hold" | "release" | "throttle">;
  crash_loop: Pick<CrashLoop, "count">;
  temperature: () => number | null;
  limits: () => TemperatureLimits;
  resident_bytes: () => number;
  /** Monotonic. */
  now_ms: () => number;
  restartAgent: (why: string) => void;
  onEvent: (severity: "info" | "warning" | "error", text: string, device_id: string | null) => void;
}

type Watchdogs = AgentReport["watchdogs"];
const DEVICE = "cpu0";

export class Patrol {
  readonly #options: PatrolOptions;
  readonly #dependencies: PatrolDependencies;
  readonly #hung = new HungDevice();
  readonly #no_shares = new NoShares();
  readonly #temperature = new OverTemperature();
  readonly #memory: OwnMemory;
  readonly #counts = { hung_device: 0, no_shares: 0, over_temperature: 0, own_memory: 0 };
  #throttle = 1;
  #stopped = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: PatrolOptions, dependencies: PatrolDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#memory = new OwnMemory(options.memory_max_bytes);
  }

  /** How often each has stepped in since the process started; the crash loop: ever. */
  get counts(): Watchdogs {
    return { ...this.#counts, crash_loop: this.#dependencies.crash_loop.count };
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), this.#options.look_ms);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
  }

  look(): void {
    this.#lookAtMining();
    this.#lookAtTemperature();
    this.#lookAtMemory();
  }

  #lookAtMining(): void {
    const { rig, now_ms, onEvent } = this.#dependencies;
    const { hashes, searching, shares, difficulty, pool } = rig.figures();
    if (this.#hung.look({ hashes, searching }, now_ms())) {
      this.#counts.hung_device += 1;
      onEvent("error", "The processor has work and counts no hash: mining is restarted.", DEVICE);
      rig.restart();
    }
    const expected = this.#no_shares.look({
      hashes,
      accepted: shares.accepted,
      difficulty: pool.state === "mining" ? difficulty : null,
    });
    if (expected === null) return;
    this.#counts.no_shares += 1;
    const text = `${Math.round(expected)} shares were due and none was accepted by ${pool.pool?.url}: mining is restarted.`;
    onEvent("error", text, DEVICE);
    rig.restart();
  }

  #lookAtTemperature(): void {
    const { rig, now_ms, temperature, limits, onEvent } = this.#dependencies;
    const celsius = temperature();
    const { stopped, throttle, worse, recovered } = this.#temperature.look(celsius, limits(), now_ms());
    if (throttle !== this.#throttle) rig.throttle(throttle);
    if (stopped && !this.#stopped) rig.hold("temperature", `stopped at ${celsius} °C`);
    if (!stopped && this.#stopped) rig.release("temperature");
    this.#throttle = throttle;
    this.#stopped = stopped;
    if (worse !== null) {
      this.#counts.over_temperature += 1;
      const { throttle_c, stop_c } = limits();
      if (worse === "stopped") onEvent("error", `${celsius} °C, at ${stop_c} °C mining stops until it is cooler.`, DEVICE);
      else onEvent("warning", `${celsius} °C, from ${throttle_c} °C on hashing is thinned out.`, DEVICE);
    }
    if (recovered) onEvent("info", `${celsius} °C: hashing is as it should be again.`, DEVICE);
  }

  #lookAtMemory(): void {
    const { resident_bytes, restartAgent, onEvent } = this.#dependencies;
    const bytes = resident_bytes();
    if (!this.#memory.look(bytes)) return;
    this.#counts.own_memory += 1;
    const mib = (value: number) => Math.round(value / 2 ** 20);
    const what = `The agent holds ${mib(bytes)} MiB, above its bound of ${mib(this.#options.memory_max_bytes)} MiB`;
    if (this.#options.supervised) {
      onEvent("error", `${what}: it starts itself again.`, null);
      restartAgent("own memory above its bound");
    } else onEvent("error", `${what}, and nobody would start it again.`, null);
  }
}
