import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { type Database, openDatabase, readWorkerOwners } from "@otedama/db/pool";
import type { AuthorizeResult } from "@otedama/native/engine-types";
import type { PoolPolicy } from "@otedama/shared";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { LOCAL_WORKER_ID_MIN } from "../src/shares/consumer.ts";
import { WorkerDirectory } from "../src/stratum/directory.ts";
import { LocalWorkers } from "../src/stratum/local_workers.ts";
import { POLICY_OPTIONS, StratumPolicy } from "../src/stratum/policy.ts";
import { poolPolicy } from "./support/pool_policy.ts";
import { POOL_ADDRESS as ADDRESS } from "./support/pool_settings.ts";
import { until } from "./support/until.ts";

let server: TestPostgres;
let database: Database;
beforeAll(async () => {
  server = await startTestPostgres();
  database = openDatabase({ url: await server.createMigratedDatabase(), application_name: "test" });
});
afterAll(async () => {
  await database.end();
  await server.stop();
});

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "otedama-stratum-"));
  folders.push(dir);
  return dir;
}
function opened(dir: string): LocalWorkers {
  const local = new LocalWorkers({ dir });
  local.open();
  return local;
}

describe("workers taken in without the database", () => {
  test("keep their ids over a crash, also one in the middle of a line", () => {
    const dir = folder();
    const first = opened(dir);
    const a = first.assign(ADDRESS, "a");
    expect(a).toBe(LOCAL_WORKER_ID_MIN);
    expect(first.assign(ADDRESS, "a")).toBe(a);
    appendFileSync(join(dir, "local_workers.jsonl"), '{"id":2147483649,"addr');
    const second = opened(dir);
    expect(second.identity(a as number)).toEqual({ id: a, address: ADDRESS, name: "a", solo: false });
    expect(second.assign(ADDRESS, "b")).toBe(LOCAL_WORKER_ID_MIN + 1);
    expect(opened(dir).size).toBe(2);
  });

  test("are forgotten once nothing refers to them, and their ids are not given out again", () => {
    const dir = folder();
    opened(dir).assign(ADDRESS, "old");
    const next = opened(dir);
    const used = next.assign(ADDRESS, "used");
    next.forgetUnused();
    expect(next.identity(LOCAL_WORKER_ID_MIN)).toBeNull();
    expect(next.identity(used as number)?.name).toBe("used");
    // A connection that was let in by an earlier process.
    const newer = opened(dir);
    newer.keep([1, used as number]);
    newer.forgetUnused();
    expect(newer.identity(used as number)?.name).toBe("used");
    const last = opened(dir);
    last.forgetUnused();
    expect(last.size).toBe(0);
    expect(last.assign(ADDRESS, "new")).toBe(LOCAL_WORKER_ID_MIN + 2);
    expect(readFileSync(join(dir, "local_workers.jsonl"), "utf8").trim().split("\n").length).toBe(2);
  });
});

describe("the directory", () => {
  function directory(up: () => boolean, options = { cache_max: 2, waiting_max: 3 }) {
    const local = opened(folder());
    return new WorkerDirectory(options, { database, local, databaseUp: up });
  }

  test("gives one worker one id, however many ask at once", async () => {
    const made = directory(() => true, { cache_max: 10, waiting_max: 10 });
    const other = directory(() => true, { cache_max: 10, waiting_max: 10 });
    const ids = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? made : other).workerId(ADDRESS, "crowd")));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toBeLessThan(LOCAL_WORKER_ID_MIN);
  });

  test("knows whom it has met while the database is away, takes in others by itself, and finds out later who they are", async () => {
    let up = true;
    const made = directory(() => up);
    const known = await made.workerId(ADDRESS, "known");
    up = false;
    expect(await made.workerId(ADDRESS, "known")).toBe(known);
    const fresh = await made.workerId(ADDRESS, "fresh");
    expect(fresh).toBeGreaterThanOrEqual(LOCAL_WORKER_ID_MIN);
    expect(made.workerOf(fresh)).toBe(fresh);
    up = true;
    const resolved = await made.resolve([fresh, fresh + 1]);
    expect([...resolved.keys()]).toEqual([fresh]);
    expect(made.workerOf(fresh)).toBe(resolved.get(fresh));
    expect(await made.workerId(ADDRESS, "fresh")).toBe(resolved.get(fresh));
  });

  test("does not let logins pile up without bound", async () => {
    const made = directory(() => true, { cache_max: 10, waiting_max: 3 });
    const results = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => made.workerId(ADDRESS, `pile-${i}`)));
    expect(results.filter((result) => result.status === "fulfilled").length).toBe(3);
    expect(results.find((result) => result.status === "rejected")?.reason.message).toMatch(/try again/);
  });
});

describe("policy", () => {
  function policy(change: Partial<PoolPolicy> = {}) {
    const settings = poolPolicy({ difficulty: { initial: 2, min: 2, max: 1000, target_time_s: 1 }, ...change });
    const answers: AuthorizeResult[] = [];
    const bans: [string, number][] = [];
    const made = new StratumPolicy(
      { ...POLICY_OPTIONS, network: "regtest" },
      {
        settings: () => settings,
        engine: () => ({
          authorizeResult: (_connection, _request, result) => answers.push(result),
          ban: (address, seconds) => bans.push([address, seconds]),
        }),
        directory: new WorkerDirectory(
          { cache_max: 10, waiting_max: 10 },
          { database, local: opened(folder()), databaseUp: () => true },
        ),
        onBlock: () => {},
        onShareLog: () => {},
        onBanned: () => {},
        onTrouble: () => {},
        now_ms: () => 0,
      },
    );
    let request_number = 0;
    const ask = async (user: string, password = "x", remote_address = "10.0.0.1") => {
      const before = answers.length;
      made.handle({
        kind: "authorize",
        connection_id: 1,
        request_number: ++request_number,
        user,
        password,
        user_agent: "",
        remote_address,
      });
      await until("an answer", () => answers.length > before);
      return answers.at(-1) as AuthorizeResult;
    };
    return { ask, bans, made };
  }

  test("m=solo is another worker of the same name, where the pool allows it", async () => {
    const id = (result: AuthorizeResult) => (result.accepted ? result.worker_id : result.message);
    const { ask } = policy();
    const [plain, solo, named] = [
      await ask(`${ADDRESS}.two`),
      await ask(`${ADDRESS}.two`, "m=solo"),
      await ask(`${ADDRESS}.two`, "m=pplns"),
    ];
    expect(id(solo)).not.toBe(id(plain));
    expect(id(named)).toBe(id(plain));
    const { rows } = await database.query("SELECT solo FROM worker WHERE id = ANY($1) ORDER BY solo", [[id(plain), id(solo)]]);
    expect(rows.map((row) => row.solo)).toEqual([false, true]);
    const other = policy({ solo_allowed: false, scheme: "fpps" });
    expect(id(await other.ask(`${ADDRESS}.two`, "m=solo"))).toBe(
      "The password option m=solo is not offered: this pool pays by FPPS only.",
    );
    expect(id(await other.ask(`${ADDRESS}.two`, "m=pplns"))).toMatch(/m=pplns is not offered/);
    expect(id(await policy({ scheme: "solo", solo_allowed: false }).ask(`${ADDRESS}.two`, "m=solo"))).toBe(id(solo));
  });

  test("a solo login that came while the database was away is a solo worker when it is back", async () => {
    let up = false;
    const made = new WorkerDirectory(
      { cache_max: 10, waiting_max: 10 },
      { database, local: opened(folder()), databaseUp: () => up },
    );
    const [local, plain] = [await made.workerId(ADDRESS, "apart", true), await made.workerId(ADDRESS, "apart")];
    expect(local).not.toBe(plain);
    expect([made.isSolo(local), made.isSolo(plain)]).toEqual([true, false]);
    up = true;
    const resolved = await made.resolve([local, plain]);
    const owners = await readWorkerOwners(database, [...resolved.values()]);
    expect(owners.get(resolved.get(local) as number)?.solo).toBe(true);
    expect(owners.get(resolved.get(plain) as number)?.solo).toBe(false);
    expect(made.isSolo(resolved.get(local) as number)).toBe(true);
  });

  test("holds a miner's own difficulty within the pool's bounds", async () => {
    const { ask } = policy();
    expect(await ask(ADDRESS, "d=64")).toMatchObject({ accepted: true, difficulty: 64 });
    expect(await ask(ADDRESS, "d=0.001")).toMatchObject({ accepted: true, difficulty: 2 });
    expect(await ask(ADDRESS, "diff=1e9")).toMatchObject({ accepted: true, difficulty: 1000 });
    expect(await ask(ADDRESS, "x")).toMatchObject({ accepted: true, difficulty: null });
  });

  test("bans an address that keeps trying logins, and only that one", async () => {
    const { ask, bans, made } = policy();
    for (let i = 0; i < POLICY_OPTIONS.refused_per_minute_max; i++) await ask("nobody");
    expect(bans).toEqual([]);
    await ask("nobody");
    expect(bans).toEqual([["10.0.0.1", POLICY_OPTIONS.refused_ban_s]]);
    await ask("nobody", "x", "10.0.0.2");
    expect(bans.length).toBe(1);
    expect(made.logins).toEqual({ accepted: 0, refused: POLICY_OPTIONS.refused_per_minute_max + 2 });
  });
});
