import { arch, hostname, release, type } from "node:os";
import { type AgentHelloV1, HUB_PROTOCOL_VERSIONS } from "@otedama/shared/agent";
import type { Machine } from "../telemetry/machine.ts";

export interface HelloFacts {
  agent_id: string;
  name: string;
  token: string;
  version: string;
  machine: Machine;
}

/** Who we are, as the control plane is told at each connection. */
export function agentHello({ agent_id, name, token, version, machine }: HelloFacts): AgentHelloV1 {
  return {
    protocol: HUB_PROTOCOL_VERSIONS[0],
    token,
    agent_id,
    name,
    hostname: hostname().slice(0, 200),
    os: `${type()} ${release()}`.slice(0, 200),
    arch: arch(),
    version,
    cpu: {
      model: machine.model,
      cores: machine.cores,
      threads: machine.threads,
      numa_nodes: machine.numa_nodes,
      features: machine.features,
    },
  };
}
