/** The pages of money, of people and of one miner: what they ask of the database. */
import {
  dryRunPayouts,
  explainAccount as explainPayouts,
  listBatches,
  listHolds,
  listPayments,
  listPayoutHistory,
  readBatch,
  readPayoutSummary,
} from "../payouts/index.ts";
import { listPolicies } from "../pool/index.ts";
import {
  auditChoices,
  countAudit,
  findApiKey,
  getLedgerEntry,
  getMiner,
  getMinerReceipt,
  listAudit,
  listCorrectionsNamed,
  listCredits,
  listDeliveries,
  listLedger,
  listNoticeChannels,
  listPeople,
  minerSeries,
  readReceiptShares,
  readReserveRisk,
  type Sql,
} from "../web/index.ts";
import { of, PAGE_SIZE, type Page, type PageSubjects, WINDOWS } from "./page.ts";

/** What the bench's accounts are payable on. */
const NETWORK = "main";

export function moneyPagesOf(subjects: PageSubjects): Page[] {
  const { now_ms, accounts, blocks, batches, entries } = subjects;
  const ledger = (sql: Sql, query: Partial<Parameters<typeof listLedger>[1]>) =>
    listLedger(sql, { address: "", cause: null, from_ms: null, to_ms: null, page: 1, page_size: PAGE_SIZE, ...query });
  const audit = { actor: null, action: null, q: "", from_ms: null, to_ms: null, before_id: null, page_size: PAGE_SIZE };
  const live = { pool_hashrate_hps: 1e15, network_difficulty: 1e12, reward_sats: 312_500_000, fees_sats: 1_000_000 };
  return [
    { name: "payouts, head", run: (sql) => readPayoutSummary(sql, { network: NETWORK }) },
    { name: "payouts, due", run: (sql) => dryRunPayouts(sql, { network: NETWORK }) },
    {
      name: "payouts, due, some left out",
      run: (sql) => dryRunPayouts(sql, { network: NETWORK, excluded_account_ids: accounts.map((account) => account.id) }),
    },
    { name: "payouts, batches", run: (sql, round) => listBatches(sql, { page: 1 + (round % 2), page_size: PAGE_SIZE }) },
    { name: "payouts, batch", run: (sql, round) => readBatch(sql, of(batches, round)) },
    {
      name: "payouts, payments",
      run: (sql, round) => listPayments(sql, { q: "", page: 1 + (round % 3) * 100, page_size: PAGE_SIZE }),
    },
    {
      name: "payouts, payments, search",
      run: (sql, round) =>
        listPayments(sql, { q: of(accounts, round).address.slice(0, round % 2 === 0 ? 42 : 6), page: 1, page_size: PAGE_SIZE }),
    },
    { name: "payouts, holds", run: (sql) => listHolds(sql) },
    {
      name: "payouts, account",
      run: (sql, round) => explainPayouts(sql, { account_id: of(accounts, round).id, network: NETWORK }),
    },
    { name: "payouts, export (first 1,000)", run: (sql) => listPayoutHistory(sql, { limit: 1_000 }) },
    { name: "ledger", run: (sql, round) => ledger(sql, { page: 1 + (round % 3) * 20 }) },
    { name: "ledger of an account", run: (sql, round) => ledger(sql, { address: of(accounts, round).address }) },
    { name: "ledger by cause", run: (sql, round) => ledger(sql, { cause: round % 2 === 0 ? "block_mature" : "payout" }) },
    { name: "ledger of a week", run: (sql) => ledger(sql, { from_ms: now_ms - 7 * 86_400_000, to_ms: now_ms }) },
    { name: "ledger entry", run: (sql, round) => getLedgerEntry(sql, of(entries, round)) },
    { name: "corrections", run: (sql) => listCorrectionsNamed(sql, 100) },
    { name: "block's credits, page", run: (sql, round) => listCredits(sql, of(blocks, round), 1 + (round % 4)) },
    { name: "reserve and risk", run: (sql) => readReserveRisk(sql, live, { fee_percent: null, orphan_percent: null }) },
    { name: "pool settings", run: (sql) => listPolicies(sql, 50) },
    { name: "notices, channels", run: (sql) => listNoticeChannels(sql) },
    {
      name: "notices, deliveries",
      run: (sql, round) =>
        listDeliveries(sql, { state: round % 2 === 0 ? null : "dead", channel_id: null, page: 1, page_size: PAGE_SIZE }),
    },
    { name: "audit log", run: (sql) => listAudit(sql, audit) },
    {
      name: "audit log, search",
      run: (sql, round) => listAudit(sql, { ...audit, q: `payout_batch:${round % 20}`, action: "payout" }),
    },
    { name: "audit log, choices", run: (sql) => auditChoices(sql) },
    { name: "audit log, count", run: (sql) => countAudit(sql, audit, 100_000) },
    { name: "people", run: (sql) => listPeople(sql) },
    { name: "API key", run: (sql) => findApiKey(sql, "no such key") },
    { name: "miner's page", run: (sql, round) => getMiner(sql, of(accounts, round).address, now_ms, { email_ready: false }) },
    ...WINDOWS.map(
      (window): Page => ({
        name: `miner's chart, ${window}`,
        run: (sql, round) => minerSeries(sql, of(accounts, round).address, window, now_ms),
      }),
    ),
    {
      name: "miner's receipt",
      run: (sql, round) => getMinerReceipt(sql, of(accounts, round).id, of(blocks, round)),
    },
    {
      name: "miner's shares in a receipt",
      run: (sql, round) => readReceiptShares(sql, of(accounts, round).id, of(blocks, round), false, 0),
    },
  ];
}
