/** The GPUs as last read. A driver that hangs costs this rig its GPU figures, and nothing else. */
import { setTimeout as wait } from "node:timers/promises";
import type { NvmlDevice } from "@otedama/native";
import type { DeviceReport } from "@otedama/shared/agent";
import { readGpus } from "./gpus.ts";

const PATIENCE_MS = 1_000;

export class GpuReader {
  readonly #sources: { readNvml: () => Promise<NvmlDevice[]>; sys?: string };
  #devices: DeviceReport[] = [];
  #reading: Promise<void> | null = null;

  constructor(sources: { readNvml: () => Promise<NvmlDevice[]>; sys?: string }) {
    this.#sources = sources;
  }

  get devices(): readonly DeviceReport[] {
    return this.#devices;
  }

  /** One reading at a time; what is not there in time is there at the next look. */
  async read(): Promise<void> {
    this.#reading ??= readGpus(this.#sources)
      .then((devices) => {
        this.#devices = devices;
      })
      .finally(() => {
        this.#reading = null;
      });
    await Promise.race([this.#reading, wait(PATIENCE_MS, undefined, { ref: false })]);
  }
}
