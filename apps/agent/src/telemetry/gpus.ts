/** GPUs as devices, whether or not anything of ours runs on them: NVIDIA's through its management library, AMD's through sysfs. */
import { basename, join } from "node:path";
import type { NvmlDevice } from "@otedama/native";
import type { DeviceReport } from "@otedama/shared/agent";
import { fansIn, temperaturesIn } from "./hwmon.ts";
import { hottest } from "./sensors.ts";
import { folders, names, number, scaled, text } from "./sysfs.ts";

type Gpu = Omit<DeviceReport, "device_id">;

const AMD = "0x1002";
const GPUS_MAX = 60;
const TEMPERATURE_MAX_C = 300;
const IDLE = {
  kind: "gpu",
  kernel: null,
  threads: 0,
  hashrate_hps: { s1: 0, s10: 0, s60: 0, m15: 0 },
  shares: { accepted: 0, rejected: 0, stale: 0 },
  hardware_errors: 0,
} as const;

/** `gpu0`, `gpu1` …: NVIDIA's in the order of their bus, then AMD's. */
export async function readGpus({
  readNvml,
  sys = "/sys",
}: {
  readNvml: () => Promise<NvmlDevice[]>;
  sys?: string;
}): Promise<DeviceReport[]> {
  const found = [...(await readNvml()).map(nvidiaGpu), ...amdGpus(sys)];
  return found.slice(0, GPUS_MAX).map((gpu, i) => ({ device_id: `gpu${i}`, ...gpu }));
}

function nvidiaGpu(device: NvmlDevice): Gpu {
  const { temperature_c, fan_percent, graphics_mhz, memory_mhz, memory_total_bytes, memory_used_bytes } = device;
  const believed = temperature_c !== null && temperature_c < TEMPERATURE_MAX_C ? temperature_c : null;
  const clocks = [
    { clock: "graphics", mhz: graphics_mhz },
    { clock: "memory", mhz: memory_mhz },
  ];
  return {
    ...IDLE,
    name: device.name || "NVIDIA GPU that does not answer",
    temperature_c: believed,
    temperatures: believed === null ? [] : [{ sensor: "gpu", temperature_c: believed }],
    fans: fan_percent === null ? [] : [{ fan: "fan", rpm: null, percent: Math.min(100, fan_percent) }],
    power_watts: device.power_watts,
    power_limit_watts: device.power_limit_watts,
    clocks: clocks.flatMap(({ clock, mhz }) => (mhz === null ? [] : [{ clock, mhz }])),
    memory:
      memory_total_bytes === null || memory_used_bytes === null
        ? null
        : { total_bytes: memory_total_bytes, used_bytes: memory_used_bytes },
  };
}

/** By the names of the amdgpu driver (Linux, Documentation/gpu/amdgpu/thermal.rst): power in microwatts, clocks in hertz. */
function amdGpus(sys: string): Gpu[] {
  return folders(join(sys, "class/drm"))
    .filter((card) => /^card\d+$/.test(basename(card)) && text(join(card, "device/vendor")) === AMD)
    .sort((a, b) => Number(basename(a).slice(4)) - Number(basename(b).slice(4)))
    .map((card) => amdGpu(join(card, "device")));
}

function amdGpu(device: string): Gpu {
  const hwmon = folders(join(device, "hwmon"));
  const first = (file: string, divisor: number) =>
    hwmon.map((folder) => scaled(join(folder, file), divisor)).find((value) => value !== null);
  const temperatures = hwmon.flatMap(temperaturesIn).slice(0, 32);
  const total_bytes = number(join(device, "mem_info_vram_total"));
  const used_bytes = number(join(device, "mem_info_vram_used"));
  return {
    ...IDLE,
    name: (text(join(device, "product_name")) || `AMD GPU ${text(join(device, "device")) ?? ""}`.trim()).slice(0, 200),
    temperature_c: hottest(temperatures),
    temperatures,
    fans: hwmon.flatMap(fansIn).slice(0, 16),
    power_watts: first("power1_average", 1e6) ?? first("power1_input", 1e6) ?? null,
    power_limit_watts: first("power1_cap", 1e6) ?? null,
    clocks: hwmon.flatMap(clocksIn).slice(0, 8),
    memory: total_bytes === null || used_bytes === null ? null : { total_bytes, used_bytes },
  };
}

function clocksIn(folder: string): DeviceReport["clocks"] {
  return names(folder)
    .filter((name) => /^freq\d+_input$/.test(name))
    .sort()
    .flatMap((name) => {
      const mhz = scaled(join(folder, name), 1e6);
      const clock = (text(join(folder, name.replace("_input", "_label"))) ?? name.replace("_input", "")).slice(0, 32);
      return mhz === null || mhz < 0 ? [] : [{ clock, mhz }];
    });
}
