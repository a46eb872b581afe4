/**
 * What happens in a run, decided before it begins: the pool's policy and the faults, from the seed and nothing else. The same seed and duration
 * give the same schedule; when exactly a fault meets which step of a process is the machine's doing.
 */
import type { PayoutScheme } from "@otedama/shared";
import { Random } from "./random.ts";

export const FAULT_KINDS = [
  "kill_pool",
  "kill_web",
  "kill_database",
  "kill_node",
  "disk_full",
  "database_stall",
  "node_timeout",
  "node_answers",
  "reorganisation",
  "clock_jump",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** How a node's answers come back wrong. `twice`: the question is put to the node twice, and the second answer is given. */
export const ANSWER_FAULTS = ["repeated", "swapped", "late", "twice"] as const;
export type AnswerFault = (typeof ANSWER_FAULTS)[number];

export type Fault = { at_ms: number; lasts_ms: number } & (
  | { kind: "kill_pool" | "disk_full"; instance: number; bytes_left: number }
  | { kind: "kill_web" | "kill_database" }
  | { kind: "kill_node" | "node_timeout"; node: number }
  | { kind: "database_stall"; cut: boolean }
  | { kind: "node_answers"; node: number; answers: AnswerFault }
  | { kind: "reorganisation"; node: number; depth: number }
  | { kind: "clock_jump"; instance: number; shift_ms: number }
);

export interface Scenario {
  seed: number;
  duration_ms: number;
  /** It goes on, without faults, until it has found so many. */
  blocks_min: number;
  scheme: PayoutScheme;
  instances: number;
  pplns_window: number;
  finder_bonus_percent: number;
  donation_percent: number;
  /** Whether one of the miners pays no fee. */
  exempt: boolean;
  maturity_confirmations: number;
  /** Depth at which a payout counts as made. */
  payout_confirmations: number;
  faults: Fault[];
}

export interface ScheduleOptions {
  seed: number;
  duration_ms: number;
  kinds: readonly FaultKind[];
  /** Mean time between two faults. */
  every_ms: number;
  instances_max: number;
  /** The pool's scheme; drawn where it is absent. */
  scheme?: PayoutScheme;
}

const SCHEMES: readonly PayoutScheme[] = ["pplns", "pplns", "pplns", "prop", "prop", "pps", "fpps", "solo"];
/** Within the ten minutes that the pool allows a node's clock to differ, and beyond. */
const SMALL_JUMP_MS = 9 * 60_000;
const LARGE_JUMPS_MS = [11 * 60_000, 3_600_000 + 60_000, 30 * 3_600_000];

export function makeScenario(options: ScheduleOptions): Scenario {
  const { seed, duration_ms, kinds } = options;
  const random = new Random(seed);
  const instances = random.between(1, options.instances_max);
  const scheme = random.pick(SCHEMES);
  const scenario: Scenario = {
    seed,
    duration_ms,
    blocks_min: 2,
    scheme: options.scheme ?? scheme,
    instances,
    pplns_window: random.pick([0.5, 1, 2.5, 8]),
    finder_bonus_percent: random.pick([0, 0, 2.5]),
    donation_percent: random.pick([0, 0.3]),
    exempt: random.next() < 0.5,
    maturity_confirmations: random.pick([4, 8]),
    payout_confirmations: random.pick([2, 7]),
    faults: [],
  };
  if (kinds.length === 0) return scenario;
  // Each kind in turn, in an order of the seed's: a short run has as many kinds as it has faults.
  let queue: FaultKind[] = [];
  const count = Math.max(1, Math.round(duration_ms / options.every_ms));
  for (let index = 0; index < count; index++) {
    if (queue.length === 0) queue = random.shuffle(kinds);
    const kind = queue.pop() as FaultKind;
    const at_ms = Math.round(((index + random.next()) * duration_ms) / count);
    scenario.faults.push(drawFault(kind, at_ms, instances, random));
  }
  return scenario;
}

function drawFault(kind: FaultKind, at_ms: number, instances: number, random: Random): Fault {
  const instance = random.between(0, instances - 1);
  const node = random.between(0, 1);
  const lasts_ms = random.between(200, 2_500);
  switch (kind) {
    case "kill_pool":
      return { kind, at_ms, lasts_ms: random.pick([0, 0, lasts_ms]), instance, bytes_left: 0 };
    case "disk_full":
      // Nothing at all can be written, or only a part of the next records.
      return { kind, at_ms, lasts_ms, instance, bytes_left: random.pick([0, random.between(1, 400)]) };
    case "kill_web":
    case "kill_database":
      return { kind, at_ms, lasts_ms: random.pick([0, lasts_ms]) };
    case "kill_node":
      return { kind, at_ms, lasts_ms: random.pick([0, lasts_ms]), node };
    case "node_timeout":
      // Now and then longer than the ten seconds that the pool waits for an answer.
      return { kind, at_ms, lasts_ms: random.pick([lasts_ms, lasts_ms, 11_000]), node };
    case "database_stall":
      return { kind, at_ms, lasts_ms, cut: random.next() < 0.3 };
    case "node_answers":
      return { kind, at_ms, lasts_ms, node, answers: random.pick(ANSWER_FAULTS) };
    case "reorganisation":
      return { kind, at_ms, lasts_ms: 0, node, depth: random.between(1, 6) };
    case "clock_jump": {
      const small = random.between(-SMALL_JUMP_MS, SMALL_JUMP_MS);
      const large = random.pick(LARGE_JUMPS_MS) * random.pick([1, -1]);
      return { kind, at_ms, lasts_ms, instance, shift_ms: random.next() < 0.5 ? small : large };
    }
  }
}
