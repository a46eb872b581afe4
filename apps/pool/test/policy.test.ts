import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import {
  applyConfigPolicy,
  createPolicyVersion,
  type Database,
  listPolicies,
  openDatabase,
  PolicyConflictError,
  readPolicy,
} from "@otedama/db/pool";
import { checkPolicy, PolicyError, type PoolPolicy } from "@otedama/shared";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { PolicyKeeper, type RunningPolicy } from "../src/policy/keeper.ts";
import { Interrupter } from "./support/interrupter.ts";
import { poolPolicy } from "./support/pool_policy.ts";
import { until } from "./support/until.ts";

const MINER = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
const MAINNET = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";

let server: TestPostgres;
beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(() => server.stop());
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function freshDatabase(): Promise<{ database: Database; url: string }> {
  const url = await server.createMigratedDatabase();
  const database = openDatabase({ url, application_name: "test" });
  ends.push(() => database.end());
  return { database, url };
}

const change = (policy: unknown, expected_version: number) => ({
  policy,
  expected_version,
  person: "eve@example.org",
  reason: "a test",
});

describe("a policy", () => {
  const problems = (given: unknown) => {
    try {
      checkPolicy(given, "regtest");
      return [];
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      return error.problems.map((problem) => problem.message);
    }
  };
  const wrong = (given: Partial<Record<keyof PoolPolicy, unknown>>) => problems({ ...poolPolicy(), ...given });

  test("that cannot be run by is refused by the name of its field", () => {
    expect(problems(poolPolicy())).toEqual([]);
    const fees = poolPolicy().fee_percent;
    expect(wrong({ fee_percent: { ...fees, pplns: Number.NaN } })).toEqual([expect.stringMatching(/^fee_percent\.pplns: .*NaN/)]);
    expect(wrong({ fee_percent: { ...fees, pps: -1 } })).toEqual([expect.stringMatching(/^fee_percent\.pps: .*>=0/)]);
    expect(wrong({ fee_percent: { ...fees, fpps: 100.5 } })).toEqual([expect.stringMatching(/^fee_percent\.fpps: .*<=100/)]);
    expect(wrong({ pplns_window: Number.POSITIVE_INFINITY })).toEqual([expect.stringMatching(/^pplns_window: /)]);
    expect(wrong({ scheme: "pot" })).toEqual([expect.stringMatching(/^scheme: .*pplns/)]);
    expect(wrong({ coinbase_text: "é" })).toEqual(["coinbase_text: must be at most 40 printable ASCII characters."]);
    expect(wrong({ correction_four_eyes_above_sats: -5 })).toEqual([expect.stringMatching(/^correction_four_eyes_above_sats: /)]);
    expect(wrong({ difficulty: { initial: 1, min: 2, max: 3, target_time_s: 1 } })).toEqual([
      "difficulty.initial: must lie between min and max.",
    ]);
    expect(wrong({ hidden: 1 } as object)).toEqual([expect.stringMatching(/hidden/)]);
    expect(wrong({ donation: { address: MINER, percent: 30 }, finder_bonus_percent: 69.5 })).toEqual([
      "fee_percent.pplns: fee, donation and finder bonus together are above 100 percent.",
      "fee_percent.prop: fee, donation and finder bonus together are above 100 percent.",
    ]);
  });

  test("pays addresses of its own network only, each in its one spelling", () => {
    expect(wrong({ fee_exempt_addresses: [MINER, MAINNET] })).toEqual([
      `fee_exempt_addresses.1: ${MAINNET} is an address of the main network, and this pool mines on regtest.`,
    ]);
    expect(wrong({ donation: { address: `${MINER.slice(0, -1)}q`, percent: 1 } })).toEqual([
      expect.stringMatching(/^donation\.address: .* has a wrong checksum/),
    ]);
    const spelled = checkPolicy({ ...poolPolicy(), fee_exempt_addresses: [MINER.toUpperCase(), MINER] }, "regtest");
    expect(spelled.fee_exempt_addresses).toEqual([MINER]);
  });
});

describe("versions of the policy", () => {
  test("the settings file makes one when it changed, and what people changed stays otherwise", async () => {
    const { database } = await freshDatabase();
    const file = poolPolicy();
    const first = await applyConfigPolicy(database, "regtest", file);
    expect(await applyConfigPolicy(database, "regtest", { ...file })).toEqual(first);
    const changed = await createPolicyVersion(database, "regtest", change({ ...file, pplns_window: 3 }, first.version));
    expect(await applyConfigPolicy(database, "regtest", file)).toEqual(changed);
    // What a program from before fee payouts made of the same file is no change of the file.
    const { fee_payout: _since, ...payouts } = file.payouts;
    await database.query("INSERT INTO pool_policy (policy, created_by, reason) VALUES ($1, 'config.yaml', 'an older program')", [
      JSON.stringify({ ...file, payouts }),
    ]);
    const older = await readPolicy(database);
    expect(older?.policy).toEqual(file);
    expect(await applyConfigPolicy(database, "regtest", file)).toEqual(older);
    const edited = await applyConfigPolicy(database, "regtest", { ...file, scheme: "prop" });
    expect(edited.policy).toMatchObject({ scheme: "prop", pplns_window: 2 });
    expect(
      (await listPolicies(database, 10)).map((version) => [
        version.created_by,
        version.policy.scheme,
        version.policy.pplns_window,
      ]),
    ).toEqual([
      ["config.yaml", "prop", 2],
      ["config.yaml", "pplns", 2],
      ["eve@example.org", "pplns", 3],
      ["config.yaml", "pplns", 2],
    ]);
    expect((await listPolicies(database, 10, edited.version)).length).toBe(3);
    await expect(database.query("UPDATE pool_policy SET reason = ''")).rejects.toThrow(/append-only/);
  });

  test("of several changes to one version one is made, and the others are told", async () => {
    const { database } = await freshDatabase();
    const { version } = await applyConfigPolicy(database, "regtest", poolPolicy());
    const results = await Promise.allSettled(
      [3, 4, 5, 6].map((pplns_window) =>
        createPolicyVersion(database, "regtest", change({ ...poolPolicy(), pplns_window }, version)),
      ),
    );
    expect(results.filter((result) => result.status === "fulfilled").length).toBe(1);
    const told = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    expect(told.every((error) => error instanceof PolicyConflictError)).toBe(true);
    expect(told[0].message).toMatch(/at version \d+ by now/);
    const now = await readPolicy(database);
    expect(told[0].current_version).toBe(now?.version);
    await expect(createPolicyVersion(database, "regtest", change({ ...poolPolicy(), pplns_window: -1 }, 0))).rejects.toThrow(
      /^pplns_window: /,
    );
  });

  test("two pools that start at once make one version of one file", async () => {
    const { database } = await freshDatabase();
    const made = await Promise.all([1, 2, 3].map(() => applyConfigPolicy(database, "regtest", poolPolicy())));
    expect(new Set(made.map((version) => version.version)).size).toBe(1);
  });
});

describe("the pool's policy", () => {
  function folder(): string {
    const dir = mkdtempSync(join(tmpdir(), "otedama-policy-"));
    ends.push(() => rmSync(dir, { recursive: true, force: true }));
    return dir;
  }
  function keeperOf(database: Database, data_dir: string, wanted = poolPolicy()) {
    const changes: RunningPolicy[] = [];
    const troubles: string[] = [];
    const keeper = new PolicyKeeper(
      { network: "regtest", wanted, data_dir, poll_ms: 20 },
      { database, onChange: (now) => changes.push(now), onTrouble: (message) => troubles.push(message) },
    );
    ends.push(() => keeper.stop());
    return { keeper, changes, troubles };
  }

  test("follows the newest version while it runs", async () => {
    const { database } = await freshDatabase();
    const { keeper, changes } = keeperOf(database, folder());
    await keeper.start();
    const version = keeper.current.version as number;
    const next = await createPolicyVersion(database, "regtest", change({ ...poolPolicy(), coinbase_text: "/new/" }, version));
    await until("the change", () => keeper.current.version === next.version);
    expect(changes.map((running) => running.version)).toEqual([version, next.version]);
    expect(keeper.current.policy.coinbase_text).toBe("/new/");
  });

  test("is the last one known while the database is away, and the settings file's at a very first start", async () => {
    const { database, url } = await freshDatabase();
    const at = new URL(url);
    const line = new Interrupter({ host: at.hostname, port: Number(at.port) });
    await line.open();
    ends.push(() => line.cut());
    const through = new URL(url);
    through.port = String(line.port);
    const away = openDatabase({ url: through.href, application_name: "test" });
    ends.push(() => away.end());

    const dir = folder();
    await line.cut();
    const first = keeperOf(away, dir);
    await first.keeper.start();
    expect(first.keeper.current).toEqual({ version: null, policy: poolPolicy() });
    await line.open();
    const { version } = await until("a version", async () => first.keeper.current.version !== null && first.keeper.current);
    const next = await createPolicyVersion(database, "regtest", change({ ...poolPolicy(), scheme: "prop" }, version as number));
    await until("the change", () => first.keeper.current.version === next.version);
    await first.keeper.stop();
    await line.cut();
    const second = keeperOf(away, dir);
    await second.keeper.start();
    expect(second.keeper.current).toMatchObject({ version: next.version, policy: { scheme: "prop" } });
  });

  test("that was stored unfit is said once and not run by", async () => {
    const { database } = await freshDatabase();
    const { keeper, troubles } = keeperOf(database, folder());
    await keeper.start();
    const { version } = keeper.current;
    const unfit = { ...poolPolicy(), donation: { address: MAINNET, percent: 1 } };
    await database.query("INSERT INTO pool_policy (policy, created_by, reason) VALUES ($1, 'somebody', '')", [
      JSON.stringify(unfit),
    ]);
    await until("the trouble", () => troubles.length > 0);
    await keeper.poll();
    expect(troubles).toEqual([expect.stringMatching(/cannot be used: donation\.address: .* main network/)]);
    expect(keeper.current.version).toBe(version);
  });
});
