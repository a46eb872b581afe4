/** An agent and its control plane, over the real protocol: a process of its own against a Socket.IO server. */
import { generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FlightSheet } from "@otedama/shared/agent";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TestPool } from "./stratum_server.ts";
import { AgentHouse, type AgentProcess, until } from "./support/agent_process.ts";
import { TestControlPlane } from "./support/control_plane.ts";

// Each of these starts processes and waits for what they do.
vi.setConfig({ testTimeout: 180_000 });

let house: AgentHouse;
let pool: TestPool;
let hub: TestControlPlane;

beforeEach(async () => {
  house = new AgentHouse();
  pool = await new TestPool().listen();
  hub = await new TestControlPlane().listen();
});
afterEach(async () => {
  await house.close();
  await hub.close();
  await pool.close();
});

const settings = (more: object = {}) => ({
  pools: [{ url: pool.url, user: "wallet.own", password: "x" }],
  hub: { url: hub.url },
  ...more,
});

async function enrolled(more: object = {}): Promise<AgentProcess> {
  const agent = house.start(settings({ hub: { url: hub.url, enrol_token: hub.token() }, ...more }));
  await until(() => hub.reports.length > 0, "a first report");
  return agent;
}

const sheet = (url: string, more: Partial<FlightSheet["cpu"]> = {}): FlightSheet => ({
  algorithm: "sha256d",
  pools: [{ url, password: "x" }],
  wallet: "wallet",
  worker: "%RIG%",
  cpu: { enabled: true, threads: 1, nice: 7, intensity_percent: 100, power_limit_watts: null, ...more },
  temperature: { throttle_c: 95, stop_c: 110 },
});

describe("enrolment", () => {
  test("survives a lost answer, keeps what it learned to itself, and needs no token the next time", async () => {
    hub.answers_to_lose = 1;
    const token = hub.token();
    const agent = house.start(settings({ hub: { url: hub.url, enrol_token: token } }));
    await until(() => hub.reports.length > 0, "a report");
    expect(hub.enrol_requests).toBe(2);
    for (const file of ["identity.pem", "enrolment.json", "agent_id"]) {
      expect(statSync(join(house.data_dir, file)).mode & 0o777, file).toBe(0o600);
    }
    expect(JSON.parse(readFileSync(join(house.data_dir, "enrolment.json"), "utf8"))).toMatchObject({
      control_key: hub.control_key,
      site: "home",
    });
    expect(agent.output).not.toContain(token);
    const [report] = hub.reports;
    expect(report).toMatchObject({ number: 1, pool: { user: "wallet.own" } });
    expect(report?.devices[0]).toMatchObject({ device_id: "cpu0", kind: "cpu", threads: 1 });
    expect(report?.own.resident_bytes).toBeGreaterThan(0);
    agent.child.kill("SIGTERM");
    expect(await agent.exit()).toBe(0);
    const second = house.start(settings({ hub: { url: hub.url, enrol_token: token } }));
    await until(() => hub.hellos.length > 1, "a second hello");
    expect(hub.enrol_requests).toBe(2);
    expect(hub.hellos[1]?.public_key).toBe(hub.hellos[0]?.public_key);
    expect(second.output).not.toContain(token);
  });

  test("by the verb prints the fingerprint, reads the token from standard input, and says when it is refused", async () => {
    const token = hub.token();
    const verb = house.run(["enrol", "--hub", hub.url, "--token-file", "-", "--data-dir", house.data_dir, "--name", "rig-9"]);
    verb.child.stdin?.end(`${token}\n`);
    expect(await verb.exit()).toBe(0);
    const status = house.run(["status", "--data-dir", house.data_dir]);
    expect(await status.exit()).toBe(3);
    const { fingerprint, running } = JSON.parse(status.output);
    expect(running).toBe(false);
    expect(fingerprint).toHaveLength(44);
    expect(verb.output).toContain(fingerprint);
    expect(verb.output).not.toContain(token);
    const stolen = house.run(["enrol", "--hub", hub.url, "--token-file", "-", "--data-dir", join(house.folder, "thief")]);
    stolen.child.stdin?.end(token);
    expect(await stolen.exit()).toBe(1);
    expect(stolen.output).toContain("This token was used by another key. (used_token)");
  });

  test("that is refused leaves the rig mining, and the channel refuses a stranger in words", async () => {
    const agent = house.start(settings({ hub: { url: hub.url, enrol_token: "a token that nobody made" } }));
    await until(() => agent.output.includes("This token is not known.") && pool.shares.length > 0, "the refusal and a share");
    await agent.kill();
    const kept = { hub_url: hub.url, control_key: hub.control_key, site: "", enrolled_at_ms: 0, token_hash: "0".repeat(64) };
    writeFileSync(join(house.data_dir, "enrolment.json"), JSON.stringify(kept));
    const stranger = house.start(settings());
    await until(() => stranger.output.includes("This agent is not known here. (unknown_agent); mining goes on"), "the refusal");
  });
});

describe("one agent to a data folder", () => {
  test("the second is turned away with a sentence, and the first says how it is", async () => {
    await enrolled();
    const second = house.start(settings());
    expect(await second.exit()).toBe(2);
    expect(second.output).toContain("Another agent runs from data_dir");
    const status = house.run(["status", "--data-dir", house.data_dir]);
    expect(await status.exit()).toBe(0);
    expect(JSON.parse(status.output)).toMatchObject({ running: true, site: "home", channel: { state: "open" }, refused: {} });
  });
});

describe("orders", () => {
  test("are run once, in order, and proved by what was read back", async () => {
    await enrolled();
    await until(() => pool.shares.length > 0, "a share");
    const pause = hub.command({ kind: "pause", reason: "test", until_ms: null });
    expect(await hub.order(pause)).toEqual({ ok: true });
    const paused = await until(() => hub.ended(pause), "the end of pause");
    expect(paused).toMatchObject({ state: "proved" });
    expect(paused.evidence?.hashes_after).toBe(paused.evidence?.hashes_before);
    expect(hub.of(pause).map(({ state }) => state)).toEqual(["accepted", "running", "proved"]);
    await until(() => hub.reports.at(-1)?.pool.message === "paused: test", "a report that says why");

    const resume = hub.command({ kind: "resume" });
    const restart = hub.command({ kind: "restart_mining" });
    const log = hub.command({ kind: "read_log", lines: 5 });
    const update = hub.command({ kind: "update", release_number: 3 });
    const again = hub.command({ kind: "restart_agent" });
    const orders = [resume, restart, log, update, again];
    for (const order of orders) expect(await hub.order(order)).toEqual({ ok: true });
    const ends = [];
    for (const order of orders) ends.push(await until(() => hub.ended(order), `the end of ${order.body.kind}`));
    expect(ends.map(({ state }) => state)).toEqual(["proved", "proved", "proved", "failed", "failed"]);
    expect(Number(ends[0]?.evidence?.hashes_after)).toBeGreaterThan(Number(ends[0]?.evidence?.hashes_before));
    expect(ends[2]?.evidence?.lines).toHaveLength(5);
    expect(ends[3]?.message).toContain("it runs from source");
    expect(ends[4]?.message).toContain("started by hand");
    // Sent twice, it is acknowledged and not run again.
    expect(await hub.order(restart)).toEqual({ ok: true });
    expect(hub.of(restart).filter(({ state }) => state === "running")).toHaveLength(1);
  });

  test("that are forged, replayed, for another agent, late, early, huge or nonsense are refused, counted and told", async () => {
    const agent = await enrolled();
    const first = hub.command({ kind: "resume" });
    expect(await hub.order(first)).toEqual({ ok: true });
    const stranger = generateKeyPairSync("ed25519").privateKey;
    const resume = { kind: "resume" } as const;
    const refused: [string, unknown][] = [
      ["bad_signature", hub.signed("command", hub.command(resume), stranger)],
      ["bad_signature", hub.signed("desired", hub.command(resume))],
      ["wrong_agent", hub.signed("command", hub.command(resume, { agent_id: "3f8e0b1c-6f7c-4f0e-9d67-0a5b6f1c2d3e" }))],
      ["replayed", hub.signed("command", { ...hub.command(resume), number: first.number })],
      ["future", hub.signed("command", hub.command(resume, { issued_at_ms: hub.now() + 600_000 }))],
      ["bad_payload", hub.signed("command", { ...hub.command(resume), body: { kind: "format_disk" } })],
      ["bad_payload", hub.signed("command", ["not", "an", "order"])],
      ["bad_message", { payload: "x".repeat(70_000), signature: "A".repeat(88) }],
      ["bad_message", null],
      ["bad_message", "<script>"],
    ];
    for (const [code, body] of refused) {
      expect(await hub.emit("command", body), JSON.stringify(body)?.slice(0, 80)).toMatchObject({ ok: false, code });
    }
    expect(await hub.emit("desired", hub.signed("desired", hub.desired(null), stranger))).toMatchObject({ ok: false });
    // One that came too late is taken, never run, and said to be expired.
    const late = hub.command(resume, { deadline_ms: hub.now() - 1 });
    expect(await hub.order(late)).toEqual({ ok: true });
    expect(await until(() => hub.ended(late), "its end")).toMatchObject({ state: "expired" });
    expect(hub.of(late).map(({ state }) => state)).toEqual(["expired"]);
    await until(() => hub.events.filter(({ kind }) => kind === "refused").length > refused.length, "the events");
    expect(agent.child.exitCode).toBeNull();
    expect(await hub.order(hub.command(resume))).toEqual({ ok: true });
  });

  test("are given and judged by the control plane's clock, when the rig's is an hour off", async () => {
    hub.clock_ahead_ms = 3_600_000;
    const agent = await enrolled();
    const order = hub.command({ kind: "read_log", lines: 1 });
    expect(await hub.order(order)).toEqual({ ok: true });
    expect(await until(() => hub.ended(order), "its end")).toMatchObject({ state: "proved" });
    await until(() => /clock is 3\d\d\d s behind/.test(agent.output), "the sentence");
    // What it tells bears its own time, as its hello does: the control plane puts both right.
    const off_ms = (hub.hellos[0]?.at_ms ?? 0) - hub.now();
    const report = hub.reports.at(-1);
    expect(Math.abs((report?.at_ms ?? 0) - hub.now() - off_ms)).toBeLessThan(600_000);
  });
});

describe("a restart by command", () => {
  test("is proved by the process that comes after, and nothing is run twice", async () => {
    const agent = await enrolled({ supervision: "systemd" });
    const restart = hub.command({ kind: "restart_agent" });
    await hub.order(restart);
    expect(await agent.exit()).toBe(0);
    house.start(settings());
    const ended = await until(() => hub.ended(restart), "its end");
    expect(ended).toMatchObject({ state: "proved", message: "Another process of the agent runs now." });
    expect(ended.evidence?.run_before).not.toBe(ended.evidence?.run_now);
  });
});

describe("desired state", () => {
  test("is applied, read back and proved; a person's pause is obeyed; an older one is refused", async () => {
    await enrolled();
    const other = await new TestPool().listen();
    try {
      const wanted = hub.desired(sheet(other.url, { intensity_percent: 60 }));
      expect(await hub.want(wanted)).toEqual({ ok: true });
      const proof = await until(
        () => hub.desired_reports.find(({ revision, state }) => revision === wanted.revision && state === "proved"),
        "the proof",
      );
      const found = Object.fromEntries(proof.checks.map(({ name, found }) => [name, found]));
      expect(found).toMatchObject({ algorithm: "sha256d", pool: other.url, user: "wallet.rig1", threads: "1", nice: "7" });
      expect(found.intensity).toMatch(/^60 %/);
      expect(proof.checks.every(({ ok }) => ok)).toBe(true);
      await until(() => other.shares.some(({ user }) => user === "wallet.rig1"), "a share for the sheet");

      const held = hub.desired(sheet(other.url), { paused: { reason: "the price" } });
      expect(await hub.want(held)).toEqual({ ok: true });
      await until(
        () => hub.desired_reports.find(({ revision, state }) => revision === held.revision && state === "proved"),
        "the pause's proof",
      );
      expect(await hub.want({ ...wanted, paused: null })).toMatchObject({ ok: false, code: "replayed" });
    } finally {
      await other.close();
    }
  });

  test("that was proved is what a rig starts with when its control plane is away", async () => {
    const agent = await enrolled();
    const other = await new TestPool().listen();
    try {
      const wanted = hub.desired(sheet(other.url));
      await hub.want(wanted);
      await until(
        () => hub.desired_reports.some(({ revision, state }) => revision === wanted.revision && state === "proved"),
        "the proof",
      );
      await agent.kill();
      await hub.close();
      const before = other.shares.length;
      const dialled_before = pool.requests.length;
      house.start(settings());
      await until(() => other.shares.length > before, "a share for the sheet's pool");
      expect(pool.requests.length).toBe(dialled_before);
    } finally {
      await other.close();
    }
  });

  test("that cannot be is failing, and says which part and since when", async () => {
    await enrolled();
    const wanted = hub.desired(sheet(pool.url, { power_limit_watts: 65 }));
    await hub.want(wanted);
    const failing = await until(
      () => hub.desired_reports.find(({ revision, state }) => revision === wanted.revision && state === "failing"),
      "the failure",
    );
    const [limit] = failing.checks.filter(({ name }) => name === "power_limit");
    expect(limit).toMatchObject({ ok: false, wanted: "65 W" });
    expect(failing.message).toContain("power_limit is");
    expect(failing.since_ms).toBeGreaterThanOrEqual(wanted.issued_at_ms);
  });
});

describe("reports", () => {
  test("wait on disk while the control plane is away, over a kill too, and fill the gap afterwards", async () => {
    const agent = await enrolled();
    const before = hub;
    await hub.close();
    hub = new TestControlPlane().inherit(before);
    const seen = before.reports.length;
    // The interval is the control plane's, one second, and outlives the connection; a kill in the middle loses nothing.
    await until(() => waiting(house.data_dir) > 2, "reports on disk");
    await agent.kill();
    house.start(settings());
    await until(() => waiting(house.data_dir) > 3, "more of them");
    await hub.listen();
    await until(() => hub.backlogs.length > 0, "the backlog");
    await until(() => {
      const numbers = [...new Set(hub.reports.map(({ number }) => number))].sort((a, b) => a - b);
      return numbers.length > seen + 3 && numbers.every((number, i) => number === i + 1);
    }, "numbers without a gap");
    expect(hub.reports.at(-1)?.own.reports_dropped).toBe(0);
  });
});

/** Records in the report segments that begin as reports do. */
function waiting(data_dir: string): number {
  const folder = join(data_dir, "reports");
  try {
    return readdirSync(folder).reduce(
      (sum, name) => sum + (readFileSync(join(folder, name), "latin1").match(/I\{"number":/g)?.length ?? 0),
      0,
    );
  } catch {
    return 0;
  }
}
