import { appendFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { averageFees } from "@otedama/shared/payouts";
import { startChain } from "@otedama/simulator/chain";
import { afterEach, describe, expect, test } from "vitest";
import { readRawBlock } from "../src/payouts/batches/raw_block.ts";
import { AverageFees } from "../src/work/average_fees.ts";
import { type JobFacts, JobLog } from "../src/work/job_log.ts";
import { subsidySats } from "../src/work/reward.ts";
import { RpcClient } from "../src/work/rpc.ts";
import { POOL_ADDRESS } from "./support/pool_settings.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "otedama-jobs-"));
  folders.push(dir);
  return dir;
}

function job(job_number: number, change: Partial<JobFacts> = {}): JobFacts {
  const worth = { subsidy_sats: 312_500_000n, average_fees_sats: 7n };
  return { job_number, height: 100 + job_number, nbits: 0x1d00ffff, policy_version: 3, at_ms: 5, ...worth, ...change };
}

const noTrouble = {
  onTrouble: (error: Error) => {
    throw error;
  },
};

describe("the job log", () => {
  test("is there after the process is gone, whole lines of it", () => {
    const dir = folder();
    const first = new JobLog({ dir, instance_id: "a" }, noTrouble);
    first.append(job(1));
    first.append(job(2, { policy_version: null }));
    // Killed in the middle of a line: nothing was closed.
    appendFileSync(join(dir, readdirSync(dir)[0] as string), '{"job_number":3,"hei');
    const second = new JobLog({ dir, instance_id: "a" }, noTrouble);
    expect([second.of(1), second.of(2)]).toEqual([job(1), job(2, { policy_version: null })]);
    // A share of a job whose line is lost counts by the one before it.
    expect(second.of(3)).toEqual(job(2, { policy_version: null }));
    expect(second.of(0)).toBeNull();
    expect(new JobLog({ dir, instance_id: "b" }, noTrouble).of(2)).toBeNull();
    first.close();
  });

  test("knows the jobs of the process that it took over from", () => {
    const dir = folder();
    const older = new JobLog({ dir, instance_id: "a" }, noTrouble);
    older.append(job(1));
    const newer = new JobLog({ dir, instance_id: "a" }, noTrouble);
    older.append(job(2));
    expect(newer.of(2)).toEqual(job(2));
    newer.append(job(1001));
    expect([newer.of(2), newer.of(1000), newer.of(1001)].map((facts) => facts?.job_number)).toEqual([2, 2, 1001]);
    older.close();
    newer.close();
  });

  test("keeps a bounded number of files", () => {
    const dir = folder();
    const log = new JobLog({ dir, instance_id: "a", lines_per_file: 3, files_kept: 2 }, noTrouble);
    for (let number = 1; number <= 20; number++) log.append(job(number));
    log.close();
    expect(readdirSync(dir).sort()).toEqual(["a.0000000016.jobs", "a.0000000019.jobs"]);
    const after = new JobLog({ dir, instance_id: "a", lines_per_file: 3, files_kept: 2 }, noTrouble);
    expect([after.of(15), after.of(16)?.job_number, after.of(20)?.job_number]).toEqual([null, 16, 20]);
  });
});

describe("average fees", () => {
  test("are read off a node's blocks, whether it knows getblockstats or not, and kept while it is away", async () => {
    const chain = await startChain();
    try {
      const { url, user, password } = chain;
      const rpc = new RpcClient({ url, user, password });
      await chain.rpc("generatetoaddress", [30, POOL_ADDRESS]);
      const tip = await chain.rpc<number>("getblockcount");
      let asked: { rpc: RpcClient } | null = { rpc };
      const subsidy = (height: number) => subsidySats(height, 150);
      const fees = new AverageFees({ node: () => asked, subsidy_sats: subsidy, ...noTrouble });
      await fees.read(tip + 1);
      // Known as soon as the tip before it is there, and nothing but what its blocks paid above their subsidy.
      const paid: bigint[] = [];
      for (let height = 1; height <= tip - 6; height++) {
        const hash = await chain.rpc<string>("getblockhash", [height]);
        const [coinbase] = readRawBlock(Buffer.from(await chain.rpc<string>("getblock", [hash, 0]), "hex")).transactions;
        paid.push((coinbase?.outputs ?? []).reduce((sum, output) => sum + output.value_sats, 0n) - subsidy(height));
      }
      const known = fees.of(tip + 1);
      expect(known).toBe(averageFees(paid.slice(-144)));
      asked = null;
      expect(fees.of(tip + 1)).toBe(known);
      expect(fees.of(tip + 20)).toBe(known);
      rpc.close();
    } finally {
      await chain.stop();
    }
  });

  test("are the mean of the 144 blocks that lie deep enough", async () => {
    const calls: number[] = [];
    const call = async (_method: string, [height]: [number]) => {
      calls.push(height);
      return { totalfee: height, subsidy: 1 };
    };
    const node = { rpc: { call } } as unknown as { rpc: RpcClient };
    const fees = new AverageFees({ node: () => node, subsidy_sats: () => 1n, ...noTrouble });
    expect(fees.of(1000)).toBe(0n);
    await fees.read(1000);
    expect(fees.of(1000)).toBe(BigInt(Math.floor((850 + 993) / 2)));
    // The next height's newest block is read ahead of its tip, and nothing is read twice.
    expect(fees.of(1001)).toBe(BigInt(Math.floor((851 + 994) / 2)));
    await fees.read(1001);
    expect(calls.length).toBe(146);
  });
});
