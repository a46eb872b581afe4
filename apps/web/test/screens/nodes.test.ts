import type { NodeReport, NodesDto } from "@otedama/shared";
import { NodesDto as Schema } from "@otedama/shared";
import { describe, expect, test } from "vitest";
import { nodesSentence } from "../../src/features/nodes/sentence.ts";
import { LiveFigures } from "../../src/server/live/live_figures.ts";
import { snapshotOf } from "../fixtures/hub_clients.ts";

const node = (name: string, state: NodeReport["state"]): NodeReport => ({
  name,
  state,
  since_ms: 1,
  message: null,
  chain: null,
  clock_skew_s: null,
  template: null,
  latency_ms: null,
  blocks_behind: null,
  tips: { first: 0, told: 0, lag_ms_last: null, lag_ms_p50: null, by: { zmq: 0, long_poll: 0, poll: 0 }, last_by: null },
  zmq: "off",
  zmq_missed: 0,
  errors: 0,
  last_error: null,
});

function nodesOf(instances: Record<string, NodeReport[]>): NodesDto {
  const health = { state: "ok", since_ms: 0, message: null } as const;
  const figures = new LiveFigures({ offline_after_ms: 15_000, agents_max: 2 }, { database: () => health });
  for (const [instance_id, nodes] of Object.entries(instances)) figures.poolSnapshot(instance_id, snapshotOf(5, { nodes }), 6);
  return Schema.parse(figures.nodes(7));
}

describe("the Nodes screen's sentence", () => {
  const said = (instances: Record<string, NodeReport[]>) => nodesSentence(nodesOf(instances)).replaceAll("\u00a0", " ");

  test("says who serves, while all is well", () => {
    expect(said({})).toBe("No pool is connected, so nothing is known of its chain nodes.");
    expect(said({ a: [node("n:1", "serving")] })).toBe("The chain node is fit, mining block 300 with n:1.");
    expect(said({ a: [node("n:1", "ready"), node("n:2", "serving")] })).toBe(
      "All 2 chain nodes are fit, mining block 300 with n:2.",
    );
  });

  test("says what is lost", () => {
    expect(said({ a: [node("n:1", "away"), node("n:2", "serving"), node("n:3", "unfit")] })).toBe(
      "2 of 3 chain nodes cannot be mined on; mining block 300 with n:2.",
    );
    expect(said({ a: [node("n:1", "unfit")] })).toBe("The chain node cannot be mined on: miners stay on their last work.");
    expect(said({ a: [node("n:1", "away"), node("n:2", "away")] })).toMatch(/^None of the 2 chain nodes can be mined on/);
  });

  test("of several instances, tells of the one that is worst off", () => {
    expect(said({ b: [node("n:1", "away"), node("n:2", "serving")], a: [node("n:1", "serving")] })).toBe(
      "1 of 2 chain nodes of b cannot be mined on; mining block 300 with n:2.",
    );
  });
});

test("nodes are told by instance, in the order of their names", () => {
  const nodes = nodesOf({ b: [node("n:1", "serving")], a: [node("n:1", "ready")] });
  expect(nodes.instances.map(({ instance_id, nodes }) => [instance_id, nodes[0]?.state])).toEqual([
    ["a", "ready"],
    ["b", "serving"],
  ]);
});
