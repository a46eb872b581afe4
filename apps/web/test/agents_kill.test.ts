/** kill -9 of the control plane in the middle of everything: what it acknowledged is there, and no command runs twice. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { enrolAgent, issueCommands, openWebDatabase, transaction } from "@otedama/db/web";
import type { AgentCommand } from "@otedama/shared";
import { afterAll, beforeAll, expect, test } from "vitest";
import { arrived, factsOf, helloOf, newIdentity, reportOf, type TestAgent } from "./fixtures/agents.ts";
import { type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

let postgres: TestPostgres;
let dir: string;
let database_url: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
  database_url = await postgres.createMigratedDatabase();
  dir = mkdtempSync(join(tmpdir(), "otedama-kill-"));
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await postgres.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function startProcess(): Promise<{ child: ChildProcess; origin: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "fixtures/web_process.ts"), database_url, dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  return { child, origin: (JSON.parse(line.toString()) as { origin: string }).origin };
}

test("what was acknowledged survives, and a command runs once", async () => {
  const database = openWebDatabase(
    { url: database_url, connections_max: 2, connect_timeout_ms: 10_000, statement_timeout_ms: 20_000 },
    { onError: () => {} },
  );
  const identity = newIdentity(1);
  const setup: RunningWeb = await startTestWeb(database_url);
  const { agent_id, public_key } = identity;
  const token = await setup.enrolmentToken();
  await enrolAgent(database.sql, {
    token,
    agent_id,
    public_key: Buffer.from(public_key, "base64"),
    facts: factsOf(1),
    address: "test",
  });
  await setup.stop();

  const acknowledged = new Set<number>();
  const ran: number[] = [];
  let number = 0;
  const first = await startProcess();
  // An agent's journal: a number that is not above the highest is never run again.
  const accept = (event: string, message: { payload: string }) => {
    if (event !== "command") return { ok: true as const };
    const command = JSON.parse(message.payload) as AgentCommand;
    if (command.number > Math.max(0, ...ran)) ran.push(command.number);
    return { ok: true as const };
  };
  const options = (highest: number) => ({ hello: helloOf(identity, factsOf(1), { command_number: highest }), accept });
  const agent = await arrived(first.origin, identity, options(0));
  const report = async (to: TestAgent) => {
    const mine = ++number;
    const ack = await to.send("telemetry", reportOf(mine, Date.now() - 1_000 + mine)).catch(() => null);
    if (ack?.ok) acknowledged.add(mine);
  };
  const issue = () =>
    transaction(database.sql, (client) =>
      issueCommands(client, { agent_ids: [agent_id], body: { kind: "resume" }, issued_by: null, deadline_s: 600, bulk_id: null }),
    );
  await issue();
  await expect.poll(() => ran, { timeout: 30_000 }).toEqual([1]);
  await Promise.all([report(agent), report(agent), report(agent)]);
  expect(acknowledged.size).toBe(3);

  // Reports are under way and two commands are written; then it is gone.
  const under_way = Array.from({ length: 12 }, () => report(agent));
  await issue();
  await issue();
  await under_way[0];
  first.child.kill("SIGKILL");
  await once(first.child, "exit");
  agent.close();
  await Promise.all(under_way);

  const kept = await database.sql.query<{ report_number: number; reports_missing: [number, number][] }>(
    "SELECT report_number, reports_missing FROM agent",
  );
  const row = kept.rows[0];
  const missing = (n: number) => row?.reports_missing.some(([from, to]) => from <= n && n <= to) ?? true;
  for (const n of acknowledged) expect(n <= (row?.report_number ?? 0) && !missing(n), `report ${n}`).toBe(true);
  const samples = await database.sql.query<{ n: number }>("SELECT count(*) AS n FROM agent_sample");
  expect(samples.rows[0]?.n).toBeGreaterThanOrEqual(acknowledged.size);

  const second = await startProcess();
  const again = await arrived(second.origin, identity, options(Math.max(...ran)));
  expect(again.welcome.report_number).toBeGreaterThanOrEqual(3);
  // What was not acknowledged is sent once more, as a backlog; what was stored all the same is not stored twice.
  const all = Array.from({ length: number }, (_, index) => reportOf(index + 1, Date.now() - 1_000 + index + 1));
  expect(await again.send("backlog", { reports: all })).toEqual({ ok: true });
  const after = await database.sql.query("SELECT report_number, reports_lost, reports_missing FROM agent");
  expect(after.rows[0]).toEqual({ report_number: number, reports_lost: 0, reports_missing: [] });
  await expect.poll(() => ran, { timeout: 30_000 }).toEqual([1, 2, 3]);
  again.close();
  await database.close();
}, 120_000);
