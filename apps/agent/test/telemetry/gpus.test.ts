import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NvmlDevice, readNvml } from "@otedama/native";
import { DeviceReport } from "@otedama/shared/agent";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GpuReader } from "../../src/telemetry/gpu_reader.ts";
import { readGpus } from "../../src/telemetry/gpus.ts";
import { networkBytes } from "../../src/telemetry/host.ts";
import { cpuClocks, cpuTemperatures, machineFans } from "../../src/telemetry/sensors.ts";

let sys: string;
beforeEach(() => {
  sys = mkdtempSync(join(tmpdir(), "otedama-sys-"));
});
afterEach(() => rmSync(sys, { recursive: true, force: true }));

function put(files: Record<string, string | number>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(sys, path, ".."), { recursive: true });
    writeFileSync(join(sys, path), `${content}\n`);
  }
}

const none = async (): Promise<NvmlDevice[]> => [];

describe("GPUs", () => {
  test("of AMD are read from the driver's files, and other cards are left alone", async () => {
    put({
      "class/drm/card1/device/vendor": "0x1002",
      "class/drm/card1/device/device": "0x73bf",
      "class/drm/card1/device/mem_info_vram_total": 17_163_091_968,
      "class/drm/card1/device/mem_info_vram_used": 27_385_856,
      "class/drm/card1/device/hwmon/hwmon4/name": "amdgpu",
      "class/drm/card1/device/hwmon/hwmon4/temp1_input": 52_000,
      "class/drm/card1/device/hwmon/hwmon4/temp1_label": "edge",
      "class/drm/card1/device/hwmon/hwmon4/temp2_input": 61_000,
      "class/drm/card1/device/hwmon/hwmon4/temp2_label": "junction",
      "class/drm/card1/device/hwmon/hwmon4/fan1_input": 1_450,
      "class/drm/card1/device/hwmon/hwmon4/pwm1": 102,
      "class/drm/card1/device/hwmon/hwmon4/power1_average": 141_000_000,
      "class/drm/card1/device/hwmon/hwmon4/power1_cap": 255_000_000,
      "class/drm/card1/device/hwmon/hwmon4/freq1_input": 2_400_000_000,
      "class/drm/card1/device/hwmon/hwmon4/freq1_label": "sclk",
      "class/drm/card0/device/vendor": "0x8086",
      "class/drm/card1-DP-1/device/vendor": "0x1002",
    });
    const gpus = await readGpus({ readNvml: none, sys });
    expect(gpus).toEqual([DeviceReport.parse(gpus[0])]);
    expect(gpus[0]).toMatchObject({
      device_id: "gpu0",
      kind: "gpu",
      name: "AMD GPU 0x73bf",
      kernel: null,
      temperature_c: 61,
      temperatures: [
        { sensor: "edge", temperature_c: 52 },
        { sensor: "junction", temperature_c: 61 },
      ],
      fans: [{ fan: "amdgpu fan1", rpm: 1_450, percent: 40 }],
      power_watts: 141,
      power_limit_watts: 255,
      clocks: [{ clock: "sclk", mhz: 2_400 }],
      memory: { total_bytes: 17_163_091_968, used_bytes: 27_385_856 },
    });
  });

  test("of NVIDIA come first; one that fell off the bus keeps its place", async () => {
    const quiet: NvmlDevice = {
      name: "",
      uuid: "",
      temperature_c: null,
      fan_percent: null,
      power_watts: null,
      power_limit_watts: null,
      graphics_mhz: null,
      memory_mhz: null,
      memory_total_bytes: null,
      memory_used_bytes: null,
    };
    put({ "class/drm/card0/device/vendor": "0x1002" });
    const gpus = await readGpus({ readNvml: async () => [quiet, { ...quiet, name: "NVIDIA H200", temperature_c: 40 }], sys });
    expect(gpus.map(({ device_id, name }) => [device_id, name])).toEqual([
      ["gpu0", "NVIDIA GPU that does not answer"],
      ["gpu1", "NVIDIA H200"],
      ["gpu2", "AMD GPU"],
    ]);
    for (const gpu of gpus) DeviceReport.parse(gpu);
  });

  test("of a machine without a driver are none", async () => {
    expect(await readNvml("libotedama-no-such-library.so.1")).toEqual([]);
    expect(await readGpus({ readNvml: none, sys })).toEqual([]);
  });

  test("whose driver hangs hold nobody up: the last figures stand", async () => {
    const hung = new GpuReader({ readNvml: () => new Promise(() => undefined), sys });
    await hung.read();
    expect(hung.devices).toEqual([]);
  });
});

describe("the machine's own sensors", () => {
  test("are all told, by name; a card's fans are not the machine's", () => {
    put({
      "class/hwmon/hwmon0/name": "coretemp",
      "class/hwmon/hwmon0/temp1_input": 48_000,
      "class/hwmon/hwmon0/temp1_label": "Package id 0",
      "class/hwmon/hwmon0/temp10_input": 47_000,
      "class/hwmon/hwmon0/temp2_input": 46_000,
      "class/hwmon/hwmon1/name": "nct6775",
      "class/hwmon/hwmon1/fan2_input": 900,
      "class/hwmon/hwmon1/fan3_input": 70_000,
      "class/hwmon/hwmon2/name": "amdgpu",
      "class/hwmon/hwmon2/fan1_input": 1_000,
      "devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": 3_000_000,
      "devices/system/cpu/cpu1/cpufreq/scaling_cur_freq": 3_500_000,
    });
    expect(cpuTemperatures(sys)).toEqual([
      { sensor: "Package id 0", temperature_c: 48 },
      { sensor: "coretemp temp2", temperature_c: 46 },
      { sensor: "coretemp temp10", temperature_c: 47 },
    ]);
    expect(machineFans(sys)).toEqual([{ fan: "nct6775 fan2", rpm: 900, percent: null }]);
    expect(cpuClocks(sys)).toEqual([
      { clock: "min", mhz: 3_000 },
      { clock: "mean", mhz: 3_250 },
      { clock: "max", mhz: 3_500 },
    ]);
  });

  test("the network's bytes are those of every interface but loopback", () => {
    put({
      "net/dev": [
        "Inter-|   Receive                                                |  Transmit",
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed",
        "    lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0",
        "  eth0:1000 1 0 0 0 0 0 0 200 1 0 0 0 0 0 0",
        " wlan0:  30 1 0 0 0 0 0 0   4 1 0 0 0 0 0 0",
      ].join("\n"),
    });
    expect(networkBytes(sys)).toEqual({ received_bytes: 1_030, sent_bytes: 204 });
    expect(networkBytes(join(sys, "nowhere"))).toBeNull();
  });
});
