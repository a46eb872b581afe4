/** Releases: published and signed, fetched by agents, rolled out ring by ring and taken back, from the procedures to the rigs' commands. */
import { createHash, createPublicKey, sign, verify } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { enrolAgent, retireReleaseFiles } from "@otedama/db/web";
import {
  FETCH_CLOCK_MS_MAX,
  fetchAuthorization,
  fetchStatement,
  ReleaseManifest,
  type RolloutDto,
  type RolloutInput,
  releaseFilePath,
  releasePath,
  type SignedMessage,
  signedStatement,
} from "@otedama/shared";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { factsOf, type Identity, newIdentity } from "./fixtures/agents.ts";
import { type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

let postgres: TestPostgres;
let web: RunningWeb;
let owner: ReturnType<RunningWeb["client"]>;
let folder: string;
let rigs = 0;

beforeAll(async () => {
  postgres = await startTestPostgres();
  folder = mkdtempSync(join(tmpdir(), "otedama-releases-"));
  web = await startTestWeb(await postgres.createMigratedDatabase(), {
    data_dir: join(folder, "data"),
    releases: { build_folder: join(folder, "dist") },
  });
  owner = web.client(await web.signIn());
});
afterAll(async () => {
  await web.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

const sha256Of = (bytes: Buffer | string) => createHash("sha256").update(bytes).digest("hex");

/** As `npm run build:agent` leaves it. */
function build(version: string, content: string, platform = "linux-x64"): string {
  const at = join(folder, "dist", platform);
  mkdirSync(at, { recursive: true });
  const sha256 = sha256Of(content);
  writeFileSync(join(at, "otedama-agent"), content);
  writeFileSync(
    join(at, "build.json"),
    JSON.stringify({ version, platform, name: "otedama-agent", bytes: content.length, sha256 }),
  );
  return sha256;
}

async function publish(version: string): Promise<number> {
  const sha256 = build(version, `agent ${version}`);
  return (await owner.releases.publish.mutate({ sha256: [sha256] })).number;
}

/** A rig that runs a release and is connected, as its row says. */
async function rig(
  release_number: number,
  changes: { hashrate_hps?: number; away?: boolean; site?: string } = {},
): Promise<Identity> {
  const identity = newIdentity(++rigs);
  const { hashrate_hps = 100, away = false, site = "home" } = changes;
  const token = await web.enrolmentToken(site);
  const public_key = Buffer.from(identity.public_key, "base64");
  const enrolled = await enrolAgent(web.sql, {
    token,
    agent_id: identity.agent_id,
    public_key,
    facts: factsOf(rigs),
    address: "test",
  });
  if ("refused" in enrolled) throw new Error(enrolled.message);
  // Later than now: it stays connected for as long as the test takes.
  await web.sql.query(
    `UPDATE agent SET release_number = $2, version = 'x', mining = $3 > 0, hashrate_hps = $3,
            last_seen_at = now() + CASE WHEN $4 THEN interval '-1 day' ELSE interval '1 hour' END WHERE id = $1`,
    [identity.agent_id, release_number, hashrate_hps, away],
  );
  return identity;
}

const updatesOf = async (release_number: number) =>
  (
    await web.sql.query<{ agent_id: string; state: string }>(
      "SELECT agent_id, state FROM agent_command WHERE kind = 'update' AND (body->>'release_number')::int = $1 ORDER BY number",
      [release_number],
    )
  ).rows;

/** What agents would: those that have the command run the release, or fail. */
async function answer(release_number: number, state: "proved" | "failed", message = "as it said"): Promise<void> {
  if (state === "proved") {
    await web.sql.query(
      `UPDATE agent SET release_number = $1 FROM agent_command c
        WHERE c.agent_id = agent.id AND c.kind = 'update' AND c.state IN ('queued', 'sent') AND (c.body->>'release_number')::int = $1`,
      [release_number],
    );
  }
  await web.sql.query(
    `UPDATE agent_command SET state = $2, message = $3, ended_at = now()
      WHERE kind = 'update' AND state IN ('queued', 'sent') AND (body->>'release_number')::int = $1`,
    [release_number, state, message],
  );
}

const rolloutOf = async (id: number): Promise<RolloutDto> => {
  const found = (await owner.rollouts.list.query({})).rows.find((row) => row.id === id);
  if (!found) throw new Error(`there is no roll-out ${id}`);
  return found;
};
const until = (condition: () => Promise<boolean>) => vi.waitUntil(condition, { timeout: 40_000, interval: 100 });

async function start(release_number: number, changes: Partial<RolloutInput> = {}): Promise<number> {
  const target = { release_number, channel: changes.channel ?? "stable" };
  const { rigs: expected_rigs } = await owner.rollouts.preview.query(target);
  return (await owner.rollouts.start.mutate({ ...target, expected_rigs, watch_s: 0, ...changes })).id;
}

describe("publishing", () => {
  test("tells what is wrong with the build folder", async () => {
    expect((await owner.releases.build.query()).problem).toContain("There is no folder");
    build("1.0.0", "one");
    build("1.0.1", "two", "linux-arm64");
    expect((await owner.releases.build.query()).problem).toContain("different versions");
    writeFileSync(join(folder, "dist/linux-arm64/otedama-agent"), "longer than that");
    expect((await owner.releases.build.query()).problem).toContain("is not as long as");
    rmSync(join(folder, "dist/linux-arm64"), { recursive: true });
    expect(await owner.releases.build.query()).toMatchObject({
      problem: null,
      builds: [{ version: "1.0.0", sha256: sha256Of("one") }],
    });
  });

  test("signs the build that was shown, keeps it by its hash, and writes who did it", async () => {
    const sha256 = build("1.0.0", "one");
    const { number } = await owner.releases.publish.mutate({ sha256: [sha256], notes: "the first" });
    expect(number).toBe(1);
    expect(readFileSync(join(folder, "data/releases", sha256), "utf8")).toBe("one");
    const { rows, control_key } = await owner.releases.list.query({});
    expect(rows[0]).toMatchObject({
      number: 1,
      version: "1.0.0",
      notes: "the first",
      files_kept: true,
      rigs: 0,
      published_by: "Aki",
    });
    const signed = (await web.sql.query<SignedMessage>("SELECT payload, signature FROM release WHERE number = 1"))
      .rows[0] as SignedMessage;
    const x = Buffer.from(control_key, "base64").toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    expect(verify(null, signedStatement("release", signed.payload), key, Buffer.from(signed.signature, "base64"))).toBe(true);
    expect(ReleaseManifest.parse(JSON.parse(signed.payload)).files).toEqual([
      { platform: "linux-x64", name: "otedama-agent", bytes: 3, sha256 },
    ]);
    const audit = await web.sql.query("SELECT 1 FROM audit_log WHERE action = 'release.publish' AND subject = 'release:1'");
    expect(audit.rowCount).toBe(1);
  });

  test("refuses a build that is not the one that was shown, or not what it says, and uses no number up", async () => {
    const sha256 = build("1.0.1", "two");
    await expect(owner.releases.publish.mutate({ sha256: [sha256Of("one")] })).rejects.toThrow("holds another build now");
    writeFileSync(join(folder, "dist/linux-x64/otedama-agent"), "TWO");
    await expect(owner.releases.publish.mutate({ sha256: [sha256] })).rejects.toThrow("is not what its build.json says");
    expect(readdirSync(join(folder, "data/releases"))).toEqual([sha256Of("one")]);
    expect(await publish("1.0.1")).toBe(2);
  });

  test("is for owners and operators", async () => {
    const viewer = web.client(await web.join("viewer"));
    await expect(viewer.releases.publish.mutate({ sha256: [sha256Of("one")] })).rejects.toThrow("needs one of these roles");
    await expect(viewer.releases.build.query()).rejects.toThrow("needs one of these roles");
    expect((await viewer.releases.list.query({})).rows.length).toBeGreaterThan(0);
  });

  test("gives up the files of old releases, but not of those that rigs run", async () => {
    const held = await rig(1);
    for (const version of ["1.0.2", "1.0.3"]) await publish(version);
    const needed = await retireReleaseFiles(web.sql, 1);
    expect([...needed].sort()).toEqual([sha256Of("one"), sha256Of("agent 1.0.3")].sort());
    await web.sql.query("UPDATE agent SET retired_at = now() WHERE id = $1", [held.agent_id]);
  });
});

describe("fetching", () => {
  const CONTENT = "agent 2.0.0";
  let identity: Identity;
  let number: number;
  beforeAll(async () => {
    identity = await rig(1);
    number = await publish("2.0.0");
    await web.sql.query("UPDATE agent SET retired_at = now() WHERE id = $1", [(await rig(1)).agent_id]);
  });
  afterAll(() => web.sql.query("UPDATE agent SET retired_at = now() WHERE id = $1", [identity.agent_id]));

  const asking = (path: string, as: Identity = identity, at_ms = Date.now(), headers: Record<string, string> = {}) =>
    fetch(web.origin + path, {
      headers: {
        ...headers,
        authorization: fetchAuthorization(
          as.agent_id,
          at_ms,
          sign(null, fetchStatement(as.agent_id, path, at_ms), as.key).toString("base64"),
        ),
      },
    });

  test("answers the manifest as it was signed, and the file whole or from a place on", async () => {
    const manifest = (await (await asking(releasePath(number))).json()) as SignedMessage;
    expect(JSON.parse(manifest.payload)).toMatchObject({ number, version: "2.0.0" });
    const path = releaseFilePath(sha256Of(CONTENT));
    expect(await (await asking(path)).text()).toBe(CONTENT);
    const rest = await asking(path, identity, Date.now(), { range: "bytes=6-" });
    expect([rest.status, rest.headers.get("content-range"), await rest.text()]).toEqual([206, `bytes 6-10/11`, "2.0.0"]);
    const beyond = await asking(path, identity, Date.now(), { range: "bytes=11-" });
    expect([beyond.status, (await beyond.json()).code]).toEqual([416, "bad_range"]);
  });

  test("is refused to everybody else, with a code and a sentence", async () => {
    const path = releasePath(number);
    const stranger = newIdentity(999);
    const answered = async (answer: Promise<Response>) => [
      (await answer).status,
      ((await (await answer).json()) as { code: string }).code,
    ];
    expect(await answered(fetch(web.origin + path))).toEqual([401, "bad_proof"]);
    expect(await answered(fetch(web.origin + path, { method: "POST", body: "x" }))).toEqual([405, "method_not_allowed"]);
    expect(await answered(asking(path, stranger))).toEqual([403, "unknown_agent"]);
    expect(await answered(asking(path, { ...identity, key: stranger.key }))).toEqual([401, "bad_proof"]);
    expect(await answered(asking(path, identity, Date.now() - FETCH_CLOCK_MS_MAX - 60_000))).toEqual([401, "clock"]);
    expect(await answered(asking(releasePath(999)))).toEqual([404, "not_found"]);
    expect(await answered(asking(releaseFilePath("0".repeat(64))))).toEqual([404, "not_found"]);
    expect(await answered(fetch(`${web.origin}/api/agent/releases/../../etc`))).toEqual([404, "not_found"]);
  });

  test("is refused to an agent that was retired, and for a proof of another path", async () => {
    const retired = await rig(1);
    await web.sql.query("UPDATE agent SET retired_at = now() WHERE id = $1", [retired.agent_id]);
    expect((await asking(releasePath(number), retired)).status).toBe(403);
    const at_ms = Date.now();
    const signature = sign(null, fetchStatement(identity.agent_id, releasePath(1), at_ms), identity.key).toString("base64");
    const stolen = await fetch(web.origin + releasePath(number), {
      headers: { authorization: fetchAuthorization(identity.agent_id, at_ms, signature) },
    });
    expect(stolen.status).toBe(401);
  });
});

describe("a roll-out", () => {
  test("goes ring by ring to the channel's rigs, and to those that were away when they are back", async () => {
    const number = await publish("3.0.0");
    for (let i = 0; i < 11; i++) await rig(1);
    const away = await rig(1, { away: true });
    expect(await owner.rollouts.preview.query({ release_number: number, channel: "stable" })).toMatchObject({
      rigs: 12,
      offline: 1,
      hashrate_hps: 1_100,
    });
    await expect(start(number, { expected_rigs: 5 })).rejects.toThrow("expected_rigs: it would be 12 rigs now");

    const id = await start(number);
    await expect(start(number)).rejects.toThrow("is not finished. Cancel it first");
    await until(async () => (await updatesOf(number)).length === 1);
    expect((await rolloutOf(id)).rings.map(({ rigs: size }) => size)).toEqual([1, 1, 10]);
    await answer(number, "proved");
    await until(async () => (await updatesOf(number)).length === 2);
    expect((await rolloutOf(id)).ring).toBe(1);
    await answer(number, "proved");
    await until(async () => (await updatesOf(number)).length === 11);
    await answer(number, "proved");
    await until(async () => (await rolloutOf(id)).state === "done");
    expect((await rolloutOf(id)).message).toBe("11 rigs proved it, 0 failed, 1 not connected, to follow.");
    expect((await owner.releases.channels.query()).channels[0]).toMatchObject({
      name: "stable",
      release_number: number,
      rigs: 12,
      rollout_id: null,
    });

    await web.sql.query("UPDATE agent SET last_seen_at = now() + interval '1 hour' WHERE id = $1", [away.agent_id]);
    await until(async () => (await updatesOf(number)).some(({ agent_id }) => agent_id === away.agent_id));
    await answer(number, "proved");
    await until(async () => (await rolloutOf(id)).rings[2]?.counts.proved === 10);
  });

  test("stops by itself when a rig fails, goes on when it is told to, and is rolled back under a new number", async () => {
    const before = (await owner.releases.list.query({})).rows[0]?.number ?? 0;
    const number = await publish("3.1.0");
    const id = await start(number, { failures_max: 0, canary_rigs: 2 });
    await until(async () => (await updatesOf(number)).length === 2);
    const [first] = await updatesOf(number);
    await web.sql.query(
      "UPDATE agent_command SET state = 'failed', message = 'the disk is full' WHERE agent_id = $1 AND kind = 'update' AND state IN ('queued', 'sent')",
      [first?.agent_id],
    );
    await until(async () => (await rolloutOf(id)).state === "stopped");
    expect(await rolloutOf(id)).toMatchObject({
      failures: 1,
      message: expect.stringContaining("Stopped by itself: 1 rig "),
      failed: [{ message: "the disk is full" }],
    });

    await owner.rollouts.resume.mutate({ id });
    await answer(number, "proved");
    await until(async () => (await rolloutOf(id)).ring > 0);
    await owner.rollouts.pause.mutate({ id });
    await expect(owner.rollouts.pause.mutate({ id })).rejects.toThrow("is paused: it cannot be asked to pause");
    await answer(number, "proved");
    await until(async () => (await rolloutOf(id)).rings.every(({ counts }) => counts.updating === 0));
    const { back_to } = await rolloutOf(id);
    expect(back_to).toMatchObject({ release_number: before, version: "3.0.0" });

    const expected_rigs = back_to?.rigs ?? 0;
    const back = await owner.rollouts.rollBack.mutate({ id, expected_rigs });
    expect((await rolloutOf(id)).state).toBe("rolled_back");
    const release = (await owner.releases.list.query({})).rows[0];
    expect(release).toMatchObject({
      number: number + 1,
      version: "3.0.0",
      again_of: before,
      notes: `Back from release ${number}.`,
    });
    await until(async () => (await updatesOf(number + 1)).length === expected_rigs);
    await answer(number + 1, "proved");
    await until(async () => (await rolloutOf(back.id)).state === "done");
  });

  test("stops by itself when the updated rigs do less than before", async () => {
    const number = await publish("3.2.0");
    const id = await start(number, { watch_s: 3_600 });
    await until(async () => (await updatesOf(number)).length === 1);
    const [canary] = await updatesOf(number);
    await answer(number, "proved");
    await until(async () => (await rolloutOf(id)).rings[0]?.counts.proved === 1);
    expect(await rolloutOf(id)).toMatchObject({ state: "running", loss_percent: null });
    await web.sql.query("UPDATE agent SET hashrate_hps = 50 WHERE id = $1", [canary?.agent_id]);
    await web.sql.query(
      "UPDATE rollout_rig SET settled_at = now() - interval '1 hour' WHERE rollout_id = $1 AND state = 'proved'",
      [id],
    );
    await until(async () => (await rolloutOf(id)).state === "stopped");
    expect(await rolloutOf(id)).toMatchObject({
      loss_percent: 50,
      message: expect.stringContaining("do 50.0 % less than before, and 5 % was allowed"),
    });
    await owner.rollouts.cancel.mutate({ id });
    expect((await rolloutOf(id)).state).toBe("cancelled");
  });

  test("touches the rigs of its channel alone", async () => {
    await rig(1, { site: "lab" });
    const { channels } = await owner.releases.channels.query();
    const lab = channels.flatMap(({ sites }) => sites).find(({ name }) => name === "lab");
    await owner.releases.setSiteChannel.mutate({ site_id: lab?.id ?? 0, channel: "beta" });
    const number = await publish("3.3.0");
    expect(await owner.rollouts.preview.query({ release_number: number, channel: "beta" })).toMatchObject({ rigs: 1 });
    await expect(owner.rollouts.preview.query({ release_number: number, channel: "No such" })).rejects.toThrow(
      "must be lower-case",
    );
    const id = await start(number, { channel: "beta" });
    await until(async () => (await updatesOf(number)).length === 1);
    await owner.rollouts.cancel.mutate({ id });
    await expect(owner.releases.setSiteChannel.mutate({ site_id: 999, channel: "beta" })).rejects.toThrow(
      "there is no such site",
    );
  });
});
