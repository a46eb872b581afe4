/** Temperature and power from Linux's sysfs; null where the machine has no such sensor or does not let us read it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** hwmon drivers that measure a processor. */
const CPU_DRIVERS = new Set(["coretemp", "k10temp", "zenpower", "cpu_thermal", "x86_pkg_temp"]);
const CPU_ZONE = /^(x86_pkg_temp|cpu|soc|acpitz)/i;
/** What a broken sensor shows is not a temperature. */
const believable = (celsius: number): boolean => celsius > -50 && celsius < 150;

/** The hottest reading of the processor, °C. */
export function cpuTemperature(sys = "/sys"): number | null {
  const readings = folders(join(sys, "class/hwmon"))
    .filter((folder) => CPU_DRIVERS.has(text(join(folder, "name")) ?? ""))
    .flatMap((folder) => inputs(folder));
  if (readings.length === 0) {
    for (const zone of folders(join(sys, "class/thermal"))) {
      const reading = CPU_ZONE.test(text(join(zone, "type")) ?? "") ? number(join(zone, "temp")) : null;
      if (reading !== null) readings.push(reading);
    }
  }
  const celsius = readings.map((millidegrees) => millidegrees / 1000).filter(believable);
  return celsius.length === 0 ? null : Math.max(...celsius);
}

const inputs = (folder: string): number[] =>
  names(folder)
    .filter((name) => /^temp\d+_input$/.test(name))
    .map((name) => number(join(folder, name)))
    .filter((value) => value !== null);

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

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

const folders = (folder: string): string[] => names(folder).map((name) => join(folder, name));

function text(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return null;
  }
}

function number(path: string): number | null {
  const value = text(path);
  return value !== null && /^-?\d+$/.test(value) ? Number(value) : null;
}
