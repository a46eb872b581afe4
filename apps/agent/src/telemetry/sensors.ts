/** The processor's sensors from Linux's sysfs; empty or null where the machine has no such sensor or does not let us read it. */
import { join } from "node:path";
import type { DeviceReport } from "@otedama/shared/agent";
import { believable, type FanReading, fansIn, type TemperatureReading, temperaturesIn } from "./hwmon.ts";
import { folders, names, number, scaled, text } from "./sysfs.ts";

/** hwmon drivers that measure a processor, and those of other things whose fans are not the machine's. */
const CPU_DRIVERS = new Set(["coretemp", "k10temp", "zenpower", "cpu_thermal", "x86_pkg_temp"]);
const DEVICE_DRIVERS = new Set(["amdgpu", "nouveau", "nvme", "drivetemp", "radeon"]);
const CPU_ZONE = /^(x86_pkg_temp|cpu|soc|acpitz)/i;
const TEMPERATURES_MAX = 32;
const FANS_MAX = 16;

/** Every reading of the processor, °C. */
export function cpuTemperatures(sys = "/sys"): TemperatureReading[] {
  const readings = folders(join(sys, "class/hwmon"))
    .filter((folder) => CPU_DRIVERS.has(text(join(folder, "name")) ?? ""))
    .flatMap(temperaturesIn);
  if (readings.length > 0) return readings.slice(0, TEMPERATURES_MAX);
  return folders(join(sys, "class/thermal"))
    .flatMap((zone) => {
      const type = text(join(zone, "type")) ?? "";
      const temperature_c = CPU_ZONE.test(type) ? scaled(join(zone, "temp"), 1000) : null;
      return temperature_c === null || !believable(temperature_c) ? [] : [{ sensor: type.slice(0, 32), temperature_c }];
    })
    .slice(0, TEMPERATURES_MAX);
}

/** The hottest of them. */
export const hottest = (readings: readonly TemperatureReading[]): number | null =>
  readings.length === 0 ? null : Math.max(...readings.map(({ temperature_c }) => temperature_c));

/** Fans of the machine. */
export const machineFans = (sys = "/sys"): FanReading[] =>
  folders(join(sys, "class/hwmon"))
    .filter((folder) => !DEVICE_DRIVERS.has(text(join(folder, "name")) ?? ""))
    .flatMap(fansIn)
    .slice(0, FANS_MAX);

/** The slowest, the mean and the fastest of the processor's clocks. */
export function cpuClocks(sys = "/sys"): DeviceReport["clocks"] {
  const root = join(sys, "devices/system/cpu");
  const clocks = names(root)
    .filter((name) => /^cpu\d+$/.test(name))
    .flatMap((name) => scaled(join(root, name, "cpufreq/scaling_cur_freq"), 1000) ?? []);
  if (clocks.length === 0) return [];
  const mean = clocks.reduce((sum, mhz) => sum + mhz, 0) / clocks.length;
  return [
    { clock: "min", mhz: Math.min(...clocks) },
    { clock: "mean", mhz: Math.round(mean) },
    { clock: "max", mhz: Math.max(...clocks) },
  ];
}

/** Average power of all processor packages between two calls, from the RAPL energy counters (readable by root on most systems). */
export class CpuPower {
  readonly #packages: string[];
  #last: { at_ms: number; energy_uj: (number | null)[] } | null = null;

  constructor(sys = "/sys") {
    this.#packages = folders(join(sys, "class/powercap")).filter((folder) => /intel-rapl:\d+$/.test(folder));
  }

  watts(now_ms: number): number | null {
    const energy_uj = this.#packages.map((folder) => number(join(folder, "energy_uj")));
    const last = this.#last;
    this.#last = { at_ms: now_ms, energy_uj };
    if (last === null || now_ms <= last.at_ms || energy_uj.length === 0) return null;
    let total_uj = 0;
    for (const [i, folder] of this.#packages.entries()) {
      const before = last.energy_uj[i];
      const after = energy_uj[i];
      if (before == null || after == null) return null;
      // The counter starts again at zero when it is full.
      total_uj += after >= before ? after - before : after - before + (number(join(folder, "max_energy_range_uj")) ?? 0);
    }
    return Math.max(0, total_uj / 1000 / (now_ms - last.at_ms));
  }
}
