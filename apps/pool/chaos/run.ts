/** One run: a stack, miners and an accountant at work, faults, an end, and the checker's verdict. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { check } from "./check/check.ts";
import { collectEvidence, type Evidence, type LocalWorker, readLocalWorkers } from "./check/evidence.ts";
import { Injector } from "./faults/injector.ts";
import { Random } from "./random.ts";
import type { Fault, FaultKind, Scenario } from "./schedule.ts";
import { Settler } from "./settle.ts";
import { Accountant } from "./stack/accountant.ts";
import { Miner } from "./stack/miners.ts";
import { MINERS } from "./stack/policy.ts";
import { Stack } from "./stack/stack.ts";

export interface RunResult {
  problems: string[];
  evidence: Evidence;
  made: Map<FaultKind, number>;
  impossible: Map<string, string>;
  depths: number[];
  shares: { sent: number; accepted: number; unanswered: number };
  blocks: { in_chain: number; orphaned: number };
  payouts: { batches: number; paid_sats: bigint };
  accountant_failures: number;
  took_ms: { start: number; faults: number; settle: number; check: number };
}

export interface RunDependencies {
  onFault?: (fault: Fault, note: string) => void;
  onPoolLine?: (instance_id: string, line: string) => void;
  /** False leaves the dashboard out; payouts are then planned and approved by the functions behind it. */
  web?: boolean;
  /** Looks at the stack before it is put away. */
  inspect?: (stack: Stack, evidence: Evidence) => Promise<void>;
}

/** Coinbases can be spent a hundred blocks later. */
const RIPE_BLOCKS = 101;
const WAIT_MS = 180_000;

export async function run(scenario: Scenario, dependencies: RunDependencies): Promise<RunResult> {
  const problems: string[] = [];
  const took = { start: 0, faults: 0, settle: 0, check: 0 };
  let at = performance.now();
  const lap = () => {
    const now = performance.now();
    const ms = Math.round(now - at);
    at = now;
    return ms;
  };
  const onProblem = (message: string) => problems.push(message);
  const unwritten = new Map<string, Set<string>>();
  const onPoolLine = (instance_id: string, line: string) => {
    dependencies.onPoolLine?.(instance_id, line);
    if (!line.includes("cannot be written to disk")) return;
    const hashes = unwritten.get(instance_id) ?? new Set();
    unwritten.set(instance_id, hashes.add((JSON.parse(line) as { hash: string }).hash));
  };
  const stack = await Stack.start({ scenario, onProblem, onPoolLine, web: dependencies.web ?? true });
  const miners: Miner[] = [];
  let accountant: Accountant | null = null;
  let watching: NodeJS.Timeout | null = null;
  try {
    accountant = new Accountant({
      origin: stack.web ? `http://127.0.0.1:${stack.web_port}` : null,
      database: stack.database,
    });
    const [first_height] = await Promise.all([fillWallet(stack), accountant.signUp()]);
    const random = new Random(scenario.seed ^ 0x5eed);
    for (const [index, identity] of MINERS.entries()) {
      const place = () => stack.pools[index % stack.pools.length];
      miners.push(
        new Miner(identity, { port: () => place()?.stratum_port ?? 0, random: new Random(random.between(0, 2 ** 31)) }),
      );
    }
    const locals = new Map<string, LocalWorker>();
    const remember = () => {
      for (const { data_dir, instance_id } of stack.pools)
        for (const local of readLocalWorkers(data_dir, instance_id)) locals.set(`${instance_id} ${local.id}`, local);
    };
    watching = setInterval(remember, 100);
    for (const miner of miners) miner.start();
    accountant.start();
    took.start = lap();

    const injector = new Injector({
      stack,
      onFault: (fault, note) => dependencies.onFault?.(fault, note),
      unwritten: (instance_id, data_dir) =>
        [...(unwritten.get(instance_id) ?? [])].filter((hash) => !existsSync(join(data_dir, "blocks", `${hash}.json`))).length,
    });
    await Promise.all([injector.run(scenario.faults), new Promise((resolve) => setTimeout(resolve, scenario.duration_ms))]);
    await waitFor(stack, "SELECT count(*)::int AS n FROM block WHERE state <> 'orphaned'", scenario.blocks_min);
    took.faults = lap();

    await Promise.all(miners.map((miner) => miner.stop()));
    problems.push(...(await new Settler({ stack, accountant }).settle()));
    remember();
    took.settle = lap();
    const sent = miners.flatMap((miner) => miner.sent);
    const evidence = await collectEvidence({
      stack,
      sent,
      wrongly_accepted: miners.flatMap((miner) => miner.wrongly_accepted),
      local_workers: [...locals.values()],
      maturity_confirmations: scenario.maturity_confirmations,
      first_height,
    });
    problems.push(...check(evidence));
    await dependencies.inspect?.(stack, evidence);
    took.check = lap();
    const paid = evidence.postings.filter(({ kind }) => kind === "miner_paid");
    return {
      problems,
      evidence,
      made: injector.made,
      impossible: stack.impossible,
      depths: injector.depths,
      shares: {
        sent: sent.length,
        accepted: sent.filter(({ told }) => told === "accepted").length,
        unanswered: sent.filter(({ told }) => told === "unanswered").length,
      },
      blocks: {
        in_chain: evidence.blocks.filter(({ state }) => state === "confirmed").length,
        orphaned: evidence.blocks.filter(({ state }) => state === "orphaned").length,
      },
      payouts: { batches: evidence.batches.length, paid_sats: paid.reduce((sum, { amount_sats }) => sum + amount_sats, 0n) },
      accountant_failures: accountant.failed,
      took_ms: took,
    };
  } finally {
    if (watching) clearInterval(watching);
    await Promise.all(miners.map((miner) => miner.stop()));
    await accountant?.stop();
    await stack.stop();
  }
}

/** Blocks that pay the pool, deep enough to be spent, seen by it as they come. Answers with the height from which on blocks are its own. */
async function fillWallet(stack: Stack): Promise<number> {
  await waitFor(stack, "SELECT count(*)::int AS n FROM wallet_block", 1);
  await stack.chain.mine(RIPE_BLOCKS, stack.payout_address);
  await waitFor(stack, "SELECT count(*)::int AS n FROM wallet_output", RIPE_BLOCKS);
  return (await stack.chain.height()) + 1;
}

/** Until a count in the database has come that far. */
async function waitFor(stack: Stack, sql: string, wanted: number): Promise<void> {
  const end = performance.now() + WAIT_MS;
  for (;;) {
    const { rows } = await stack.database.query<{ n: number }>(sql);
    const count = rows[0]?.n ?? 0;
    if (count >= wanted) return;
    if (performance.now() > end) throw new Error(`${sql}: ${count} of ${wanted}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
