/** Several real nodes of one chain that lag, die, answer slowly, twice, out of order, wrongly, and go back. */
import type { RunningChain } from "@otedama/simulator/chain";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Publisher } from "zeromq";
import { TipSocket } from "../src/work/zmq.ts";
import type { Question } from "./support/altered_line.ts";
import { ChainKit, FAST } from "./support/chain_kit.ts";
import { POOL_ADDRESS } from "./support/pool_settings.ts";
import { Twins } from "./support/twins.ts";
import { until } from "./support/until.ts";

let twins: Twins;
let first: RunningChain;
let second: RunningChain;
beforeAll(async () => {
  twins = await Twins.start([{ transactions: false }, { transactions: false }]);
  [first, second] = twins.chains as [RunningChain, RunningChain];
});
afterAll(() => twins.stop());
const kit = new ChainKit(() => first);
afterEach(() => kit.close());

const tip = (chain: RunningChain) => chain.rpc<number>("getblockcount");
const best = (chain: RunningChain) => chain.rpc<string>("getbestblockhash");
const mine = async (chain: RunningChain, blocks = 1) => {
  const hashes = await chain.rpc<string[]>("generatetoaddress", [blocks, POOL_ADDRESS]);
  return hashes.at(-1) as string;
};
/** Both chains as long as the longer one. */
async function level(): Promise<number> {
  const [a, b] = [await tip(first), await tip(second)];
  await (a > b ? twins.pass(first, second) : twins.pass(second, first));
  return Math.max(a, b);
}
const nodeOf = (chain: RunningChain) => kit.nodeAt(chain.url, { chain });
const fit = (source: ReturnType<ChainKit["startWork"]>["source"]) =>
  source.reports().filter(({ state }) => state === "serving" || state === "ready").length;

describe("several nodes", () => {
  test("a tip that only one of them has is mined at once; the other's lag is measured when it has it too", async () => {
    const height = await level();
    const { source, work } = kit.startWork([nodeOf(first), nodeOf(second)]);
    await until("both", () => fit(source) === 2);
    const hash = await mine(second);
    await until("the new tip", () => work.current?.template.prev_hash === hash);
    expect(source.active?.name).toBe(new URL(second.url).host);
    expect(work.current?.template.height).toBe(height + 2);
    await until("the lag to be seen", () => source.reports()[0]?.blocks_behind === 1);
    await level();
    await until("the first to have it", () => source.reports()[0]?.blocks_behind === 0);
    const [late, quick] = source.reports();
    expect(late?.tips).toMatchObject({ first: 0, told: 1 });
    expect(late?.tips.lag_ms_last).toBeGreaterThan(0);
    expect(quick?.tips).toMatchObject({ first: 1, told: 1, lag_ms_last: 0 });
  });

  test("one that dies right after it told a tip: that is mined on, and left when the other does not come to it", async () => {
    await level();
    const line = await kit.interruptible();
    const { source, work, jobs } = kit.startWork([nodeOf(second), line.node], { ...FAST, abandon_ms: 1_500 });
    await until("both", () => fit(source) === 2);
    const hash = await mine(first);
    await until("the new tip", () => work.current?.template.prev_hash === hash);
    const before = jobs.length;
    await line.line.cut();
    await until("its death", () => fit(source) === 1);
    expect(source.active?.name).toBe(new URL(second.url).host);
    const left = await best(second);
    await until("the tip to be left", () => work.current?.template.prev_hash === left);
    expect(jobs.slice(before).filter(({ clean }) => clean).length).toBe(1);
    expect(source.reports()[1]).toMatchObject({
      state: "away",
      last_error: { message: expect.stringMatching(/cannot be reached/) },
    });
  });

  test("one that answers slowly holds nobody up", async () => {
    await level();
    const { line, node } = await kit.altered(first);
    const held: (() => void)[] = [];
    line.alter = (_question, result) => new Promise((resolve) => held.push(() => resolve(result)));
    const { source, work } = kit.startWork([node, nodeOf(second)]);
    const hash = await mine(second);
    await until("work of the quick one", () => work.current?.template.prev_hash === hash);
    expect(held.length).toBeGreaterThan(0);
    expect(source.reports()[0]?.state).toBe("unknown");
    line.alter = (_question, result) => result;
    for (const release of held) release();
    await until("the slow one too", () => fit(source) === 2);
  });

  test("an answer from before that comes late does not bring the past back", async () => {
    const height = await level();
    const { line, node } = await kit.altered(first);
    const { source, work, jobs, fresh } = kit.startWork([node], { ...FAST, refresh_ms: 200 });
    await fresh(height + 1);
    // The next plain template is held back until a block has come by the long poll.
    let release: (() => void) | null = null;
    line.alter = ({ method, params }: Question, result) => {
      const plain = method === "getblocktemplate" && !(params[0] as { longpollid?: string }).longpollid;
      if (!plain || release) return result;
      return new Promise((resolve) => {
        release = () => resolve(result);
      });
    };
    await until("a template under way", () => release !== null);
    const hash = await mine(first);
    await until("the new tip", () => work.current?.template.prev_hash === hash);
    const before = jobs.length;
    (release as unknown as () => void)();
    await until("the answer to be in", async () => (source.reports()[0]?.template?.height ?? 0) === height + 2);
    const refreshed = source.reports()[0]?.template?.received_at_ms ?? 0;
    await until("another refresh", () => (source.reports()[0]?.template?.received_at_ms ?? 0) > refreshed);
    expect(jobs.slice(before).every((job) => job.height === height + 2)).toBe(true);
  });

  test("a node that goes back is followed down", async () => {
    const height = await level();
    const { line, node } = await kit.altered(second);
    const { work, fresh } = kit.startWork([node]);
    const job = await fresh(height + 1);
    // As it was before its newest block: as after an invalidateblock, or a backup that was put back.
    const past = new Map<string, unknown>();
    for (const [method, params] of [
      ["getblocktemplate", [{ rules: ["segwit"] }]],
      ["getbestblockhash"],
      ["getblockchaininfo"],
    ] as const)
      past.set(method, await second.rpc(method, [...(params ?? [])]));
    const hash = await mine(second);
    await until("the new tip", () => work.current?.template.prev_hash === hash);
    line.alter = ({ method, params }, result) =>
      (params[0] as { longpollid?: string } | undefined)?.longpollid ? new Promise(() => {}) : (past.get(method) ?? result);
    await until("the block before", () => work.current?.template.prev_hash === job.template.prev_hash);
  });

  test("a reorganisation that one node sees first is followed, and the other one is not believed meanwhile", async () => {
    const height = await level();
    const { work, source } = kit.startWork([nodeOf(first), nodeOf(second)]);
    await until("both", () => fit(source) === 2);
    const branch = await second.rpc<string[]>("generateonheight", [height - 2, 4, POOL_ADDRESS]);
    await until("the longer branch", () => work.current?.template.prev_hash === branch.at(-1));
    for (const hash of branch) await first.rpc("submitblock", [await second.rpc("getblock", [hash, false])]);
    await until("the other one there", () => source.reports()[0]?.chain?.best_hash === branch.at(-1));
    expect(work.current?.template.prev_hash).toBe(branch.at(-1));
  });
});

describe("a node that is not fit", () => {
  const template = (change: Record<string, unknown>) => (question: Question, result: unknown) =>
    question.method === "getblocktemplate" ? { ...(result as object), ...change } : result;
  const info = (change: Record<string, unknown>) => (question: Question, result: unknown) =>
    question.method === "getblockchaininfo" ? { ...(result as object), ...change } : result;

  test.each<[string, (question: Question, result: unknown) => unknown, RegExp]>([
    ["is on another network", info({ chain: "main" }), /network "main" and this pool mines on "regtest"/],
    [
      "begins with another block",
      (q, r) => (q.method === "getblockhash" ? "0".repeat(64) : r),
      /another block.*another currency/,
    ],
    ["is syncing", info({ headers: 1_000_000 }), /syncing/],
    ["gives no segwit rules", template({ rules: ["csv"] }), /without the segwit rules/],
    ["has another clock", template({ curtime: Math.floor(Date.now() / 1000) + 3_600 }), /\d+ minutes ahead of/],
    ["claims more than subsidy and fees", template({ coinbasevalue: 5_000_000_001 }), /more than the subsidy of 5000000000/],
    ["claims less", template({ coinbasevalue: 2_500_000_000 }), /less than the subsidy/],
    ["answers with something else", (q, r) => (q.method === "getblockchaininfo" ? [] : r), /as a Bitcoin node does/],
  ])("because it %s is refused with a sentence, and the other one is mined on", async (_, alter, sentence) => {
    await level();
    const { line, node } = await kit.altered(first);
    line.alter = alter;
    const { source, work, reports } = kit.startWork([node, nodeOf(second)]);
    await until("the refusal", () => source.reports()[0]?.state === "unfit");
    expect(source.reports()[0]?.message).toMatch(sentence);
    await until("the other one", () => work.current !== null && source.active?.name === new URL(second.url).host);
    // It is taken as soon as it is well.
    line.alter = (_question, result) => result;
    await until("both", () => fit(source) === 2);
    expect(reports.filter(([name]) => name === node.name).at(-1)?.[1]).toBeNull();
  });

  test("because its templates build on another block than it calls its best is refused", async () => {
    const height = await level();
    const { line, node } = await kit.altered(first);
    let old: unknown = null;
    line.alter = ({ method, params }, result) => {
      if (method !== "getblocktemplate") return result;
      if ((params[0] as { longpollid?: string }).longpollid) return new Promise(() => {});
      old ??= result;
      return old;
    };
    const { source, fresh } = kit.startWork([node], { ...FAST, poll_ms: 20, astray_max: 3 });
    await fresh(height + 1);
    await mine(first);
    await until("the refusal", () => /answers from the past/.test(source.reports()[0]?.message ?? ""));
  });

  test("because it gives the answer to something else is away", async () => {
    const { line, node } = await kit.altered(first);
    let before = "";
    line.rewrite = (_question, answer) => {
      const given = before || answer;
      before = answer;
      return given;
    };
    const { source } = kit.startWork([node]);
    await until("the mix-up", () => /answer to something else/.test(source.reports()[0]?.message ?? ""));
  });

  test("an empty template is not taken while transactions wait, unless the node insists", async () => {
    const height = await level();
    const { line, node } = await kit.altered(first);
    let asked = 0;
    line.alter = ({ method }, result) => {
      if (method === "getblocktemplate") asked += 1;
      return method === "getmempoolinfo" ? { size: 7 } : result;
    };
    const { source, fresh } = kit.startWork([node], { ...FAST, empty_wait_ms: 1 });
    await fresh(height + 1);
    expect(asked).toBeGreaterThan(FAST.empty_tries);
    expect(source.empty_templates).toBeGreaterThan(0);
    expect(source.reports()[0]?.template?.empty).toBe(true);
  });
});

describe("ZeroMQ", () => {
  /** A real publisher, as a node has one, on a free port. */
  async function publisher(): Promise<{
    url: string;
    socket: Publisher;
    publish: (topic: string, body: Buffer, number: number) => Promise<void>;
  }> {
    const socket = new Publisher({ linger: 0 });
    await socket.bind("tcp://127.0.0.1:*");
    kit.ends.push(() => socket.close());
    return {
      url: socket.lastEndpoint as string,
      socket,
      publish: async (topic, body, number) => {
        const counted = Buffer.alloc(4);
        counted.writeUInt32LE(number);
        await socket.send([topic, body, counted]);
      },
    };
  }

  test.each(["hashblock", "rawblock"])("%s alone brings a new tip", async (topic) => {
    const height = await level();
    const { url, publish } = await publisher();
    const { line, node } = await kit.altered(first);
    // No long poll is ever answered, and nothing is asked by the clock.
    line.alter = ({ method, params }, result) =>
      method === "getblocktemplate" && (params[0] as { longpollid?: string }).longpollid ? new Promise(() => {}) : result;
    const { source, fresh, work } = kit.startWork([node], { ...FAST, poll_ms: 3_600_000 }, [url]);
    await fresh(height + 1);
    await until("the connection", () => source.reports()[0]?.zmq === "connected");
    const hash = await mine(first);
    const body =
      topic === "hashblock" ? Buffer.from(hash, "hex") : Buffer.from(await first.rpc<string>("getblock", [hash, false]), "hex");
    // A subscription may reach the publisher after the connection: what is sent before is lost, as with any publisher.
    let number = 10;
    await until("the new tip", async () => {
      await publish(topic, body, number++);
      return work.current?.template.prev_hash === hash;
    });
    await until("the count", () => source.reports()[0]?.tips.by.zmq === 1);
    expect(source.reports()[0]?.tips.last_by).toBe("zmq");
    await publish(topic, body, number + 4);
    await until("what was missed", () => source.reports()[0]?.zmq_missed === 4);
  });

  test("a publisher that is not there is waited for, and holds nothing up", async () => {
    const height = await level();
    const { source, fresh } = kit.startWork([nodeOf(first)], FAST, ["tcp://127.0.0.1:1"]);
    await fresh(height + 1);
    expect(source.reports()[0]?.zmq).toBe("connecting");
  });

  test("whatever a publisher sends does no harm", () => {
    const hashes: string[] = [];
    const socket = new TipSocket(
      { url: "tcp://127.0.0.1:1" },
      { onHash: (hash) => hashes.push(hash), onState: () => {}, onMissed: (messages) => expect(messages).toBeGreaterThan(0) },
    );
    const topic = fc.constantFrom("hashblock", "rawblock", "hashtx", "").map((text) => Buffer.from(text));
    const part = fc.oneof(topic, fc.uint8Array({ maxLength: 200 }));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (message) => {
        socket.take(message);
        for (const hash of hashes.splice(0)) expect(hash).toMatch(/^[0-9a-f]{64}$/);
      }),
    );
    // Block 0 of the main chain, by its header.
    const genesis = `01000000${"00".repeat(32)}3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c`;
    socket.take([Buffer.from("rawblock"), Buffer.from(`${genesis}00`, "hex"), Buffer.alloc(4)]);
    expect(hashes).toEqual(["000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"]);
  });
});
