import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningChain, startChain } from "@otedama/simulator/chain";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** BIP 173's example key on regtest. */
const ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";

interface Template {
  height: number;
  bits: string;
  rules: string[];
  longpollid: string;
  default_witness_commitment: string;
  transactions: { txid: string; hash: string; fee: number }[];
}
const template = (chain: RunningChain, longpollid?: string) =>
  chain.rpc<Template>("getblocktemplate", [{ rules: ["segwit"], ...(longpollid ? { longpollid } : {}) }]);

describe("an easy chain in memory", () => {
  let chain: RunningChain;
  beforeAll(async () => {
    chain = await startChain({ transactions: true, block_interval_s: 1 });
  });
  afterAll(() => chain.stop());

  test("begins with segwit active and rewards that do not halve for long", async () => {
    expect(await chain.rpc("getblockchaininfo")).toMatchObject({ chain: "regtest", blocks: 139 });
    const { rules, height, bits } = await template(chain);
    expect({ rules, height, bits }).toMatchObject({ rules: expect.arrayContaining(["!segwit"]), height: 140, bits: "207fffff" });
  });

  test("refuses a template to a client that does not speak segwit", async () => {
    await expect(chain.rpc("getblocktemplate", [{ rules: [] }])).rejects.toThrow(/segwit/);
  });

  test("puts segwit transactions with fees into the mempool and into blocks", async () => {
    await expect.poll(async () => (await chain.rpc<string[]>("getrawmempool")).length, { timeout: 20_000 }).toBeGreaterThan(0);
    const [hash] = await chain.rpc<string[]>("generatetoaddress", [1, ADDRESS]);
    const block = await chain.rpc<{ tx: string[]; size: number; strippedsize: number }>("getblock", [hash]);
    expect(block.tx.length).toBeGreaterThan(1);
    expect(block.size).toBeGreaterThan(block.strippedsize);
  });

  test("answers a long poll when the tip changes", async () => {
    const before = await template(chain);
    const answer = template(chain, before.longpollid);
    await chain.rpc("generatetoaddress", [1, ADDRESS]);
    expect((await answer).height).toBe(before.height + 1);
  });

  test("reports a block that a longer branch replaced with -1 confirmations, as Bitcoin Core does", async () => {
    const height = await chain.rpc<number>("getblockcount");
    const [replaced] = await chain.rpc<string[]>("generatetoaddress", [1, ADDRESS]);
    expect(await chain.rpc("getblockheader", [replaced])).toMatchObject({ confirmations: 1 });
    const branch = await chain.rpc<string[]>("generateonheight", [height, 2, ADDRESS]);
    expect(await chain.rpc("getbestblockhash")).toBe(branch[1]);
    expect(await chain.rpc("getblockheader", [replaced])).toMatchObject({ confirmations: -1, height: height + 1 });
  });

  test("names why a submitted block is wrong, without bcoin's prefix", async () => {
    const hash = await chain.rpc<string>("getbestblockhash");
    const raw = await chain.rpc<string>("getblock", [hash, false]);
    expect(await chain.rpc("submitblock", [raw])).toBe("duplicate");
    expect(await chain.rpc("submitblock", [`${raw.slice(0, 8)}${"11".repeat(32)}${raw.slice(72)}`])).toMatch(/^(?!rejected: )./);
  });

  test("lets nobody in without the password", async () => {
    const response = await fetch(chain.url, {
      method: "POST",
      body: '{"method":"getblockcount"}',
      headers: { "content-type": "application/json" },
    });
    expect(response.status).toBe(401);
  });
});

describe("a chain on disk", () => {
  const root = mkdtempSync(join(tmpdir(), "otedama chain-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test("steps to the difficulty of the given hashrate, and retargets by Bitcoin's rule", async () => {
    // 30 blocks' worth of hashes a second mined in an instant: a window that took no time makes the next one four times as hard.
    const chain = await startChain({ dir: join(root, "retarget"), hashrate_hps: 8, block_interval_s: 2 });
    const first = await template(chain);
    expect(first).toMatchObject({ height: 140, bits: "20100000" });
    await chain.rpc("generatetoaddress", [20, ADDRESS]);
    expect(await template(chain)).toMatchObject({ height: 160, bits: "20040000" });
    await chain.stop();
  });

  test("spends the coins of its first blocks, which it has to find on disk", async () => {
    const chain = await startChain({ dir: join(root, "spending"), transactions: true, block_interval_s: 1 });
    await expect.poll(async () => (await chain.rpc<string[]>("getrawmempool")).length, { timeout: 20_000 }).toBeGreaterThan(0);
    await chain.stop();
  });

  test("keeps its blocks and its rules when it is killed outright", async () => {
    const dir = join(root, "killed");
    const first = await startChain({ dir, hashrate_hps: 8, block_interval_s: 2 });
    const [hash] = await first.rpc<string[]>("generatetoaddress", [1, ADDRESS]);
    process.kill(first.pid, "SIGKILL");
    await first.exited;
    const second = await startChain({ dir, hashrate_hps: 1e12, block_interval_s: 600 });
    expect(await second.rpc("getbestblockhash")).toBe(hash);
    expect(await template(second)).toMatchObject({ height: 141, bits: "20100000" });
    await second.stop();
  });

  test("says in one sentence what is wrong with its port", async () => {
    const first = await startChain();
    const port = Number(new URL(first.url).port);
    await expect(startChain({ port })).rejects.toThrow(`127.0.0.1:${port}`);
    await first.stop();
  });
});
