import { generateKeyPairSync, sign } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DesiredState, signedStatement } from "@otedama/shared/agent";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checksOf, type Found, QUIET_MS_MAX } from "../../src/desired/checks.ts";
import { DesiredStore } from "../../src/desired/desired_store.ts";
import { planOf } from "../../src/desired/plan.ts";
import { PowerLimit } from "../../src/desired/power_limit.ts";
import { converging, FAILING_AFTER_MS, judge, type Proof } from "../../src/desired/proof.ts";
import { threadNices } from "../../src/desired/thread_nices.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "otedama-desired-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const AGENT = "5a1c1c0e-88d3-4ef5-9d63-2ac6b9f6a0f2";
const own = { pools: [{ url: "stratum+tcp://own:1", user: "own", password: "x" }], threads: 0, nice: 19 };
const state = (more: Partial<DesiredState> = {}): DesiredState => ({
  agent_id: AGENT,
  revision: 1,
  issued_at_ms: 1,
  sheet: {
    name: "night",
    version: 2,
    worker_user: "wallet.rig",
    content: {
      algorithm: "sha256d",
      pools: [
        { url: "stratum+tcp://a:1", password: "x" },
        { url: "stratum+tcp://b:1", password: "y" },
      ],
      wallet: "wallet",
      worker: "rig",
      cpu: { enabled: true, threads: 4, nice: 10, intensity_percent: 50, power_limit_watts: 65 },
      temperature: { throttle_c: 70, stop_c: 90 },
    },
  },
  paused: null,
  ...more,
});
const well: Found = {
  kernel: "sha256d/avx2",
  pool_state: "mining",
  pool_message: null,
  pool_url: "stratum+tcp://b:1",
  user: "wallet.rig",
  thread_nices: [10, 10, 10, 10],
  cores: 8,
  intensity_percent: 50,
  searched_percent: 49,
  power_limit_watts: 65.02,
  power_trouble: null,
  hashes: 1_000,
  held: null,
  quiet_ms: null,
};
const wrong = (found: Partial<Found>, wanted = state()) =>
  checksOf(planOf(own, wanted), { ...well, ...found })
    .filter(({ ok }) => !ok)
    .map(({ name }) => name);

describe("what is read back", () => {
  test("is all well when the rig does as the sheet says, on whichever of its pools", () => {
    expect(wrong({})).toEqual([]);
  });

  test.each([
    ["a foreign pool", { pool_url: "stratum+tcp://own:1" }, ["pool"]],
    ["another user", { user: "thief" }, ["user"]],
    ["threads that are missing", { thread_nices: [10, 10] }, ["threads"]],
    ["a renice by somebody", { thread_nices: [10, 0, 10, 10] }, ["nice"]],
    ["threads that search more than they may", { searched_percent: 90 }, ["intensity"]],
    ["a power limit that somebody changed", { power_limit_watts: 120 }, ["power_limit"]],
    ["a power limit that was refused", { power_trouble: "may not write" }, ["power_limit"]],
    ["counters that stand still", { hashes: 0 }, ["mining"]],
    ["a pool that is away", { pool_state: "waiting", pool_message: "connection refused", hashes: 0 }, ["pool", "user", "mining"]],
    ["a watchdog that holds it", { held: { by_watchdog: true, reason: "stopped at 99 °C" } }, ["mining"]],
  ] as [string, Partial<Found>, string[]][])("shows %s", (_name, found, names) => {
    expect(wrong(found)).toEqual(names);
  });

  test("is patient with a pool that was there a moment ago, and lets a person's pause stand", () => {
    const away = { pool_state: "connecting", hashes: 0 } as const;
    expect(wrong({ ...away, quiet_ms: QUIET_MS_MAX - 1 })).toEqual([]);
    expect(wrong({ ...away, quiet_ms: QUIET_MS_MAX })).toEqual(["pool", "user", "mining"]);
    expect(wrong({ ...away, held: { by_watchdog: false, reason: "paused: service" } })).toEqual([]);
  });

  test("of a pause, or of a sheet that leaves the processor out, is that nothing hashes", () => {
    const still = { pool_state: "stopped", hashes: 0, searched_percent: 0 } as const;
    const paused = state({ paused: { reason: "curtailment" } });
    expect(wrong(still, paused)).toEqual([]);
    expect(wrong({}, paused)).toEqual(["mining"]);
    const { sheet } = state();
    const without = sheet && { ...sheet, content: { ...sheet.content, cpu: { ...sheet.content.cpu, enabled: false } } };
    expect(planOf(own, state({ sheet: without })).hold).toBe("the flight sheet night leaves the processor out");
  });

  test("without a sheet is what the rig's own settings ask", () => {
    const plan = planOf(own, state({ sheet: null }));
    expect(plan).toMatchObject({ hold: null, power_limit_watts: null, mining: { threads: 0, nice: 19, intensity_percent: 100 } });
    const found = {
      ...well,
      pool_url: "stratum+tcp://own:1",
      user: "own",
      thread_nices: Array(8).fill(19),
      intensity_percent: 100,
    };
    expect(checksOf(plan, { ...found, searched_percent: 99 }).every(({ ok }) => ok)).toBe(true);
  });
});

describe("proof", () => {
  const ok = { ok: true, hopeless: false, settled: true };
  const bad = { ok: false, hopeless: false, settled: false };
  test("converging, proved, drifting, failing, and each since when", () => {
    let proof: Proof = converging(0);
    const at = (now_ms: number, judgement: typeof ok) => {
      proof = judge(proof, judgement, now_ms);
      return [proof.state, proof.since_ms];
    };
    expect(at(1_000, { ...ok, settled: false })).toEqual(["converging", 0]);
    expect(at(2_000, ok)).toEqual(["proved", 2_000]);
    expect(at(9_000, bad)).toEqual(["drifting", 9_000]);
    expect(at(9_000 + FAILING_AFTER_MS, bad)).toEqual(["failing", 9_000 + FAILING_AFTER_MS]);
    expect(at(99_000, bad)).toEqual(["failing", 9_000 + FAILING_AFTER_MS]);
    expect(at(100_000, ok)).toEqual(["proved", 100_000]);
    expect(at(101_000, { ...bad, hopeless: true })).toEqual(["failing", 101_000]);
    proof = converging(0);
    expect(at(FAILING_AFTER_MS - 1, bad)).toEqual(["converging", 0]);
    expect(at(FAILING_AFTER_MS, bad)).toEqual(["failing", FAILING_AFTER_MS]);
  });

  test("is never given while something differs, and time never runs backwards in it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ ok: fc.boolean(), hopeless: fc.boolean(), settled: fc.boolean() }), { maxLength: 60 }),
        (looks) => {
          let proof = converging(0);
          looks.forEach((look, i) => {
            const before = proof;
            proof = judge(proof, look, (i + 1) * 5_000);
            if (proof.state === "proved") expect(look.ok).toBe(true);
            expect(proof.since_ms).toBeGreaterThanOrEqual(before.since_ms);
            if (proof.state === before.state) expect(proof.since_ms).toBe(before.since_ms);
          });
        },
      ),
    );
  });
});

describe("the kept states", () => {
  const { publicKey: key, privateKey } = generateKeyPairSync("ed25519");
  const message = (value: DesiredState, signer = privateKey) => {
    const payload = JSON.stringify(value);
    return { payload, signature: sign(null, signedStatement("desired", payload), signer).toString("base64") };
  };
  const open = (told: string[] = []) =>
    new DesiredStore({ data_dir: folder, agent_id: AGENT, key }, { onTrouble: (text) => told.push(text) });

  test("come back, and the proved one stays while a newer one is tried", () => {
    const store = open();
    expect(store).toMatchObject({ newest: null, proved: null, revision: 0 });
    store.keepNewest(state(), message(state()));
    store.keepProved();
    const second = state({ revision: 2 });
    store.keepNewest(second, message(second));
    const again = open();
    expect([again.newest?.revision, again.proved?.revision, again.revision]).toEqual([2, 1, 2]);
  });

  test("are not heeded when somebody changed them on disk, and no older order gets in for it", () => {
    const store = open();
    const second = state({ revision: 2 });
    store.keepNewest(second, message(second));
    store.keepProved();
    const forged = state({ revision: 3 });
    writeFileSync(join(folder, "desired.json"), JSON.stringify(message(forged, generateKeyPairSync("ed25519").privateKey)));
    const told: string[] = [];
    expect(open(told)).toMatchObject({ revision: 2, newest: { revision: 2 } });
    expect(told[0]).toContain("is not heeded: The signature is not that of the control key");
    for (const rubbish of ["", "null", "{}", '{"payload":"', "\u0000".repeat(40)]) {
      writeFileSync(join(folder, "desired.json"), rubbish);
      expect(open().revision).toBe(2);
    }
  });
});

describe("the power limit", () => {
  const put = (path: string, text: string) => {
    mkdirSync(join(folder, "class/powercap", path, ".."), { recursive: true });
    writeFileSync(join(folder, "class/powercap", path), text);
  };
  const read = (path: string) => Number(readFileSync(join(folder, "class/powercap", path), "utf8"));
  const limit = () => new PowerLimit({ data_dir: join(folder, "data"), sys: folder });

  test("is spread over the packages, read back, and put back as it was, over a restart too", () => {
    for (const zone of ["intel-rapl:0", "intel-rapl:1"]) {
      put(`${zone}/constraint_0_name`, "short_term\n");
      put(`${zone}/constraint_0_power_limit_uw`, "200000000\n");
      put(`${zone}/constraint_1_name`, "long_term\n");
      put(`${zone}/constraint_1_power_limit_uw`, "125000000\n");
    }
    put("intel-rapl:0:0/constraint_0_name", "long_term\n");
    const first = limit();
    expect(first.watts()).toBe(250);
    first.set(null);
    expect(first.watts()).toBe(250);
    first.set(130);
    first.set(120);
    expect(first.watts()).toBe(120);
    expect(read("intel-rapl:1/constraint_1_power_limit_uw")).toBe(60_000_000);
    expect(read("intel-rapl:1/constraint_0_power_limit_uw")).toBe(200_000_000);
    const second = limit();
    second.set(null);
    expect(second.watts()).toBe(250);
    // From then on it is somebody else's.
    put("intel-rapl:0/constraint_1_power_limit_uw", "90000000\n");
    second.set(null);
    expect(second.watts()).toBe(215);
  });

  test("that cannot be set says why", () => {
    const none = limit();
    none.set(65);
    expect(none.trouble).toContain("shows no processor package");
    put("intel-rapl:0/constraint_0_name", "long_term\n");
    mkdirSync(join(folder, "class/powercap/intel-rapl:0/constraint_0_power_limit_uw"));
    const refused = limit();
    refused.set(65);
    expect(refused.trouble).toContain("the power limit cannot be set");
    expect(refused.watts()).toBeNull();
  });
});

test("nice values are those of the mining threads, whatever their names hold", () => {
  const task = (id: number, name: string, nice: number) => {
    mkdirSync(join(folder, String(id)), { recursive: true });
    const fields = ["S", ...Array(15).fill("1"), String(nice), "1"];
    writeFileSync(join(folder, String(id), "stat"), `${id} (${name}) ${fields.join(" ")}\n`);
  };
  task(1, "node) S 1 2 (x", 0);
  task(2, "mine-0", 19);
  task(3, "mine-1", 7);
  expect(threadNices(folder)?.sort()).toEqual([19, 7]);
  expect(threadNices(join(folder, "nowhere"))).toBeNull();
});
