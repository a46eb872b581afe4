import { arch, hostname, release, type } from "node:os";
import type { AgentFacts } from "@otedama/shared/agent";
import type { Machine } from "../telemetry/machine.ts";

export interface FactSources {
  name: string;
  version: string;
  release_number: number | null;
  supervision: AgentFacts["supervision"];
  machine: Machine;
}

/** What this rig is, as the control plane is told when it enrols and at each connection. */
export function agentFacts({ name, version, release_number, supervision, machine }: FactSources): AgentFacts {
  const { model, cores, threads, numa_nodes, features } = machine;
  return {
    name,
    hostname: hostname().slice(0, 200),
    os: `${type()} ${release()}`.slice(0, 200),
    arch: arch(),
    version,
    release_number,
    supervision,
    cpu: { model, cores, threads, numa_nodes, features },
  };
}
