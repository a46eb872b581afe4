import { native } from "./addon.ts";

/** A GPU as NVIDIA's driver describes it; null is what it does not say. */
export interface NvmlDevice {
  name: string;
  uuid: string;
  temperature_c: number | null;
  fan_percent: number | null;
  power_watts: number | null;
  power_limit_watts: number | null;
  graphics_mhz: number | null;
  memory_mhz: number | null;
  memory_total_bytes: number | null;
  memory_used_bytes: number | null;
}

const LIBRARY = "libnvidia-ml.so.1";

/** Every GPU that the management library at that path knows of; none where it is absent. Never rejects for want of a driver. */
export const readNvml = (library: string = LIBRARY): Promise<NvmlDevice[]> => native.readNvml(library);
