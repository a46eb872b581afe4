import { createServer } from "node:http";
import { type RunningChain, startChain } from "@otedama/simulator/chain";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ChainNode } from "../src/work/node.ts";
import { RpcError } from "../src/work/rpc.ts";
import { ChainKit, FAST } from "./support/chain_kit.ts";
import { POOL_ADDRESS } from "./support/pool_settings.ts";
import { until } from "./support/until.ts";

let chain: RunningChain;
beforeAll(async () => {
  chain = await startChain();
});
afterAll(() => chain.stop());
const kit = new ChainKit(() => chain);
afterEach(() => kit.close());

const tip = () => chain.rpc<number>("getblockcount");

describe("RPC", () => {
  test("tells what went wrong apart", async () => {
    const code = async (_node: ChainNode, call: () => Promise<unknown>) => {
      try {
        await call();
        return "fine";
      } catch (error) {
        expect((error as Error).message).not.toContain(chain.password);
        return error instanceof RpcError ? `${error.code} ${error.node_code ?? ""}`.trim() : String(error);
      }
    };
    const node = kit.nodeAt(chain.url);
    const wrong = kit.nodeAt(chain.url, { password: "wrong" });
    const gone = kit.nodeAt("http://127.0.0.1:1");
    expect(await code(node, () => node.rpc.call("getblockhash", [10_000_000]))).toBe("node -8");
    expect(await code(wrong, () => wrong.rpc.call("getblockcount"))).toBe("unauthorized");
    expect(await code(gone, () => gone.rpc.call("getblockcount"))).toBe("unreachable");
    const height = await tip();
    const batch = await node.rpc.batch([
      { method: "getblockhash", params: [0] },
      { method: "getblockhash", params: [10_000_000] },
      { method: "getblockcount", params: [] },
    ]);
    expect(batch[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(batch[1]).toBeInstanceOf(RpcError);
    expect(batch[2]).toBe(height);
  });

  test("is bounded in time and in what it reads", async () => {
    const mute = createServer((request, response) => {
      if (request.url === "/mute") return;
      const more = () => {
        while (response.write(Buffer.alloc(1 << 20, 32))) {}
        response.once("drain", more);
      };
      more();
    });
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    kit.ends.push(() => {
      mute.closeAllConnections();
      mute.close();
    });
    const at = `http://127.0.0.1:${(mute.address() as { port: number }).port}`;
    await expect(kit.nodeAt(`${at}/mute`).rpc.call("getblockcount", [], { timeout_ms: 50 })).rejects.toMatchObject({
      code: "timeout",
    });
    await expect(kit.nodeAt(at).rpc.call("getblockcount")).rejects.toMatchObject({ code: "bad_answer" });
  });
});

describe("templates", () => {
  test("a new block is on its way to miners as a clean job, by long poll alone", async () => {
    const { jobs, fresh } = kit.startWork([kit.nodeAt(chain.url)], { ...FAST, poll_ms: 60_000 });
    const height = await tip();
    await fresh(height + 1);
    const before = jobs.length;
    // The long poll has to be there when the block comes.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const [hash] = await chain.rpc<string[]>("generatetoaddress", [1, POOL_ADDRESS]);
    const job = await fresh(height + 2);
    expect(job.template.prev_hash).toBe(hash);
    expect(jobs[before]?.clean).toBe(true);
  });

  test("a lost long poll is made up for", async () => {
    const { fresh, source } = kit.startWork([kit.nodeAt(chain.url)], { ...FAST, long_poll_ms: 1 });
    await fresh((await tip()) + 1);
    await chain.rpc("generatetoaddress", [1, POOL_ADDRESS]);
    await fresh((await tip()) + 1);
    expect(source.active).not.toBeNull();
  });

  test("a reorganisation to another branch is followed", async () => {
    const { fresh, work } = kit.startWork([kit.nodeAt(chain.url)]);
    const height = await tip();
    await chain.rpc("generatetoaddress", [1, POOL_ADDRESS]);
    await fresh(height + 2);
    const [, last] = await chain.rpc<string[]>("generateonheight", [height, 2, POOL_ADDRESS]);
    await until("the other branch", () => work.current?.template.prev_hash === last);
  });

  test("a node that goes away is said so, and is mined on again when it is back", async () => {
    const { line, node } = await kit.interruptible();
    const { reports, fresh, source, work } = kit.startWork([node]);
    await fresh((await tip()) + 1);
    await line.cut();
    await until("the node to be missed", () => source.active === null);
    expect(reports.at(-1)?.[1]).toMatch(/cannot be reached/);
    await chain.rpc("generatetoaddress", [1, POOL_ADDRESS]);
    expect(work.current).not.toBeNull();
    await line.open();
    await fresh((await tip()) + 1);
    expect(reports.at(-1)).toEqual([node.name, null]);
  });

  test("another node takes over when the one that serves goes away", async () => {
    const { line: firstLine, node: first } = await kit.interruptible();
    const { line: secondLine, node: second } = await kit.interruptible();
    const { source, fresh } = kit.startWork([first, second]);
    const fit = () => source.reports().filter(({ state }) => state === "serving" || state === "ready").length;
    await until("both", () => fit() === 2);
    await firstLine.cut();
    await until("the second", () => source.active === second);
    expect(source.reports()[0]).toMatchObject({ state: "away", message: expect.stringMatching(/cannot be reached/) });
    await chain.rpc("generatetoaddress", [1, POOL_ADDRESS]);
    await fresh((await tip()) + 1);
    await firstLine.open();
    await until("both again", () => fit() === 2);
    await secondLine.cut();
    await until("the first", () => source.active === first);
  });

  test("a node of another network is not mined on", async () => {
    const { reports, work } = kit.startWork([kit.nodeAt(chain.url, { network: "main" })]);
    await until("a report", () => reports.length > 0);
    expect(reports[0]?.[1]).toMatch(/network "regtest".*"main"/);
    expect(work.current).toBeNull();
  });
});
