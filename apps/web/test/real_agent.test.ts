/** The agent's own program against this control plane: each side is tested alone elsewhere, here they meet. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sheetOf } from "./fixtures/agents.ts";
import { type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

const AGENT = join(import.meta.dirname, "../../agent/src/main.ts");
const PATIENCE = { timeout: 50_000, interval: 100 };

let postgres: TestPostgres;
let web: RunningWeb;
let owner: ReturnType<RunningWeb["client"]>;
let folder: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "otedama-real-agent-"));
  postgres = await startTestPostgres();
  web = await startTestWeb(await postgres.createMigratedDatabase());
  owner = web.client(await web.signIn());
});
afterAll(async () => {
  for (const child of children) await kill(child);
  await web.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

function start(hub: object): ChildProcess {
  const path = join(folder, "settings.json");
  const settings = {
    data_dir: join(folder, "data"),
    log_level: "warn",
    name: "real-1",
    hub: { url: web.origin, ...hub },
    // Nobody listens there: what is looked at here does not need a pool.
    pools: [{ url: "stratum+tcp://127.0.0.1:9", user: "nobody" }],
    threads: 1,
  };
  writeFileSync(path, JSON.stringify(settings), { mode: 0o600 });
  const child = spawn(process.execPath, [AGENT, "--settings", path], { stdio: "ignore" });
  children.push(child);
  return child;
}

interface Row {
  id: string;
  reports: number;
  lost: number;
  revision: number;
  proof: { revision: number; checks: { name: string; wanted: string }[] } | null;
}

async function row(): Promise<Row | undefined> {
  const found = await web.sql.query<Row>(
    `SELECT id::text, report_number::int AS reports, reports_lost::int AS lost, desired_revision::int AS revision, proof
       FROM agent WHERE name = 'real-1' AND public_key IS NOT NULL`,
  );
  return found.rows[0];
}

test("enrols, reports, proves an order and a flight sheet, and goes on after kill -9 without a lost report", async () => {
  const first = start({ enrol_token: await web.enrolmentToken("home") });
  await expect.poll(async () => (await row())?.reports, PATIENCE).toBeGreaterThan(0);
  const id = (await row())?.id ?? "";

  const command = await owner.commands.issue.mutate({ rig_id: id, body: { kind: "pause", reason: "a test", until_ms: null } });
  const commandOf = async () => (await owner.commands.list.query({ page_size: 10 })).rows.find((one) => one.id === command.id);
  await expect.poll(async () => (await commandOf())?.state, PATIENCE).toBe("proved");
  expect((await commandOf())?.evidence).toMatchObject({ hashes_before: 0, hashes_after: 0 });

  const sheet = await owner.sheets.create.mutate({ name: "night", content: sheetOf(), reason: "a test" });
  const targets = [{ target: "rig" as const, id }];
  await owner.sheets.assign.mutate({ targets, sheet_id: sheet.id, version: null, expected_rigs: 1, reason: "a test" });
  const asked = async () => (await row())?.revision ?? 0;
  await expect
    .poll(async () => ((await row())?.proof?.revision ?? 0) === (await asked()) && (await asked()) > 0, PATIENCE)
    .toBe(true);
  await expect
    .poll(async () => (await row())?.proof?.checks.find(({ name }) => name === "nice")?.wanted, PATIENCE)
    .toBe(String(sheetOf().cpu.nice));

  await kill(first);
  const before = (await row())?.reports ?? 0;
  start({});
  await expect.poll(async () => (await row())?.reports, PATIENCE).toBeGreaterThan(before);
  expect((await row())?.lost).toBe(0);
  // Paused by command it stays, and no order was run a second time.
  const again = await web.sql.query("SELECT 1 FROM agent_command WHERE agent_id = $1", [id]);
  expect(again.rowCount).toBe(1);
  expect((await commandOf())?.state).toBe("proved");
});
