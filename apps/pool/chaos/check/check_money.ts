/** The ledger against what shares and chain say, to the satoshi; and the chain against what the ledger says was paid. */
import { scriptAddress } from "@otedama/shared";
import type { WorkerOf } from "./check_shares.ts";
import type { Evidence } from "./evidence.ts";
import { Recomputation } from "./recompute.ts";

export function checkMoney(evidence: Evidence, workerOf: WorkerOf): string[] {
  return [
    ...checkEntries(evidence),
    ...checkKeptBalances(evidence),
    ...checkBlocks(evidence),
    ...checkBalances(evidence, workerOf),
  ];
}

/** By kind and account, from the postings themselves. */
function sumPostings({ postings }: Evidence): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { kind, account_id, amount_sats } of postings) {
    const name = `${kind} ${account_id ?? ""}`;
    sums.set(name, (sums.get(name) ?? 0n) + amount_sats);
  }
  return sums;
}

function checkEntries({ postings }: Evidence): string[] {
  const entries = new Map<string, { name: string; sum: bigint }>();
  for (const { entry_id, cause, cause_key, amount_sats } of postings) {
    const entry = entries.get(entry_id) ?? { name: `${cause} ${cause_key}`, sum: 0n };
    entry.sum += amount_sats;
    entries.set(entry_id, entry);
  }
  const problems: string[] = [];
  const names = new Set<string>();
  for (const { name, sum } of entries.values()) {
    if (sum !== 0n) problems.push(`debits and credits of ${name} differ by ${sum} sats`);
    if (names.has(name)) problems.push(`${name} is booked twice`);
    names.add(name);
  }
  return problems;
}

function checkKeptBalances(evidence: Evidence): string[] {
  const sums = sumPostings(evidence);
  return evidence.balances.flatMap(({ kind, account_id, balance_sats }) => {
    const sum = sums.get(`${kind} ${account_id ?? ""}`) ?? 0n;
    return sum === balance_sats
      ? []
      : [`the balance of ${kind} ${account_id ?? ""} is kept as ${balance_sats} and is ${sum} sats`];
  });
}

function checkBlocks(evidence: Evidence): string[] {
  const { chain, blocks, known_blocks, shares, payout_script, maturity_confirmations, first_height } = evidence;
  const problems: string[] = [];
  const top = chain.at(-1)?.height ?? 0;
  const states = new Map(blocks.map(({ hash, state }) => [hash, state]));
  const found = new Set([...shares.values()].flatMap((log) => log.filter((share) => share.block).map((share) => share.hash)));
  const on_chain = new Map(chain.map((block) => [block.hash, block]));
  for (const [hash, known] of known_blocks)
    if (!known) problems.push(`block ${hash} was accepted from its miner, and no node has it`);
  for (const block of chain) {
    if (block.height < first_height) continue;
    const mine = block.transactions[0]?.outputs.some((output) => output.script_hex === payout_script) ?? false;
    const state = states.get(block.hash);
    if (mine && !found.has(block.hash)) problems.push(`block ${block.hash} pays the pool and is not in the share log`);
    if (mine && !state) problems.push(`block ${block.hash} of height ${block.height} pays the pool and is not in the database`);
    if (!mine && state) problems.push(`block ${block.hash} is the pool's and does not pay it`);
    if (!state) continue;
    const wanted = top - block.height + 1 >= maturity_confirmations ? "confirmed" : "pending";
    if (state !== wanted) problems.push(`block ${block.hash} of height ${block.height} is ${state} and should be ${wanted}`);
  }
  for (const { hash, state } of blocks) {
    if (!on_chain.has(hash) && state !== "orphaned" && state !== "rejected")
      problems.push(`block ${hash} is ${state} and is not in the chain`);
  }
  return problems;
}

function checkBalances(evidence: Evidence, workerOf: WorkerOf): string[] {
  const { accounts, chain, payout_script } = evidence;
  const expected = new Recomputation({
    ...evidence,
    ownerOf: workerOf,
    accountOf: (address) => accounts.get(address) ?? null,
    windowEnd: (hash, instance_id) => evidence.window_ends.get(`${hash} ${instance_id}`) ?? null,
  }).run();
  const { paid, fees_sats, problems } = readPayments(evidence);

  const sums = sumPostings(evidence);
  const compare = (kind: string, account_id: number | null, sats: bigint) => {
    const name = `${kind} ${account_id ?? ""}`;
    const booked = sums.get(name) ?? 0n;
    if (booked !== sats) problems.push(`${name.trim()} is booked as ${booked} sats, and shares and chain make ${sats}`);
    sums.delete(name);
  };
  for (const account_id of accounts.values()) {
    const earned = expected.earned.get(account_id) ?? 0n;
    const got = paid.get(account_id) ?? 0n;
    compare("miner_pending", account_id, expected.pending.get(account_id) ?? 0n);
    // Everything that was paid is settled by now, and the pool pays the network.
    compare("miner_available", account_id, earned - got);
    compare("miner_paying", account_id, 0n);
    compare("miner_paid", account_id, got);
  }
  const fee = (sums.get("fee_pending ") ?? 0n) + (sums.get("fee_available ") ?? 0n);
  if (fee !== expected.fee_sats - fees_sats)
    problems.push(`the pool's fee is booked as ${fee} sats, and shares and chain make ${expected.fee_sats - fees_sats}`);
  const reserve = (sums.get("reserve_pending ") ?? 0n) + (sums.get("reserve_available ") ?? 0n);
  if (reserve !== expected.reserve_sats)
    problems.push(`the reserve is booked as ${reserve} sats, and shares and chain make ${expected.reserve_sats}`);
  for (const name of ["fee_pending ", "fee_available ", "reserve_pending ", "reserve_available "]) sums.delete(name);
  compare("coinbase", null, -expected.coinbase_sats);
  compare("network_fee", null, fees_sats);
  for (const [name, sats] of sums)
    if (sats !== 0n) problems.push(`${name} is booked as ${sats} sats, and there should be nothing`);

  // What the wallet has is what blocks brought, less what went out.
  const outputs = new Set(chain.flatMap((block) => block.transactions.map((transaction) => transaction.txid)));
  for (const { state, txid, id } of evidence.batches) {
    if (state === "settled" && (txid === null || !outputs.has(txid)))
      problems.push(`batch ${id} is settled, and ${txid} is not in the chain`);
    if (state !== "settled" && state !== "cancelled") problems.push(`batch ${id} is ${state}`);
  }
  if (payout_script === "") problems.push("the pool pays nobody");
  return problems;
}

/** What the chain shows that the pool paid: every transaction that spends from its script must be a batch's, once. */
function readPayments({ chain, payout_script, accounts, batches }: Evidence): {
  paid: Map<number, bigint>;
  fees_sats: bigint;
  problems: string[];
} {
  const paid = new Map<number, bigint>();
  const problems: string[] = [];
  const values = new Map<string, { value_sats: bigint; mine: boolean }>();
  const batch_of = new Map(batches.flatMap(({ id, txid }) => (txid === null ? [] : [[txid, id] as const])));
  let fees_sats = 0n;
  for (const { transactions } of chain) {
    for (const [index, transaction] of transactions.entries()) {
      const spent = transaction.inputs.map(({ txid, vout }) => values.get(`${txid}:${vout}`));
      for (const [vout, { script_hex, value_sats }] of transaction.outputs.entries())
        values.set(`${transaction.txid}:${vout}`, { value_sats, mine: script_hex === payout_script });
      if (index === 0 || !spent.some((output) => output?.mine)) continue;
      if (!batch_of.delete(transaction.txid))
        problems.push(`${transaction.txid} pays from the pool's wallet and is no settled batch's`);
      const into = spent.reduce((sum, output) => sum + (output?.value_sats ?? 0n), 0n);
      fees_sats += into - transaction.outputs.reduce((sum, output) => sum + output.value_sats, 0n);
      for (const { script_hex, value_sats } of transaction.outputs) {
        if (script_hex === payout_script) continue;
        const address = scriptAddress(Buffer.from(script_hex, "hex"), "regtest");
        const account_id = address === null ? undefined : accounts.get(address);
        if (account_id === undefined)
          problems.push(`${transaction.txid} pays ${value_sats} sats to ${address}, who has no account`);
        else paid.set(account_id, (paid.get(account_id) ?? 0n) + value_sats);
      }
    }
  }
  return { paid, fees_sats, problems };
}
