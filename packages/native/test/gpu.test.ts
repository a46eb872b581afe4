/** NVIDIA's library is found at run time, so that a small one of ours can stand in its place. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readNvml } from "@otedama/native";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** Signatures by NVML's reference manual. The second device is lost; the third is passively cooled and tells nothing of its memory. */
const LIBRARY = `
#include <cstring>
extern "C" {
static int begun = 0;
int nvmlInit_v2() { begun++; return 0; }
int nvmlDeviceGetCount_v2(unsigned* count) { *count = begun == 1 ? 3 : 0; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  if (index == 1) return 15;
  *device = reinterpret_cast<void*>(static_cast<long>(index) + 1);
  return 0;
}
int nvmlDeviceGetName(void* device, char* name, unsigned length) {
  std::strncpy(name, device == reinterpret_cast<void*>(1) ? "NVIDIA Test 100" : "NVIDIA Test 200", length);
  return 0;
}
int nvmlDeviceGetUUID(void*, char* uuid, unsigned length) { std::memset(uuid, 'u', length); return 0; }
int nvmlDeviceGetTemperature(void*, unsigned sensor, unsigned* celsius) { *celsius = 61 + sensor; return 0; }
int nvmlDeviceGetFanSpeed(void* device, unsigned* percent) { *percent = 45; return device == reinterpret_cast<void*>(1) ? 0 : 3; }
int nvmlDeviceGetPowerUsage(void*, unsigned* milliwatts) { *milliwatts = 215500; return 0; }
int nvmlDeviceGetEnforcedPowerLimit(void*, unsigned* milliwatts) { *milliwatts = 300000; return 0; }
int nvmlDeviceGetClockInfo(void*, unsigned type, unsigned* mhz) { *mhz = 1000 + type; return 0; }
struct Memory { unsigned long long total, free, used; };
int nvmlDeviceGetMemoryInfo(void* device, Memory* memory) {
  *memory = {24ull << 30, 23ull << 30, 1ull << 30};
  return device == reinterpret_cast<void*>(1) ? 0 : 3;
}
}
`;

let folder: string;
let library: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "otedama-nvml-"));
  library = join(folder, "libnvidia-ml.so.1");
  writeFileSync(join(folder, "nvml.cc"), LIBRARY);
  execFileSync(process.env.CXX ?? "g++", ["-shared", "-fPIC", join(folder, "nvml.cc"), "-o", library]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("NVIDIA GPUs", () => {
  test("are read through the library, and what one does not say is null", async () => {
    const [first, lost, third] = await readNvml(library);
    expect(first).toEqual({
      name: "NVIDIA Test 100",
      uuid: "u".repeat(95),
      temperature_c: 61,
      fan_percent: 45,
      power_watts: 215.5,
      power_limit_watts: 300,
      graphics_mhz: 1000,
      memory_mhz: 1002,
      memory_total_bytes: 24 * 2 ** 30,
      memory_used_bytes: 2 ** 30,
    });
    expect(lost).toMatchObject({ name: "", temperature_c: null, power_watts: null });
    expect(third).toMatchObject({ name: "NVIDIA Test 200", fan_percent: null, memory_total_bytes: null });
    // The driver is begun once, however often it is asked.
    expect(await Promise.all([readNvml(library), readNvml(library)])).toEqual([await readNvml(library), await readNvml(library)]);
    expect(await readNvml(library)).toHaveLength(3);
  });

  test("are none where the library is absent, or is something else", async () => {
    expect(await readNvml(join(folder, "nowhere.so"))).toEqual([]);
    writeFileSync(join(folder, "rubbish.so"), "not a library");
    expect(await readNvml(join(folder, "rubbish.so"))).toEqual([]);
  });
});
