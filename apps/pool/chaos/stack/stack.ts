/**
 * The whole of it, for real: PostgreSQL, two chain nodes, one or two pools, the dashboard's server and the reference signer, each a process of
 * its own. Between them stand gates that can hold, cut and spoil what passes, and each pool has a clock that can be set.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { type Database, openDatabase } from "@otedama/db/pool";
import { createAccessToken } from "@otedama/db/web";
import { bytesToHex, outputScript, PoolSettings, SignerSettings, WebSettings } from "@otedama/shared";
import { HALVING_INTERVAL_BLOCKS } from "@otedama/simulator/chain";
import { buildClock, ShiftedClock } from "../faults/clock.ts";
import { Random } from "../random.ts";
import type { Scenario } from "../schedule.ts";
import { ByteGate } from "./byte_gate.ts";
import { ChainPair } from "./chain_pair.ts";
import { runPolicy } from "./policy.ts";
import { Program } from "./program.ts";
import { RpcGate } from "./rpc_gate.ts";

const APPS = join(import.meta.dirname, "../../..");
const MAIN = {
  pool: join(APPS, "pool/src/main.ts"),
  web: join(APPS, "web/src/server/main.ts"),
  signer: join(APPS, "signer/src/main.ts"),
};
const SCREENS = join(APPS, "web/.next/BUILD_ID");

export interface PoolPlace {
  instance_id: string;
  data_dir: string;
  stratum_port: number;
  metrics_port: number;
  program: Program;
  /** Null where it cannot be set. */
  clock: ShiftedClock | null;
}

export interface StackOptions {
  scenario: Scenario;
  /** Told of what should not happen: a program that ended by itself. */
  onProblem: (message: string) => void;
  onPoolLine: (instance_id: string, line: string) => void;
  web: boolean;
}

export class Stack {
  readonly #ends: (() => unknown)[] = [];
  readonly dir = mkdtempSync(join(tmpdir(), "otedama-chaos-"));
  readonly pools: PoolPlace[] = [];
  readonly gates: { database: ByteGate; nodes: RpcGate[] } = { database: null as unknown as ByteGate, nodes: [] };
  postgres!: TestPostgres;
  /** Past every gate: what the harness looks through. */
  database!: Database;
  chain!: ChainPair;
  signer!: Program;
  /** Null without its screens. */
  web: Program | null = null;
  web_port = 0;
  payout_address = "";
  payout_script = "";
  /** Why a fault cannot be made here. */
  readonly impossible = new Map<string, string>();

  private constructor() {}

  /** Everything runs when it resolves; on a failure what was started is put away. */
  static async start(options: StackOptions): Promise<Stack> {
    const stack = new Stack();
    try {
      await stack.#start(options);
      return stack;
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
    rmSync(this.dir, { recursive: true, force: true });
  }

  async #start({ scenario, onProblem, onPoolLine, web }: StackOptions): Promise<void> {
    const onCrash = (name: string, how: string, said: string) => onProblem(`${name} ended by itself (${how}): ${said}`);
    const settings = { synchronous_commit: "on", full_page_writes: "on" };
    [this.postgres, this.chain] = await Promise.all([startTestPostgres({ settings }), ChainPair.start(this.dir)]);
    this.#ends.push(
      () => this.postgres.stop(),
      () => this.chain.stop(),
    );
    const database_url = await this.postgres.createMigratedDatabase();
    this.database = openDatabase({ url: database_url, application_name: "chaos" });
    this.#ends.push(() => this.database.end());
    await this.#startSigner(onCrash);

    this.gates.database = new ByteGate({ host: "127.0.0.1", port: Number(new URL(database_url).port) });
    await this.gates.database.open();
    this.#ends.push(() => this.gates.database.close());
    for (const [index, port] of this.chain.ports.entries()) {
      const gate = new RpcGate({ port }, { random: new Random(scenario.seed + index + 1) });
      await gate.open();
      this.gates.nodes.push(gate);
      this.#ends.push(() => gate.close());
    }
    const gated = new URL(database_url);
    gated.port = String(this.gates.database.port);
    this.web_port = await freePort();
    const library = await buildClock(this.dir).catch((error: Error) => {
      this.impossible.set("clock_jump", error.message);
      return null;
    });
    for (let index = 0; index < scenario.instances; index++) {
      const place = await this.#makePool(index, scenario, gated.href, library);
      this.pools.push({
        ...place,
        program: new Program(
          {
            name: place.instance_id,
            args: [MAIN.pool, "--settings", join(place.data_dir, "settings.json")],
            env: place.clock?.env ?? {},
          },
          { onCrash, onLine: (line) => onPoolLine(place.instance_id, line) },
        ),
      });
    }
    for (const place of this.pools) this.#ends.push(() => place.program.stop());
    await Promise.all([web ? this.#startWeb(gated.href, onCrash) : null, ...this.pools.map((place) => place.program.start())]);
  }

  async #startSigner(onCrash: (name: string, how: string, said: string) => void): Promise<void> {
    const dir = join(this.dir, "signer");
    mkdirSync(dir);
    const token = randomBytes(16).toString("hex");
    const settings = SignerSettings.parse({
      data_dir: dir,
      log_level: "warn",
      network: "regtest",
      listen: { host: "127.0.0.1", port: await freePort() },
      token,
      key_file: join(dir, "key"),
      limits: {
        transaction_sats_max: 2_100_000_000_000_000,
        day_sats_max: 2_100_000_000_000_000,
        fee_sats_max: 10_000_000,
        fee_rate_max: 500,
        outputs_max: 3_000,
      },
    });
    const file = write(dir, settings);
    this.signer = new Program({ name: "signer", args: [MAIN.signer, "--settings", file] }, { onCrash });
    this.#ends.push(() => this.signer.stop());
    const ready = (await this.signer.start()) as { url: string; address: string };
    this.#signer_link = { kind: "reference", url: ready.url, token };
    this.payout_address = ready.address;
    this.payout_script = bytesToHex(outputScript(ready.address, "regtest"));
  }

  #signer_link: { kind: "reference"; url: string; token: string } | null = null;

  async #makePool(
    index: number,
    scenario: Scenario,
    database_url: string,
    library: string | null,
  ): Promise<Omit<PoolPlace, "program">> {
    const instance_id = `pool-${"ab"[index]}`;
    const data_dir = join(this.dir, instance_id);
    mkdirSync(data_dir);
    const clock = library === null ? null : new ShiftedClock({ library, file: join(data_dir, "clock") });
    if (clock) this.#ends.push(() => clock.close());
    const [stratum_port, metrics_port] = [await freePort(), await freePort()];
    const { token } = await createAccessToken(this.database, "pool", instance_id);
    write(
      data_dir,
      PoolSettings.parse({
        data_dir,
        log_level: "info",
        instance_id,
        extranonce_prefix: index + 1,
        network: "regtest",
        halving_interval_blocks: HALVING_INTERVAL_BLOCKS,
        nodes: this.gates.nodes.map(({ port }) => ({ url: `http://127.0.0.1:${port}`, ...this.chain.credentials })),
        stratum: {
          listen: [{ host: "127.0.0.1", port: stratum_port }],
          threads: 1,
          var_diff: false,
          ban_after_shares: 0,
        },
        pool: {
          name: "chaos",
          payout_address: this.payout_address,
          maturity_confirmations: scenario.maturity_confirmations,
        },
        policy: runPolicy(scenario),
        payouts: { signer: this.#signer_link, psbt_version: 0, poll_ms: 500 },
        database_url,
        hub: existsSync(SCREENS) ? { url: `http://127.0.0.1:${this.web_port}`, token } : null,
        metrics: { host: "127.0.0.1", port: metrics_port },
      }),
    );
    return { instance_id, data_dir, stratum_port, metrics_port, clock };
  }

  async #startWeb(database_url: string, onCrash: (name: string, how: string, said: string) => void): Promise<void> {
    if (!existsSync(SCREENS)) {
      this.impossible.set("kill_web", "the screens are not built: run `npm run setup`");
      return;
    }
    const data_dir = join(this.dir, "web");
    mkdirSync(data_dir);
    const file = write(
      data_dir,
      WebSettings.parse({
        data_dir,
        log_level: "warn",
        listen: { host: "127.0.0.1", port: this.web_port },
        public_url: `http://127.0.0.1:${this.web_port}`,
        network: "regtest",
        database_url,
        session_secret: randomBytes(32).toString("hex"),
      }),
    );
    this.web = new Program({ name: "web", args: [MAIN.web, "--settings", file] }, { onCrash });
    this.#ends.push(() => this.web?.stop());
    await this.web.start();
  }
}

function write(dir: string, settings: object): string {
  const file = join(dir, "settings.json");
  writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
  return file;
}
