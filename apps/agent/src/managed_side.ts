/** Enrols the agent where it is not, and then looks after its side of the control plane; mining goes on meanwhile. */
import { setTimeout as wait } from "node:timers/promises";
import type { AgentFacts, AgentHub } from "@otedama/shared/agent";
import type { ChannelState } from "./channel/channel.ts";
import { ENROL_TIMING, EnrolRefused, enrol } from "./identity/enrol.ts";
import { type Enrolment, keepEnrolment, keptEnrolment, tokenHash } from "./identity/enrolment.ts";
import type { Identity } from "./identity/identity.ts";
import { postJson } from "./identity/post_json.ts";
import { Managed, type ManagedDependencies, type ManagedOptions } from "./managed.ts";
import { StartError } from "./settings_file.ts";

export interface ManagedSideOptions extends Pick<ManagedOptions, "settings" | "release" | "run" | "started_at_ms"> {
  hub: AgentHub;
  identity: Identity;
  facts: AgentFacts;
}

const GOODBYE_POLL_MS = 20;

export class ManagedSide {
  readonly #options: ManagedSideOptions;
  readonly #dependencies: Omit<ManagedDependencies, "onState">;
  #enrolment: Enrolment | null;
  #managed: Managed | null = null;
  #stopped = false;
  /** The last trouble told, so that an outage is one line and not one each attempt. */
  #told: string | null = null;

  constructor(options: ManagedSideOptions, dependencies: Omit<ManagedDependencies, "onState">) {
    this.#options = options;
    this.#dependencies = dependencies;
    try {
      this.#enrolment = keptEnrolment(options.settings.data_dir);
    } catch (error) {
      throw new StartError(error instanceof Error ? error.message : String(error));
    }
  }

  /** For `otedama-agent status`. */
  get status(): object {
    const { identity, facts, hub, started_at_ms } = this.#options;
    const { pool, hashrate_hps, shares } = this.#dependencies.rig.figures();
    return {
      pid: process.pid,
      version: facts.version,
      started_at_ms,
      agent_id: identity.agent_id,
      fingerprint: identity.fingerprint,
      hub_url: hub.url,
      site: this.#enrolment?.site ?? null,
      mining: { state: pool.state, pool: pool.pool?.url ?? null, message: pool.message, hashrate_hps: hashrate_hps.s60, shares },
      ...this.#managed?.status,
    };
  }

  start(): void {
    const { hub } = this.#options;
    const { enrol_token } = hub;
    const fresh = enrol_token !== undefined && tokenHash(enrol_token) !== this.#enrolment?.token_hash;
    if (fresh) void this.#enrol(enrol_token);
    else if (this.#enrolment) this.#manage(this.#enrolment);
    else this.#notice("warn", `not enrolled at ${hub.url}, and the settings hold no enrol_token: mining alone`);
  }

  wake(): void {
    this.#managed?.wake();
  }

  /** The last report and what else waits, if the control plane takes it in time. */
  async goodbye(grace_ms: number): Promise<void> {
    const { reporter } = this.#dependencies;
    await reporter.flush();
    if (!this.#managed?.open) return;
    this.wake();
    const until_ms = performance.now() + grace_ms;
    while (reporter.live() !== null && performance.now() < until_ms) await wait(GOODBYE_POLL_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#managed?.stop();
  }

  async #enrol(token: string): Promise<void> {
    const { hub, identity, facts, settings } = this.#options;
    try {
      const enrolment = await enrol(
        { hub_url: hub.url, token, identity, facts, timing: ENROL_TIMING },
        {
          post: postJson,
          now_ms: Date.now,
          random: Math.random,
          wait: (ms) => wait(ms, undefined, { ref: false }),
          onNotice: (text) => this.#notice("warn", text),
        },
      );
      keepEnrolment(settings.data_dir, enrolment);
      this.#enrolment = enrolment;
      this.#notice("info", `enrolled at ${hub.url}, site ${enrolment.site}, as ${identity.fingerprint}`);
    } catch (error) {
      this.#notice("warn", error instanceof Error ? error.message : String(error));
      // Known already: the token was spent for nothing, and the enrolment that is here goes on.
      if (!(error instanceof EnrolRefused) || this.#enrolment === null) return;
    }
    if (this.#enrolment) this.#manage(this.#enrolment);
  }

  #manage(enrolment: Enrolment): void {
    if (this.#stopped) return;
    const { settings, hub, identity, facts, release, run, started_at_ms } = this.#options;
    this.#managed = new Managed(
      { settings, hub_url: hub.url, enrolment, identity, facts, release, run, started_at_ms },
      { ...this.#dependencies, onState: (state) => this.#channelState(state) },
    );
    this.#managed.start();
  }

  #channelState(state: ChannelState): void {
    const { url } = this.#options.hub;
    if (state.state === "open") {
      this.#told = null;
      this.#notice("info", `connected to the control plane at ${url}`);
    } else if (state.state === "refused") {
      this.#tell(`the control plane at ${url} refuses this agent: ${state.message} (${state.code}); mining goes on`);
    } else if (state.state === "connecting" && state.message !== null) {
      this.#tell(`the control plane at ${url} is away: ${state.message}; mining goes on`);
    }
  }

  #tell(text: string): void {
    if (text === this.#told) return;
    this.#told = text;
    this.#notice("warn", text);
  }

  #notice(level: "info" | "warn", text: string): void {
    this.#dependencies.onNotice(level, text);
  }
}
