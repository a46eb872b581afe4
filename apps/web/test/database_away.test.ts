/** The database stops and comes back: the control plane stays, says so, keeps what agents report, and catches up. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDatabase, type EmbeddedPostgres, migrate, startEmbeddedPostgres } from "@otedama/db/embedded";
import type { LiveDto } from "@otedama/shared";
import { afterAll, beforeAll, expect, test } from "vitest";
import { agentAuth, collect, connect, connected, send } from "./fixtures/hub_clients.ts";
import { telemetryOf } from "./fixtures/seed.ts";
import { OWNER, type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

let dir: string;
let postgres: EmbeddedPostgres;
let web: RunningWeb;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "otedama-web-"));
  postgres = await startEmbeddedPostgres({ dir, settings: { fsync: "off" } });
  const url = await createDatabase(postgres.url, "otedama");
  await migrate(url);
  web = await startTestWeb(url);
});
afterAll(async () => {
  await web.stop();
  await postgres.stop();
  rmSync(dir, { recursive: true, force: true });
});

test("a database that goes away and comes back", async () => {
  const cookie = await web.signIn();
  const [known, unknown] = await Promise.all([web.accessToken("agent"), web.accessToken("agent")]);
  const screen = await connected(web.origin, "/browsers", {}, { headers: { cookie } });
  const lives = collect<LiveDto>(screen, "live");
  const changes = collect<{ topics: string[] }>(screen, "changed");
  const agent = await connected(web.origin, "/agents", agentAuth(known.token));
  const began = Date.now();
  expect(await send(agent, "telemetry", telemetryOf(1, began))).toEqual({ ok: true });
  const samples = async () => (await web.sql.query<{ n: number }>("SELECT count(*) AS n FROM agent_sample")).rows[0]?.n;
  await expect.poll(samples).toBe(1);

  await postgres.stop();
  await expect.poll(() => lives.at(-1)?.database.state, { timeout: 20_000 }).toBe("down");
  expect(lives.at(-1)?.database.message).toMatch(/database/);
  expect(lives.at(-1)?.database.since_ms).toBeGreaterThanOrEqual(began);

  // Agents go on reporting, and one that reconnects is known still; a token that was never seen cannot be checked.
  for (let report = 1; report <= 5; report++) {
    expect(await send(agent, "telemetry", telemetryOf(1, began + report))).toEqual({ ok: true });
  }
  expect(lives.at(-1)?.agents.mining).toBe(1);
  agent.close();
  const again = await connected(web.origin, "/agents", agentAuth(known.token));
  expect(await send(again, "telemetry", telemetryOf(1, began + 6))).toEqual({ ok: true });
  expect(await connect(web.origin, "/agents", agentAuth(unknown.token, 2))).toMatchObject({ code: "unavailable" });

  // Screens and programs are told what it is, and the process is alive.
  await expect(web.client(cookie).workers.list.query({})).rejects.toMatchObject({
    data: { code: "SERVICE_UNAVAILABLE", httpStatus: 503 },
  });
  await expect(web.client(null).setup.status.query()).rejects.toMatchObject({ data: { code: "SERVICE_UNAVAILABLE" } });
  const sign_in = await web.post("/api/auth/sign-in/email", { email: OWNER.email, password: OWNER.password });
  expect(sign_in.status).toBe(503);
  expect(await sign_in.json()).toMatchObject({ code: "database_away" });
  expect(await (await fetch(`${web.origin}/health`)).json()).toMatchObject({ status: "degraded", database: "down" });
  expect((await fetch(`${web.origin}/api/v1/stats`)).status).toBe(200);
  expect(await connect(web.origin, "/browsers", {}, { headers: { cookie } })).toMatchObject({ code: "unavailable" });

  changes.length = 0;
  postgres = await startEmbeddedPostgres({ dir, port: postgres.port, settings: { fsync: "off" } });
  await expect.poll(() => lives.at(-1)?.database.state, { timeout: 20_000 }).toBe("ok");
  await expect.poll(samples, { timeout: 20_000 }).toBe(7);
  expect(changes.flatMap((change) => change.topics)).toEqual(
    expect.arrayContaining(["workers", "blocks", "rigs", "balances", "overview"]),
  );
  expect((await web.client(cookie).rigs.list.query({})).rows).toMatchObject([{ name: "rig-1", state: "mining" }]);
  const { counters } = (await (await fetch(`${web.origin}/api/v1/status`)).json()) as { counters: Record<string, number> };
  expect(counters.fleet_samples_dropped).toBe(0);
  screen.close();
  again.close();
});
