/** What the machine is: read once at start. */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { cpuFeatures, numaNodes } from "@otedama/native";

export interface Machine {
  model: string;
  /** Processor packages (sockets). */
  packages: number;
  /** Physical cores and hardware threads of the whole machine. */
  cores: number;
  threads: number;
  numa_nodes: number;
  /** As the kernels see them. */
  features: string[];
}

export function detectMachine(): Machine {
  const all = cpus();
  const threads = Math.max(1, all.length);
  const topology = all.map((_, cpu) => ({
    core: topologyOf(cpu, "core_cpus_list"),
    package: topologyOf(cpu, "physical_package_id"),
  }));
  return {
    model: (all[0]?.model.trim() || "unknown processor").slice(0, 200),
    packages: distinct(topology.map((place) => place.package)) || 1,
    cores: distinct(topology.map((place) => place.core)) || threads,
    threads,
    numa_nodes: numaNodes().length,
    features: cpuFeatures(),
  };
}

/** Linux says where each CPU sits; null elsewhere. */
function topologyOf(cpu: number, fact: string): string | null {
  try {
    return readFileSync(`/sys/devices/system/cpu/cpu${cpu}/topology/${fact}`, "utf8").trim();
  } catch {
    return null;
  }
}

const distinct = (values: (string | null)[]): number => new Set(values.filter((value) => value !== null)).size;
