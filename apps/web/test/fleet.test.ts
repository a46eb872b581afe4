/** What people ask of rigs: commands, bulk actions, flight sheets and places, from the procedure to the agent and back. */
import { randomUUID } from "node:crypto";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { enrolAgent } from "@otedama/db/web";
import type { AgentCommand, BulkDto, CommandReport, DesiredReport, DesiredState, SignedMessage } from "@otedama/shared";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  arrived,
  factsOf,
  helloOf,
  type Identity,
  newIdentity,
  readSigned,
  reportOf,
  sheetOf,
  type TestAgent,
} from "./fixtures/agents.ts";
import { agentAuth, connected, send } from "./fixtures/hub_clients.ts";
import { rigId, telemetryOf } from "./fixtures/seed.ts";
import { type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

let postgres: TestPostgres;
let web: RunningWeb;
let owner: ReturnType<RunningWeb["client"]>;
let control_key: string;
let rigs = 0;
const open: { close(): void }[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
  web = await startTestWeb(await postgres.createMigratedDatabase());
  owner = web.client(await web.signIn());
  await web.enrolmentToken("home");
  const site_id = (await owner.places.list.query()).sites[0]?.id ?? 0;
  control_key = (await owner.enrolment.createTokens.mutate({ site_id })).control_key;
});
afterAll(async () => {
  await web.stop();
  await postgres.stop();
});
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

/** An enrolled agent that is not connected. */
async function enrolled(site = "home"): Promise<Identity & { rig: number }> {
  const rig = ++rigs;
  const identity = newIdentity(rig);
  const token = await web.enrolmentToken(site);
  const { agent_id, public_key } = identity;
  await enrolAgent(web.sql, {
    token,
    agent_id,
    public_key: Buffer.from(public_key, "base64"),
    facts: factsOf(rig),
    address: "test",
  });
  return { ...identity, rig };
}

/** How many commands agents have in hand, and the most there ever were. */
const under_way = { now: 0, most: 0 };

/** Does what it is told as a real agent does: once for each number, reporting each state. */
async function obedient(identity: Identity & { rig: number }, fails: (command: AgentCommand) => boolean = () => false) {
  const ran: AgentCommand[] = [];
  let highest = 0;
  let agent: TestAgent | null = null;
  const todo: AgentCommand[] = [];
  const run = async (command: AgentCommand) => {
    const report = (state: CommandReport["state"], message: string): CommandReport => ({
      id: command.id,
      number: command.number,
      state,
      at_ms: Date.now(),
      message,
      evidence: state === "proved" ? { pid: 1 } : null,
    });
    under_way.most = Math.max(under_way.most, ++under_way.now);
    await agent?.send("command", report("accepted", "journalled"));
    await agent?.send("command", report("running", "running"));
    under_way.now--;
    await agent?.send("command", fails(command) ? report("failed", "it broke: look at the fan") : report("proved", "read back"));
  };
  const accept = (event: "command" | "desired", message: SignedMessage) => {
    if (event === "command") {
      const command = readSigned<AgentCommand>("command", message, control_key);
      if (command.number > highest) {
        highest = command.number;
        ran.push(command);
        if (agent === null) todo.push(command);
        else void run(command).catch(() => {});
      }
    }
    return { ok: true as const };
  };
  agent = await arrived(web.origin, identity, { hello: helloOf(identity, factsOf(identity.rig)), accept });
  open.push(agent);
  for (const command of todo) void run(command).catch(() => {});
  return { agent, ran };
}
const commandOf = async (id: string) => (await owner.commands.list.query({ page_size: 200 })).rows.find((row) => row.id === id);

describe("a command", () => {
  test("is signed for its rig, numbered, and followed to its proof", async () => {
    const identity = await enrolled();
    const { ran } = await obedient(identity);
    const first = await owner.commands.issue.mutate({ rig_id: identity.agent_id, body: { kind: "restart_mining" } });
    const second = await owner.commands.issue.mutate({ rig_id: identity.agent_id, body: { kind: "read_log", lines: 10 } });
    await expect.poll(async () => (await commandOf(second.id))?.state).toBe("proved");
    expect(await commandOf(first.id)).toMatchObject({
      state: "proved",
      number: 1,
      issued_by: "Aki",
      message: "read back",
      evidence: { pid: 1 },
      rig_name: `rig-${identity.rig}`,
    });
    expect(ran.map((command) => [command.id, command.agent_id, command.number])).toEqual([
      [first.id, identity.agent_id, 1],
      [second.id, identity.agent_id, 2],
    ]);
    const lines = (await owner.audit.list.query({ action: "command.issue" })).rows;
    expect(lines[0]).toMatchObject({
      subject: `agent:${identity.agent_id}`,
      details: { after: { body: { kind: "read_log", lines: 10 } } },
    });
  });

  test("waits for a rig that is away; what was sent and not accepted is sent again, and run once", async () => {
    const identity = await enrolled();
    const { id } = await owner.commands.issue.mutate({ rig_id: identity.agent_id, body: { kind: "resume" } });
    expect(await commandOf(id)).toMatchObject({ state: "queued" });
    // Hears the command, says nothing and goes: the same as a kill before the journal was written.
    const deaf = await arrived(web.origin, identity, { hello: helloOf(identity, factsOf(identity.rig)), accept: () => null });
    await expect.poll(() => deaf.commands.length).toBe(1);
    deaf.close();
    const { ran } = await obedient(identity);
    await expect.poll(async () => (await commandOf(id))?.state).toBe("proved");
    expect(ran.map((command) => command.number)).toEqual([1]);
  });

  test("only ever moves forward, whatever is reported, and by its own rig alone", async () => {
    const [mine, other] = [await enrolled(), await enrolled()];
    const { id } = await owner.commands.issue.mutate({ rig_id: mine.agent_id, body: { kind: "resume" } });
    const agent = await arrived(web.origin, mine, { accept: () => ({ ok: true }) });
    const thief = await arrived(web.origin, other);
    open.push(agent, thief);
    const report = (state: CommandReport["state"], evidence: CommandReport["evidence"] = null): CommandReport => ({
      id,
      number: 1,
      state,
      at_ms: Date.now(),
      message: state,
      evidence,
    });
    await expect.poll(() => agent.commands.length).toBe(1);
    expect(await thief.send("command", report("proved"))).toMatchObject({ ok: false, code: "unknown_command" });
    expect(await agent.send("command", { ...report("proved"), id: randomUUID() })).toMatchObject({
      ok: false,
      code: "unknown_command",
    });
    expect(await agent.send("command", report("running"))).toEqual({ ok: true });
    expect(await agent.send("command", report("accepted"))).toEqual({ ok: true });
    expect(await commandOf(id)).toMatchObject({ state: "running", message: "running" });
    expect(await agent.send("command", report("failed", { code: 7 }))).toEqual({ ok: true });
    expect(await agent.send("command", report("proved", { code: 0 }))).toEqual({ ok: true });
    expect(await agent.send("command", report("expired"))).toEqual({ ok: true });
    expect(await commandOf(id)).toMatchObject({ state: "failed", message: "failed", evidence: { code: 7 } });
  });

  test("ends at its deadline; proof that comes later still counts", async () => {
    const identity = await enrolled();
    const { id } = await owner.commands.issue.mutate({ rig_id: identity.agent_id, body: { kind: "resume" } });
    await web.sql.query("UPDATE agent_command SET deadline = now() - interval '5 seconds' WHERE id = $1", [id]);
    await expect.poll(async () => (await commandOf(id))?.state).toBe("expired");
    expect((await commandOf(id))?.message).toContain("never sent");
    const agent = await arrived(web.origin, identity);
    open.push(agent);
    const proved: CommandReport = { id, number: 1, state: "proved", at_ms: Date.now(), message: "done", evidence: null };
    expect(await agent.send("command", proved)).toEqual({ ok: true });
    expect(agent.commands).toHaveLength(0);
    expect(await commandOf(id)).toMatchObject({ state: "proved" });
  });

  test("that an agent refuses has failed, with its words; one that was not sent can be taken back", async () => {
    const identity = await enrolled();
    const { id } = await owner.commands.issue.mutate({ rig_id: identity.agent_id, body: { kind: "resume" } });
    await owner.commands.cancel.mutate({ id });
    expect(await commandOf(id)).toMatchObject({ state: "cancelled" });
    await expect(owner.commands.cancel.mutate({ id })).rejects.toMatchObject({ data: { code: "CONFLICT" } });
    const agent = await arrived(web.origin, identity, {
      accept: () => ({ ok: false, code: "bad_number", message: "I had that one." }),
    });
    open.push(agent);
    const again = await owner.commands.issue.mutate({ rig_id: identity.agent_id, body: { kind: "resume" } });
    await expect.poll(async () => (await commandOf(again.id))?.state).toBe("failed");
    expect((await commandOf(again.id))?.message).toContain("I had that one.");
    expect(agent.commands).toHaveLength(1);
  });

  test("goes on above the number that the agent has, when the database is an older one", async () => {
    const identity = await enrolled();
    const agent = await arrived(web.origin, identity, {
      hello: helloOf(identity, factsOf(identity.rig), { command_number: 41, desired_revision: 8 }),
    });
    open.push(agent);
    await expect.poll(() => agent.desired.length).toBe(1);
    expect(readSigned<DesiredState>("desired", agent.desired[0] as SignedMessage, control_key)).toMatchObject({
      revision: 9,
      sheet: null,
    });
    await owner.commands.issue.mutate({ rig_id: identity.agent_id, body: { kind: "resume" } });
    await expect.poll(() => agent.commands.length).toBe(1);
    expect(readSigned<AgentCommand>("command", agent.commands[0] as SignedMessage, control_key).number).toBe(42);
  });

  test("is not for rigs of protocol 1, retired rigs, or everybody to give", async () => {
    const token = await web.accessToken("agent");
    const old = await connected(web.origin, "/agents", agentAuth(token.token, ++rigs));
    open.push(old);
    const id = rigId(rigs);
    await send(old, "telemetry", telemetryOf(rigs, Date.now()));
    await expect.poll(async () => (await owner.rigs.list.query({ q: `rig-${rigs}` })).total).toBe(1);
    const body = { kind: "resume" } as const;
    await expect(owner.commands.issue.mutate({ rig_id: id, body })).rejects.toThrow(/protocol 1/);
    const identity = await enrolled();
    await owner.rigs.retire.mutate({ id: identity.agent_id });
    await expect(owner.commands.issue.mutate({ rig_id: identity.agent_id, body })).rejects.toThrow(/retired/);
    await expect(owner.commands.issue.mutate({ rig_id: randomUUID(), body })).rejects.toMatchObject({
      data: { code: "NOT_FOUND" },
    });
    await expect(owner.commands.issue.mutate({ rig_id: id, body: { kind: "update", release_number: 3 } })).rejects.toMatchObject({
      data: { code: "BAD_REQUEST", field: "body" },
    });
  });
});

describe("a bulk action", () => {
  async function hall(site: string, size: number, fails: (index: number) => boolean = () => false) {
    const identities = [];
    for (let index = 0; index < size; index++) identities.push(await enrolled(site));
    const agents = await Promise.all(identities.map((identity, index) => obedient(identity, () => fails(index))));
    for (const { agent } of agents) await agent.send("telemetry", reportOf(1));
    return { identities, agents };
  }
  const chosen = (identities: Identity[]) => ({ by: "rigs" as const, ids: identities.map((identity) => identity.agent_id) });
  const watch = async (id: number): Promise<BulkDto> => owner.bulks.get.query({ id });

  test("tells its blast radius first, refuses another one, and is done when every rig has proved it", async () => {
    const { identities, agents } = await hall("bulk-1", 6);
    const selection = chosen(identities);
    const radius = await owner.rigs.preview.mutate({ selection });
    expect(radius).toEqual({ rigs: 6, mining: 6, offline: 0, unable: 0, hashrate_hps: 6e6, power_watts: 390, power_rigs: 6 });
    const body = { kind: "restart_mining" } as const;
    Object.assign(under_way, { now: 0, most: 0 });
    await expect(owner.bulks.issue.mutate({ selection, body, expected_rigs: 5 })).rejects.toThrow(/6 rigs now/);
    const { id } = await owner.bulks.issue.mutate({ selection, body, expected_rigs: 6, batch_rigs: 2 });
    await expect.poll(async () => (await watch(id)).state, { timeout: 20_000 }).toBe("done");
    expect(await watch(id)).toMatchObject({ rigs: 6, power_watts: 390, counts: { proved: 6, waiting: 0 } });
    expect(agents.map(({ ran }) => ran.length)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(under_way.most).toBeLessThanOrEqual(2);
  });

  test("stops by itself when too many fail, and goes on when it is told to", async () => {
    const { identities } = await hall("bulk-2", 6, (index) => index < 6);
    const body = { kind: "restart_mining" } as const;
    const { id } = await owner.bulks.issue.mutate({
      selection: chosen(identities),
      body,
      expected_rigs: 6,
      batch_rigs: 1,
      failures_max: 1,
    });
    await expect.poll(async () => (await watch(id)).state, { timeout: 20_000 }).toBe("stopped");
    const stopped = await watch(id);
    expect(stopped.counts).toMatchObject({ failed: 2, waiting: 4 });
    expect(stopped.message).toMatch(/2 rigs failed/);
    await owner.bulks.resume.mutate({ id });
    await expect.poll(async () => (await watch(id)).state, { timeout: 20_000 }).toBe("stopped");
    expect((await watch(id)).counts).toMatchObject({ failed: 4, waiting: 2 });
    await owner.bulks.cancel.mutate({ id });
    expect(await watch(id)).toMatchObject({ state: "cancelled", counts: { waiting: 2 } });
    await expect(owner.bulks.resume.mutate({ id })).rejects.toMatchObject({ data: { code: "CONFLICT" } });
  });

  test("that is paused sends nothing more; a control plane that starts again goes on with it", async () => {
    const identities = [await enrolled("bulk-3"), await enrolled("bulk-3"), await enrolled("bulk-3")];
    const body = { kind: "resume" } as const;
    const { id } = await owner.bulks.issue.mutate({ selection: chosen(identities), body, expected_rigs: 3, batch_rigs: 1 });
    await expect.poll(async () => (await watch(id)).counts.queued).toBe(1);
    await owner.bulks.pause.mutate({ id });
    expect(await watch(id)).toMatchObject({ state: "paused", counts: { queued: 1, waiting: 2 } });
    await owner.bulks.resume.mutate({ id });
    // A second process on the same database has the same work in hand, and nobody is told twice.
    const second = await startTestWeb(web.database_url);
    try {
      const agents = await Promise.all(identities.map((identity) => obedient(identity)));
      await expect.poll(async () => (await watch(id)).state, { timeout: 20_000 }).toBe("done");
      expect(agents.map(({ ran }) => ran.length)).toEqual([1, 1, 1]);
      expect((await web.sql.query("SELECT 1 FROM agent_command WHERE bulk_id = $1", [id])).rows).toHaveLength(3);
    } finally {
      await second.stop();
    }
  });
});

describe("flight sheets", () => {
  let sheets = 0;
  const create = (content = sheetOf()) => owner.sheets.create.mutate({ name: `sheet ${++sheets}`, content, reason: "first" });
  const siteId = async (name: string) => (await owner.places.list.query()).sites.find((site) => site.name === name)?.id ?? 0;
  const latest = (agent: TestAgent) => {
    const message = agent.desired.at(-1);
    return message === undefined ? null : readSigned<DesiredState>("desired", message, control_key);
  };

  test("are versions: a change needs the version that was looked at, is told as a difference, and can be undone", async () => {
    const { id } = await create();
    const changed = sheetOf({ worker: "%RACK%-%SLOT%" });
    expect(await owner.sheets.change.mutate({ id, version: 1, content: changed, reason: "by place" })).toEqual({
      id,
      version: 2,
    });
    await expect(
      owner.sheets.change.mutate({ id, version: 1, content: sheetOf({ worker: "x" }), reason: "late" }),
    ).rejects.toThrow(/version 2 meanwhile/);
    await expect(owner.sheets.change.mutate({ id, version: 2, content: changed, reason: "again" })).rejects.toThrow(
      /nothing is different/,
    );
    await expect(
      owner.sheets.change.mutate({ id, version: 2, content: { ...changed, worker: "%X%" }, reason: "bad" }),
    ).rejects.toMatchObject({
      data: { code: "BAD_REQUEST", field: "content.worker" },
    });
    expect(await owner.sheets.diff.query({ id, from_version: 1, to_version: 2 })).toEqual({
      changes: [{ field: "worker", before: "%RIG%", after: "%RACK%-%SLOT%" }],
    });
    expect(await owner.sheets.undo.mutate({ id, version: 2, to_version: 1, reason: "no" })).toEqual({ id, version: 3 });
    const sheet = await owner.sheets.get.query({ id });
    expect(sheet).toMatchObject({ version: 3, content: sheetOf(), author: "Aki", reason: "no" });
    expect(sheet.versions.map((one) => one.version)).toEqual([3, 2, 1]);
    await expect(owner.sheets.create.mutate({ name: sheet.name, content: sheetOf(), reason: "twice" })).rejects.toMatchObject({
      data: { code: "CONFLICT" },
    });
    await owner.sheets.archive.mutate({ id, archived: true });
    await expect(owner.sheets.change.mutate({ id, version: 3, content: changed, reason: "x" })).rejects.toThrow(/archived/);
    expect((await owner.sheets.list.query({ archived: true })).rows.map((one) => one.id)).toContain(id);
  });

  test("reach the rigs that they are nearest to, in the transaction of the change, and come back as proof", async () => {
    const [one, two] = [await enrolled("sheets-1"), await enrolled("sheets-1")];
    const site = await siteId("sheets-1");
    const [{ id: far }, { id: near }] = [await create(), await create(sheetOf({ wallet: "near" }))];
    const targets = [{ target: "site" as const, id: String(site) }];
    const preview = await owner.sheets.previewAssignment.mutate({ targets, sheet_id: far, version: null });
    expect(preview).toMatchObject({ rigs: 2 });
    // The preview changed nothing.
    expect((await owner.rigs.get.query({ id: one.agent_id })).sheet).toBeNull();
    const assign = { targets, sheet_id: far, version: null, reason: "season" };
    await expect(owner.sheets.assign.mutate({ ...assign, expected_rigs: 1 })).rejects.toThrow(/2 rigs now/);
    expect(await owner.sheets.assign.mutate({ ...assign, expected_rigs: 2 })).toEqual({ rigs: 2 });
    const rig_target = [{ target: "rig" as const, id: two.agent_id }];
    await owner.sheets.assign.mutate({ targets: rig_target, sheet_id: near, version: 1, expected_rigs: 1, reason: "test" });

    // They were away; they get the newest and nothing else.
    const [agent, other] = [
      await arrived(web.origin, one, { hello: helloOf(one, factsOf(one.rig)) }),
      await arrived(web.origin, two, { hello: helloOf(two, factsOf(two.rig)) }),
    ];
    open.push(agent, other);
    await expect
      .poll(() => latest(agent))
      .toMatchObject({ agent_id: one.agent_id, revision: 1, sheet: { worker_user: `bcrt1qexample.rig-${one.rig}` } });
    await expect
      .poll(() => latest(other))
      .toMatchObject({ revision: 2, sheet: { version: 1, worker_user: `near.rig-${two.rig}` } });
    await expect
      .poll(async () => (await owner.rigs.get.query({ id: one.agent_id })).desired)
      .toMatchObject({ revision: 1, held_revision: 1 });
    expect((await owner.rigs.get.query({ id: one.agent_id })).proof_state).toBe("converging");

    const proof = (revision: number, state: DesiredReport["state"]): DesiredReport => ({
      revision,
      state,
      since_ms: Date.now(),
      message: "",
      checks: [{ name: "pool", wanted: "a", found: state === "proved" ? "a" : "b", ok: state === "proved" }],
    });
    expect(await agent.send("desired", proof(1, "proved"))).toEqual({ ok: true });
    expect(await other.send("desired", proof(1, "failing"))).toEqual({ ok: true });
    expect(await owner.rigs.get.query({ id: one.agent_id })).toMatchObject({
      proof_state: "proved",
      proof: { checks: [{ ok: true }] },
    });
    // Of an older revision: it says nothing of what is wanted now.
    expect((await owner.rigs.get.query({ id: two.agent_id })).proof_state).toBe("converging");
    const listed = (await owner.sheets.list.query({})).rows.find((sheet) => sheet.id === far);
    expect(listed?.rigs).toEqual({ total: 1, proved: 1, converging: 0, drifting: 0, failing: 0 });
    expect((await owner.rigs.counts.query({ site_id: site })).proofs).toMatchObject({ proved: 1, converging: 1 });

    // The newest is followed by whom no version was named.
    await owner.sheets.change.mutate({ id: far, version: 1, content: sheetOf({ wallet: "moved" }), reason: "new wallet" });
    await expect
      .poll(() => latest(agent))
      .toMatchObject({ revision: 2, sheet: { version: 2, worker_user: `moved.rig-${one.rig}` } });
    await owner.sheets.change.mutate({ id: near, version: 1, content: sheetOf({ wallet: "unseen" }), reason: "not for it" });
    // Taken away, the farther one counts; taken away too, the rig does as its own settings say.
    await owner.sheets.assign.mutate({ targets: rig_target, sheet_id: null, version: null, expected_rigs: 1, reason: "back" });
    await expect.poll(() => latest(other)).toMatchObject({ revision: 3, sheet: { worker_user: `moved.rig-${two.rig}` } });
    await owner.sheets.assign.mutate({ targets, sheet_id: null, version: null, expected_rigs: 2, reason: "none" });
    await expect.poll(() => latest(agent)).toMatchObject({ revision: 3, sheet: null });
    await expect(owner.sheets.archive.mutate({ id: far, archived: true })).resolves.toBeUndefined();
  });

  test("follow a rig to another rack, into a group and under another name, and wait for one that enrols later", async () => {
    const site_id = await siteId("home");
    const building = await owner.places.create.mutate({ kind: "building", site_id, name: "hall" });
    const rack = await owner.places.create.mutate({ kind: "rack", building_id: building.id, name: "R1", slots: 20 });
    const group = await owner.places.create.mutate({ kind: "group", name: "canary" });
    const { id } = await create(sheetOf({ worker: "%RACK%x%SLOT%" }));
    const assign = (target: "rack" | "group", target_id: number, sheet_id: number) =>
      owner.sheets.assign.mutate({
        targets: [{ target, id: String(target_id) }],
        sheet_id,
        version: null,
        expected_rigs: 0,
        reason: "x",
      });
    await assign("rack", rack.id, id);
    const identity = await enrolled();
    const agent = await arrived(web.origin, identity, { hello: helloOf(identity, factsOf(identity.rig)) });
    open.push(agent);
    const place = { rig_id: identity.agent_id, site_id, rack_id: rack.id, slot: 7 };
    await expect(owner.rigs.place.mutate({ ...place, slot: 21 })).rejects.toThrow(/20 slots/);
    await owner.rigs.place.mutate(place);
    await expect.poll(() => latest(agent)?.sheet?.worker_user).toBe("bcrt1qexample.R1x7");
    await owner.places.change.mutate({ kind: "rack", id: rack.id, name: "R2" });
    await expect.poll(() => latest(agent)?.sheet?.worker_user).toBe("bcrt1qexample.R2x7");
    const grouped = await create(sheetOf({ wallet: "grouped", worker: "%RIG%" }));
    await assign("group", group.id, grouped.id);
    await owner.places.changeMembers.mutate({ group_id: group.id, add: [identity.agent_id] });
    await expect.poll(() => latest(agent)?.sheet?.worker_user).toBe(`grouped.rig-${identity.rig}`);
    agent.close();
    const renamed = await arrived(web.origin, identity, {
      hello: helloOf(identity, factsOf(identity.rig, { name: "renamed" }), { desired_revision: 3 }),
    });
    open.push(renamed);
    await expect.poll(() => latest(renamed)?.sheet?.worker_user).toBe("grouped.renamed");

    const other = await enrolled();
    await expect(owner.rigs.place.mutate({ ...place, rig_id: other.agent_id })).rejects.toThrow(/renamed is in it/);
    await expect(owner.places.remove.mutate({ kind: "rack", id: rack.id })).rejects.toThrow(/still holds 1 rigs/);
    await owner.places.remove.mutate({ kind: "group", id: group.id });
    await expect.poll(() => latest(renamed)?.sheet?.worker_user).toBe("bcrt1qexample.R2x7");
    const places = await owner.places.list.query();
    expect(places.sites.find((site) => site.id === site_id)?.buildings).toMatchObject([
      { name: "hall", racks: [{ name: "R2", slots: 20, rigs: 1 }] },
    ]);
  });
});

describe("the table of placements", () => {
  test("goes out, comes back changed, is rehearsed, and is applied whole or not at all", async () => {
    const [one, two] = [await enrolled("csv"), await enrolled("csv")];
    const cookie = await web.signIn();
    const path = "/api/fleet/placement.csv";
    const send = (text: string, as = cookie, query = "") =>
      fetch(web.origin + path + query, {
        method: "POST",
        headers: { cookie: as, origin: web.origin, "content-type": "text/csv" },
        body: text,
      });
    const table = await (await fetch(web.origin + path, { headers: { cookie } })).text();
    expect(table.split("\r\n")[0]).toBe("rig_id,rig,site,building,rack,slot,groups");
    expect(table).toContain(`${one.agent_id},rig-${one.rig},csv,,,,\r\n`);

    const wanted = `rig_id,site,building,rack,slot,groups\n${one.agent_id},csv,hall,R1,4,"a;b"\n${two.agent_id},csv,hall,R1,5,b\n`;
    const rehearsed = await send(wanted, cookie, "?dry_run=1");
    const made = ["building csv / hall", "rack csv / hall / R1", "group a", "group b"];
    expect(await rehearsed.json()).toEqual({ applied: false, rows: 2, changed: 2, made, problems: [] });
    expect((await owner.rigs.get.query({ id: one.agent_id })).rack).toBeNull();
    expect(await (await send(wanted)).json()).toMatchObject({ applied: true, changed: 2 });
    expect(await owner.rigs.get.query({ id: one.agent_id })).toMatchObject({
      site: "csv",
      building: "hall",
      rack: "R1",
      slot: 4,
    });
    expect((await owner.rigs.get.query({ id: one.agent_id })).groups.map((group) => group.name)).toEqual(["a", "b"]);
    // They change places, in one go.
    const swapped = wanted.replace("R1,4", "R1,9").replace("R1,5", "R1,4").replace("R1,9", "R1,5");
    expect(await (await send(swapped)).json()).toMatchObject({ applied: true, changed: 2, made: [] });
    expect(await (await send(swapped)).json()).toMatchObject({ applied: true, changed: 0 });
    const refused = await send(`${swapped}${randomUUID()},csv,,,,\n`);
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ applied: false, problems: [{ line: 4, field: "rig_id" }] });
    expect((await send(swapped.replace("R1,5", "R1,50"))).status).toBe(422);
    expect((await send("rig_id,site,colour\n")).status).toBe(400);
    expect((await send('rig_id,site\n"')).status).toBe(400);
    expect((await send("x".repeat(8_000_001))).status).toBe(413);
    expect((await send(swapped, "")).status).toBe(401);
    const viewer = await web.join("viewer");
    expect((await send(swapped, viewer)).status).toBe(403);
    expect((await fetch(web.origin + path, { headers: { cookie: viewer } })).status).toBe(200);
    expect((await owner.audit.list.query({ action: "placement.import" })).rows).toHaveLength(2);
  });
});
