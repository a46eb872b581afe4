import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { AgentHub, HubLink, PoolSettings } from "@otedama/shared";
import type { Config } from "@otedama/shared/config";
import { CHAIN_MAIN, type ChainSettings } from "@otedama/simulator/chain";
import pg from "pg";
import type { ReadyLine } from "../supervise/app_output.ts";
import { ControlServer } from "../supervise/control.ts";
import { identify, PidFiles } from "../supervise/process_identity.ts";
import { type AppSpec, SupervisedApp } from "../supervise/supervised_app.ts";
import type { Progress } from "../terminal/progress.ts";
import { agentEnrolToken } from "./agent_enrolment.ts";
import { APP_MAINS } from "./app_mains.ts";
import {
  agentSettings,
  dashboardUrl,
  poolSettings,
  reachable,
  type StackFacts,
  webSettings,
  workerName,
} from "./app_settings.ts";
import { databaseName, OwnDatabase, prepareDatabase } from "./database.ts";
import { keptAccessToken, makeSetupLink } from "./first_rows.ts";
import { type Home, keptSecret } from "./home.ts";
import { measuredHashrate } from "./measured_hashrate.ts";
import { rememberedPort, requireFreePorts, type WantedPort } from "./ports.ts";
import { keptRegtestAddress } from "./regtest_keys.ts";
import { signerLink, signerSettings, startsSigner } from "./signer_settings.ts";

const READY_TIMEOUT_MS = 60_000;
const BACKOFF_MS = [500, 1_000, 2_000, 5_000, 10_000];
const RESTARTS_MAX = 6;
const HEALTHY_AFTER_MS = 60_000;
/** Together under the five seconds that Ctrl-C may take. */
const APP_GRACE_MS = 3_000;
const DATABASE_GRACE_MS = 1_200;

export interface StackDependencies {
  progress: Progress;
  /** A part was given up: everything has to stop. */
  onGivenUp: (message: string) => void;
}

/** Everything that `otedama start` runs on this machine, in the order in which the parts need each other. */
export class Stack {
  readonly #config: Config;
  readonly #home: Home;
  readonly #dependencies: StackDependencies;
  readonly #pid_files: PidFiles;
  readonly #apps: SupervisedApp[] = [];
  #database: OwnDatabase | null = null;
  #control: ControlServer | null = null;
  #stopped: Promise<void> | null = null;

  constructor(options: { config: Config; home: Home }, dependencies: StackDependencies) {
    this.#config = options.config;
    this.#home = options.home;
    this.#dependencies = dependencies;
    this.#pid_files = new PidFiles(options.home.run);
  }

  /** Brings everything up. Resolves with the lines to end on: the dashboard's address and the one-time link. */
  async start(): Promise<{ dashboard_url: string; setup_link: string | null }> {
    await this.#claim();
    const { progress } = this.#dependencies;
    const leftovers = (await this.#pid_files.endLeftovers()).filter((name) => name !== "supervisor");
    this.#pid_files.write("supervisor", process.pid);
    if (leftovers.length > 0) progress.line(`  Ended what an earlier start had left running: ${leftovers.join(", ")}`);
    await requireFreePorts(this.#wantedPorts());

    const threads = this.#config.mining.threads || availableParallelism();
    const [database_url, [nodes, thread_hashrate_hps]] = await Promise.all([
      this.#startDatabase(),
      measuredHashrate(this.#home.root, threads).then(async (hps) => [await this.#startChain(hps), hps / threads] as const),
    ]);
    const signer = startsSigner(this.#config) ? await this.#startSigner() : null;
    const facts: StackFacts = {
      home: this.#home,
      database_url,
      nodes,
      payout_address:
        this.#config.p2p_pool.payout_address ?? signer?.address ?? keptRegtestAddress(this.#home.secrets, "pool_payout"),
      signer: signerLink(this.#config, signer),
      thread_hashrate_hps,
    };
    const rows = await this.#firstRows(database_url);
    await Promise.all([
      this.#startApp("web", APP_MAINS.web, webSettings(this.#config, facts, rows.session_secret), () =>
        dashboardUrl(this.#config),
      ),
      this.#config.stratum.enabled
        ? this.#startApp(
            "pool",
            APP_MAINS.pool,
            poolSettings(this.#config, facts, rows.pool_hub),
            (line) => `Stratum on ${stratumAddress(line)}`,
          )
        : null,
    ]);
    if (this.#mines()) await this.#startAgent(rows.agent_hub);
    await this.#listenForCommands();
    return { dashboard_url: dashboardUrl(this.#config), setup_link: rows.setup_link };
  }

  /** Stops every process: first those that use the database, then the database. */
  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      this.#control?.stop();
      await Promise.all(this.#apps.map((app) => app.stop(APP_GRACE_MS)));
      await this.#database?.stop(DATABASE_GRACE_MS);
      // A start that was refused leaves the other one's claim alone.
      if (this.#pid_files.running("supervisor")?.pid === process.pid) this.#pid_files.remove("supervisor");
    })();
    return this.#stopped;
  }

  async #claim(): Promise<void> {
    const other = this.#pid_files.running("supervisor");
    if (other && other.pid !== process.pid) {
      throw new Error(
        `Otedama already runs from ${this.#home.root} (process ${other.pid}): stop it there with Ctrl-C or \`kill ${other.pid}\`, or set OTEDAMA_HOME to another folder`,
      );
    }
    if (!identify(process.pid)) throw new Error("This system has no /proc, which Otedama needs to look after its processes");
  }

  #mines(): boolean {
    const { mode, mining } = this.#config;
    return mining.enabled && mining.cpu && (mode === "auto" || mode === "solo");
  }

  #wantedPorts(): WantedPort[] {
    const { api, stratum, monitoring } = this.#config;
    const wanted: WantedPort[] = [{ ...api, what: "dashboard", key: "api.port" }];
    if (stratum.enabled) wanted.push({ ...stratum, what: "Stratum server", key: "stratum.port" });
    if (stratum.enabled && monitoring.enabled) wanted.push({ ...monitoring, what: "metrics", key: "monitoring.port" });
    return wanted;
  }

  async #startDatabase(): Promise<string> {
    const { progress, onGivenUp } = this.#dependencies;
    const given = this.#config.database.url;
    let url = given ?? "";
    await progress.step("database", async () => {
      if (given) {
        await prepareDatabase(given);
        return `PostgreSQL at ${databaseName(given)}`;
      }
      this.#database = new OwnDatabase(
        { dir: this.#home.postgres, port: this.#config.database.port },
        { report: (line) => progress.line(`  ${line}`), onGivenUp },
      );
      const started = await this.#database.start();
      url = started.url;
      const applied = await prepareDatabase(url);
      const found = started.server.reused ? ", found running" : "";
      return `PostgreSQL on 127.0.0.1:${started.server.port}${found}${applied > 0 ? `, ${applied} migrations` : ""}`;
    });
    return url;
  }

  async #startChain(hashrate_hps: number): Promise<PoolSettings["nodes"]> {
    const { chain } = this.#config;
    if (chain.nodes.length > 0) return chain.nodes;
    mkdirSync(this.#home.chain, { recursive: true, mode: 0o700 });
    const port = chain.port || (await rememberedPort(join(this.#home.chain, "port")));
    const settings: ChainSettings = {
      dir: this.#home.chain,
      port,
      rpc_user: "otedama",
      rpc_password: keptSecret(join(this.#home.secrets, "chain_rpc")),
      hashrate_hps,
      block_interval_s: chain.block_interval,
      retarget: true,
      transactions: true,
    };
    await this.#startApp("chain", CHAIN_MAIN, settings, (line) => `development chain at block ${line.height}`);
    return [{ url: `http://127.0.0.1:${port}`, user: settings.rpc_user, password: settings.rpc_password, zmq: null }];
  }

  /** The signer has the key of the address that blocks pay to: nobody else is told more than the address. */
  async #startSigner(): Promise<{ url: string; token: string; address: string }> {
    mkdirSync(this.#home.signer, { recursive: true, mode: 0o700 });
    const settings = signerSettings(this.#config, this.#home, await rememberedPort(join(this.#home.signer, "port")));
    const ready = { url: "", address: "" };
    await this.#startApp("signer", APP_MAINS.signer, settings, (line) => {
      Object.assign(ready, { url: line.url, address: line.address });
      return `signs payouts at ${line.url}`;
    });
    return { ...ready, token: settings.token };
  }

  async #firstRows(database_url: string) {
    const client = new pg.Client({ connectionString: database_url });
    await client.connect();
    try {
      const { secrets } = this.#home;
      const url = `http://${reachable(this.#config.api)}`;
      const pool_hub: HubLink = {
        url,
        token: await keptAccessToken(client, "pool", "this machine's pool", join(secrets, "pool_token")),
      };
      const enrol_token = await agentEnrolToken(client, this.#home);
      const agent_hub: AgentHub = enrol_token === null ? { url } : { url, enrol_token };
      const setup_link = await makeSetupLink(client, dashboardUrl(this.#config));
      return { pool_hub, agent_hub, setup_link, session_secret: keptSecret(join(secrets, "session_secret")) };
    } finally {
      await client.end();
    }
  }

  async #startAgent(hub: AgentHub): Promise<void> {
    const { mining, stratum } = this.#config;
    const own = {
      url: `stratum+tcp://${reachable(stratum)}`,
      user: `${keptRegtestAddress(this.#home.secrets, "miner")}.${workerName()}`,
      password: "x",
    };
    const pools = mining.pools.length > 0 ? mining.pools : [own];
    const settings = agentSettings(this.#config, {
      data_dir: this.#home.agent,
      pools,
      hub,
      status_line: false,
      supervision: "foreground",
    });
    await this.#startApp("agent", APP_MAINS.agent, settings, () => `mining at ${pools[0]?.url}`);
  }

  /** `otedama pool -takeover` asks here. */
  async #listenForCommands(): Promise<void> {
    const { progress } = this.#dependencies;
    const control = new ControlServer({ run_dir: this.#home.run }, { takeOverPool: () => this.#takeOverPool() });
    this.#control = control;
    await control.start().catch((error: Error) => progress.line(`  ${error.message}`));
  }

  /** Returns the sentence for whoever asked. */
  async #takeOverPool(): Promise<string> {
    const pool = this.#apps.find(({ spec }) => spec.name === "pool");
    if (!pool) throw new Error("No pool runs here: there is nothing to take over");
    const before = pool.pid;
    const line = await pool.takeOver();
    const { connections } = (line.took_over ?? { connections: 0 }) as { connections: number };
    const sentence = `Process ${pool.pid} took the pool over from process ${before}, with ${connections} connections`;
    this.#dependencies.progress.line(`  ${sentence}`);
    return sentence;
  }

  async #startApp(name: string, main: string, settings: unknown, say: (line: ReadyLine) => string): Promise<void> {
    const { progress, onGivenUp } = this.#dependencies;
    if (this.#stopped) throw new Error("stopped");
    const spec: AppSpec = { name, main, settings, ready_timeout_ms: READY_TIMEOUT_MS };
    const data_dir = (settings as { data_dir?: string }).data_dir;
    if (data_dir) mkdirSync(data_dir, { recursive: true, mode: 0o700 });
    const app = new SupervisedApp(
      spec,
      {
        settings_dir: join(this.#home.run, "settings"),
        log_dir: this.#home.logs,
        backoff_ms: BACKOFF_MS,
        restarts_max: RESTARTS_MAX,
        healthy_after_ms: HEALTHY_AFTER_MS,
      },
      { pid_files: this.#pid_files, report: (line) => progress.line(`  ${line}`), onGivenUp: (_, message) => onGivenUp(message) },
    );
    this.#apps.push(app);
    await progress.step(name, async () => say(await app.start()));
  }
}

function stratumAddress(line: ReadyLine): string {
  const [first] = (line.stratum ?? []) as { host: string; port: number }[];
  return first ? `${first.host}:${first.port}` : "its port";
}
