/**
 * The whole stack under faults, in short: a run without any, whose books the checker must find right and in which it must find every error that
 * is planted; and a run with one fault of each kind. `npm run test:chaos` does the same for longer and by other seeds.
 */
import type { Database } from "@otedama/db/pool";
import { expect, test } from "vitest";
import { check } from "../chaos/check/check.ts";
import { type Evidence, readDatabase } from "../chaos/check/evidence.ts";
import { type RunResult, run } from "../chaos/run.ts";
import { FAULT_KINDS, makeScenario } from "../chaos/schedule.ts";

const TIMEOUT_MS = 600_000;
const AGAIN = "npm run test:chaos -- --runs 1 --seed 7 --seconds 8 --every-ms 800 --pools 1";

/** Changes a copy of what a run left behind, and says what the checker makes of it. */
function planted(evidence: Evidence, plant: (copy: Evidence) => void): string {
  const copy = structuredClone(evidence);
  plant(copy);
  return check(copy).join("\n");
}

/** Writes into the database as nobody may: the triggers that refuse it are taken off. */
async function tamper(database: Database, table: string, ...statements: string[]): Promise<void> {
  await database.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
  for (const statement of statements) expect((await database.query(statement)).rowCount).toBe(1);
}

function first<T>(items: Iterable<T>, wanted: (item: T) => boolean = () => true): T {
  for (const item of items) if (wanted(item)) return item;
  throw new Error("the run has none of these");
}

test("without a fault the books are right, and no planted error goes unseen", { timeout: TIMEOUT_MS }, async () => {
  const scenario = makeScenario({ seed: 11, duration_ms: 2_000, kinds: [], every_ms: 1_000, instances_max: 1, scheme: "pplns" });
  const result: RunResult = await run(
    { ...scenario, blocks_min: 4, pplns_window: 8 },
    {
      web: false,
      inspect: async (stack, evidence) => {
        const read = async () => check({ ...evidence, ...(await readDatabase(stack.database)) }).join("\n");
        expect(await read()).toBe("");
        // One satoshi from one miner to another, each entry still in balance.
        const credits = `ledger_posting p JOIN ledger_account l ON l.id = p.ledger_account_id
          WHERE l.kind = 'miner_pending' AND p.amount_sats > 1`;
        const entry = `(SELECT p.entry_id FROM ${credits} GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1)`;
        const move = (sats: number, order: string) => `UPDATE ledger_posting SET amount_sats = amount_sats + ${sats}
          WHERE ctid = (SELECT p.ctid FROM ${credits} AND p.entry_id = ${entry} ORDER BY l.account_id ${order} LIMIT 1)`;
        await tamper(stack.database, "ledger_posting", move(1, "ASC"), move(-1, "DESC"));
        expect(await read()).toMatch(/miner_pending \d+ is booked as/);
        await tamper(stack.database, "ledger_posting", move(-1, "ASC"), move(1, "DESC"));
        expect(await read()).toBe("");
        const bucket = "(SELECT ctid FROM share_bucket WHERE accepted > 0 LIMIT 1)";
        await tamper(stack.database, "share_bucket", `UPDATE share_bucket SET accepted = accepted + 1 WHERE ctid = ${bucket}`);
        expect(await read()).toMatch(/the buckets of worker \d+ hold \d+ shares, and its log/);
      },
    },
  );
  expect(result.problems).toEqual([]);
  expect(result.shares.accepted).toBeGreaterThan(10);
  expect(result.blocks.in_chain).toBeGreaterThan(0);
  expect(result.payouts.paid_sats).toBeGreaterThan(0n);

  const { evidence } = result;
  const log = (copy: Evidence) => first(copy.shares.values());
  const find = (plant: (copy: Evidence) => void) => expect(planted(evidence, plant));
  find(() => {}).toBe("");
  find((copy) => log(copy).splice(log(copy).indexOf(first(log(copy), (share) => share.result === "accepted")), 1)).toMatch(
    /was accepted and is not in the log/,
  );
  find((copy) => log(copy).push({ ...first(log(copy), (share) => share.result === "accepted") })).toMatch(
    /is in the log 2 times/,
  );
  find((copy) => {
    first(log(copy), (share) => share.result === "accepted").difficulty *= 2;
  }).toMatch(/hold a work of/);
  find((copy) => {
    first(copy.worker_counts).counts.accepted += 1;
  }).toMatch(/has \d+ accepted shares, and its log/);
  find((copy) => {
    first(copy.postings).amount_sats += 1n;
  }).toMatch(/debits and credits of .* differ by 1 sats/);
  find((copy) => {
    const { entry_id } = first(copy.postings, ({ cause }) => cause === "block_credit");
    const again = copy.postings.filter((posting) => posting.entry_id === entry_id);
    copy.postings.push(...again.map((posting) => ({ ...posting, entry_id: "again" })));
  }).toMatch(/block_credit [0-9a-f]{64} is booked twice/);
  find((copy) => {
    first(copy.balances).balance_sats += 1n;
  }).toMatch(/is kept as/);
  find((copy) => copy.blocks.splice(0, 1)).toMatch(/pays the pool and is not in the database/);
  find((copy) => {
    first(copy.blocks, ({ state }) => state === "confirmed").state = "orphaned";
  }).toMatch(/is orphaned and should be confirmed/);
  find((copy) => {
    for (const hash of copy.known_blocks.keys()) copy.known_blocks.set(hash, false);
  }).toMatch(/was accepted from its miner, and no node has it/);
  find((copy) => {
    const { txid } = first(copy.batches, ({ state }) => state === "settled");
    const transactions = copy.chain.flatMap((block) => block.transactions);
    const paid = first(transactions, (transaction) => transaction.txid === txid);
    copy.chain.at(-1)?.transactions.push(structuredClone(paid));
  }).toMatch(/pays from the pool's wallet and is no settled batch's/);
  find((copy) => {
    first(copy.policies.values()).fee_percent.pplns += 0.001;
  }).toMatch(/the pool's fee is booked as/);
});

test("with a fault of every kind each share counts once and each satoshi goes where it belongs", {
  timeout: TIMEOUT_MS,
}, async () => {
  const scenario = makeScenario({ seed: 7, duration_ms: 8_000, kinds: FAULT_KINDS, every_ms: 800, instances_max: 1 });
  const result = await run(scenario, {});
  expect(result.problems, AGAIN).toEqual([]);
  for (const [kind, why] of result.impossible) process.stdout.write(`not tried: ${kind}: ${why}\n`);
  const made = FAULT_KINDS.filter((kind) => (result.made.get(kind) ?? 0) > 0);
  expect(made).toEqual(FAULT_KINDS.filter((kind) => !result.impossible.has(kind)));
  expect(result.shares.accepted).toBeGreaterThan(10);
});

test("a seed makes one schedule, and each kind has its turn before any comes again", () => {
  const options = { duration_ms: 30_000, kinds: FAULT_KINDS, every_ms: 1_500, instances_max: 2 };
  for (let seed = 0; seed < 200; seed++) {
    const scenario = makeScenario({ ...options, seed });
    expect(makeScenario({ ...options, seed })).toEqual(scenario);
    expect(scenario.faults).toHaveLength(20);
    expect(new Set(scenario.faults.slice(0, FAULT_KINDS.length).map(({ kind }) => kind)).size).toBe(FAULT_KINDS.length);
    const times = scenario.faults.map(({ at_ms }) => at_ms);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    for (const fault of scenario.faults) {
      if ("instance" in fault) expect(fault.instance).toBeLessThan(scenario.instances);
      if (fault.kind === "reorganisation") expect(fault.depth).toBeLessThanOrEqual(6);
    }
  }
  const depths = Array.from({ length: 200 }, (_, seed) => makeScenario({ ...options, seed })).flatMap(({ faults }) =>
    faults.flatMap((fault) => (fault.kind === "reorganisation" ? [fault.depth] : [])),
  );
  expect(new Set(depths).size).toBe(6);
});
