import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { keptAgentId } from "../src/identity/agent_id.ts";
import { FAILOVER_TIMING, Failover } from "../src/mining/failover.ts";
import { HashrateMeter } from "../src/mining/hashrate_meter.ts";
import { detectMachine } from "../src/telemetry/machine.ts";
import { CpuPower, cpuTemperatures, hottest } from "../src/telemetry/sensors.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "otedama-parts-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
}

describe("hashrates", () => {
  test("of a steady miner are the same over every window, from the first seconds on", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 2, max: 3_000 }), (rate_hps, seconds) => {
        const meter = new HashrateMeter();
        for (let second = 0; second <= seconds; second++) meter.record(rate_hps * second, 1_000_000 + second * 1000);
        for (const rate of Object.values(meter.rates())) expect(rate / rate_hps).toBeCloseTo(1, 9);
      }),
      { numRuns: 30 },
    );
  });

  test("follow a change by the length of their windows", () => {
    const meter = new HashrateMeter();
    let hashes = 0;
    for (let second = 0; second <= 900; second++) {
      hashes += second > 890 ? 300 : 100;
      meter.record(hashes, second * 1000);
    }
    const { s10, s60, m15 } = meter.rates();
    expect(s10).toBe(300);
    expect(s60).toBeCloseTo((50 * 100 + 10 * 300) / 60, 9);
    expect(m15).toBeCloseTo((890 * 100 + 10 * 300) / 900, 9);
  });

  test("are nothing before anything was measured", () => {
    expect(new HashrateMeter().rates()).toEqual({ s1: 0, s10: 0, s60: 0, m15: 0 });
  });
});

describe("failover", () => {
  test("takes the first pool that is not being left alone", () => {
    const failover = new Failover(3, FAILOVER_TIMING, () => 1);
    expect(failover.next(0)).toEqual({ index: 0, wait_ms: 0 });
    failover.failed(0, 0, 0);
    expect(failover.next(0)).toEqual({ index: 1, wait_ms: 0 });
    failover.failed(1, 0, 0);
    failover.failed(2, 0, 0);
    expect(failover.next(0)).toEqual({ index: 0, wait_ms: 1_000 });
    expect(failover.next(1_000).wait_ms).toBe(0);
    // While mining for the third, only those before it are looked at.
    expect(failover.next(500, 2)).toEqual({ index: 0, wait_ms: 500 });
  });

  test("doubles the wait up to its bound, and forgets it after a good connection", () => {
    const failover = new Failover(1, FAILOVER_TIMING, () => 1);
    const waits = Array.from({ length: 9 }, () => {
      failover.failed(0, 0, 0);
      return failover.next(0).wait_ms;
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    failover.failed(0, 0, FAILOVER_TIMING.proven_after_ms);
    expect(failover.next(0).wait_ms).toBe(1_000);
  });

  test("waits between half of that and all of it, by chance", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 60 }), (chance, failures) => {
        const failover = new Failover(1, FAILOVER_TIMING, () => chance);
        for (let i = 0; i < failures; i++) failover.failed(0, 0, 0);
        const full = Math.min(60_000, 1_000 * 2 ** (failures - 1));
        expect(failover.next(0).wait_ms).toBeGreaterThanOrEqual(full / 2);
        expect(failover.next(0).wait_ms).toBeLessThanOrEqual(full);
      }),
    );
  });
});

describe("sensors", () => {
  test("the hottest believable reading of a processor's driver is its temperature", () => {
    write("class/hwmon/hwmon0/name", "nvme\n");
    write("class/hwmon/hwmon0/temp1_input", "91000\n");
    write("class/hwmon/hwmon1/name", "k10temp\n");
    write("class/hwmon/hwmon1/temp1_input", "54250\n");
    write("class/hwmon/hwmon1/temp3_input", "61500\n");
    write("class/hwmon/hwmon1/temp4_input", "255000\n");
    write("class/hwmon/hwmon1/temp5_input", "n/a\n");
    expect(hottest(cpuTemperatures(folder))).toBe(61.5);
  });

  test("a thermal zone stands in where there is no such driver", () => {
    write("class/thermal/thermal_zone0/type", "wifi\n");
    write("class/thermal/thermal_zone0/temp", "80000\n");
    write("class/thermal/thermal_zone1/type", "cpu-thermal\n");
    write("class/thermal/thermal_zone1/temp", "47000\n");
    expect(hottest(cpuTemperatures(folder))).toBe(47);
  });

  test("what cannot be read is null", () => {
    expect(hottest(cpuTemperatures(folder))).toBeNull();
    expect(new CpuPower(folder).watts(1_000)).toBeNull();
  });

  test("power is energy over time, over all packages and a counter that starts again", () => {
    const energy = (first: number, second: number) => {
      write("class/powercap/intel-rapl:0/energy_uj", `${first}\n`);
      write("class/powercap/intel-rapl:1/energy_uj", `${second}\n`);
      write("class/powercap/intel-rapl:1/max_energy_range_uj", "1000000000\n");
    };
    energy(0, 999_000_000);
    const power = new CpuPower(folder);
    expect(power.watts(0)).toBeNull();
    energy(100_000_000, 49_000_000);
    expect(power.watts(2_000)).toBe(75);
  });

  test("the machine is described within the bounds of the hub's schema", () => {
    const machine = detectMachine();
    expect(machine.threads).toBeGreaterThanOrEqual(machine.cores);
    expect(machine.cores).toBeGreaterThanOrEqual(1);
    expect(machine.numa_nodes).toBeGreaterThanOrEqual(1);
    expect(machine.packages).toBeGreaterThanOrEqual(1);
  });
});

describe("the agent's id", () => {
  test("is made once, for its owner only", () => {
    const id = keptAgentId(join(folder, "deep", "data"));
    expect(keptAgentId(join(folder, "deep", "data"))).toBe(id);
    expect(statSync(join(folder, "deep", "data", "agent_id")).mode & 0o777).toBe(0o600);
  });

  test("is made anew when its file holds none", () => {
    write("agent_id", "\0\0\0\0");
    const id = keptAgentId(folder);
    expect(readFileSync(join(folder, "agent_id"), "utf8")).toBe(`${id}\n`);
    expect(keptAgentId(folder)).toBe(id);
  });
});
