import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { AgentHub, HubLink } from "@otedama/shared";
import type { Config } from "@otedama/shared/config";
import pg from "pg";
import { ArgumentError } from "../arguments/parse.ts";
import { makeEnrolToken } from "../stack/agent_enrolment.ts";
import type { APP_MAINS } from "../stack/app_mains.ts";
import { agentSettings, dashboardUrl, poolSettings, type StackFacts, webSettings } from "../stack/app_settings.ts";
import { databaseName, prepareDatabase } from "../stack/database.ts";
import { makeSetupLink, registerAccessToken } from "../stack/first_rows.ts";
import { type Home, keptSecret, openHome } from "../stack/home.ts";
import { rememberedPort } from "../stack/ports.ts";
import { signerLink, signerSettings } from "../stack/signer_settings.ts";
import { askForTakeover } from "../supervise/control.ts";
import { PidFiles } from "../supervise/process_identity.ts";
import { runApp } from "./run_app.ts";

/** `otedama miner` and `otedama agent`: the second reports to a dashboard. */
export async function runMiner(config: Config, home_path: string, reports: boolean): Promise<number> {
  const home = openHome(home_path);
  const hub = reports ? agentHub(config) : null;
  if (reports && !hub) throw new Error("otedama agent needs the dashboard's address: set control_plane.url");
  const data_dir = join(home.root, reports ? "agent" : "miner");
  return runAndForget(
    "agent",
    agentSettings(config, { data_dir, pools: config.mining.pools, hub, status_line: !reports, supervision: "none" }),
  );
}

/** With `takeover` it goes on from the pool that runs from the same folder. Where `otedama start` looks after that one, it is asked to replace it. */
export async function runPool(config: Config, home_path: string, takeover: boolean): Promise<number> {
  const home = openHome(home_path);
  if (takeover && new PidFiles(home.run).running("supervisor")) {
    const { ok, message } = await askForTakeover(home.run);
    (ok ? process.stdout : process.stderr).write(`${message}\n`);
    return ok ? 0 : 1;
  }
  const { payout_address } = config.p2p_pool;
  if (config.chain.nodes.length === 0)
    throw new Error(
      "otedama pool needs a chain node: set chain.nodes in config.yaml (`otedama start` brings a development chain)",
    );
  if (!payout_address) throw new Error("otedama pool needs an address to pay blocks to: set p2p_pool.payout_address");
  const facts = standaloneFacts(config, home, payout_address);
  return runAndForget("pool", poolSettings(config, facts, hubLink(config)), takeover ? ["--takeover"] : []);
}

export async function runWeb(config: Config, home_path: string): Promise<number> {
  const home = openHome(home_path);
  const facts = standaloneFacts(config, home, "");
  return runAndForget("web", webSettings(config, facts, keptSecret(join(home.secrets, "session_secret"))));
}

/** Says where it listens and which address its key has; the token is in a file beside the key unless it was given. */
export async function runSigner(config: Config, home_path: string): Promise<number> {
  const home = openHome(home_path);
  mkdirSync(home.signer, { recursive: true, mode: 0o700 });
  const settings = signerSettings(config, home, await rememberedPort(join(home.signer, "port")));
  if (config.reference_signer.token === undefined) process.stdout.write(`Token: in ${join(home.secrets, "signer_token")}\n`);
  return runAndForget("signer", settings);
}

/** Migrates, registers the machines' token and prints the set-up link. */
export async function prepare(config: Config): Promise<number> {
  const url = databaseUrl(config, "prepare");
  const applied = await prepareDatabase(url);
  process.stdout.write(`The database at ${databaseName(url)} is up to date (${applied} migrations applied now)\n`);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { token } = config.control_plane;
    if (token) await registerAccessToken(client, "pool", "pool", token);
    const link = await makeSetupLink(client, dashboardUrl(config));
    process.stdout.write(link ? `Set-up link: ${link}\n` : "The owner exists: no set-up link is needed\n");
  } finally {
    await client.end();
  }
  return 0;
}

/** `otedama token pool NAME`, `otedama token agent SITE`: the token on standard output, and nothing else. */
export async function makeToken(config: Config, words: string[]): Promise<number> {
  const [kind, name] = words;
  if ((kind !== "pool" && kind !== "agent") || !name || name.length > 64) {
    throw new ArgumentError("otedama token takes pool and a name, or agent and its site: otedama token agent shed-2");
  }
  const client = new pg.Client({ connectionString: databaseUrl(config, "token") });
  await client.connect();
  try {
    const token = kind === "agent" ? await makeEnrolToken(client, name) : randomBytes(32).toString("base64url");
    if (kind === "pool") await registerAccessToken(client, kind, name, token);
    process.stdout.write(`${token}\n`);
  } finally {
    await client.end();
  }
  return 0;
}

async function runAndForget(name: keyof typeof APP_MAINS, settings: { data_dir: string }, words: string[] = []): Promise<number> {
  try {
    return await runApp(name, settings, words);
  } finally {
    rmSync(join(settings.data_dir, `settings.${process.pid}.json`), { force: true });
  }
}

/** The token enrols the machine, once; from then on it is known by its own key. */
function agentHub({ control_plane: { url, token } }: Config): AgentHub | null {
  if (!url) return null;
  return token ? { url, enrol_token: token } : { url };
}

function hubLink(config: Config): HubLink | null {
  const { url, token } = config.control_plane;
  return url && token ? { url, token } : null;
}

function databaseUrl(config: Config, command: string): string {
  const { url } = config.database;
  if (!url)
    throw new Error(`otedama ${command} needs a database: set DATABASE_URL or database.url (\`otedama start\` brings its own)`);
  return url;
}

function standaloneFacts(config: Config, home: Home, payout_address: string): StackFacts {
  const database_url = databaseUrl(config, payout_address === "" ? "web" : "pool");
  // One thread of an ordinary processor; matters on regtest only, where no machine of this command's own mines.
  const signer = payout_address === "" ? ({ kind: "file" } as const) : signerLink(config, null);
  return { home, database_url, nodes: config.chain.nodes, payout_address, signer, thread_hashrate_hps: 5e6 };
}
