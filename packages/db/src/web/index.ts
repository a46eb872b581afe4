/** The control plane's side of the database: read models (select → DTO), people and their tokens, and what the hub writes. */
export { getAccount, listBalances } from "./balances.ts";
export { getBlock, listBlocks } from "./blocks.ts";
export { isDatabaseAway, openWebDatabase, type Sql, type WebDatabase, type WebDatabaseOptions } from "./database.ts";
export { type AgentRow, type AgentSampleRow, deleteSamplesBefore, knownAgents, writeFleet } from "./fleet.ts";
export { accountHashrateSeries, frameOf, hashrateSeries, STEP_S, toSeries } from "./hashrate.ts";
export { explainAccount, getLedgerEntry, listLedger } from "./ledger.ts";
export { applySignedChange, findAccount, getMiner, minerSeries, readMinerSettings } from "./miners.ts";
export {
  createOwner,
  deleteExpired,
  endedSessions,
  ownerExists,
  type SetupRefusal,
  setupTokenIsGood,
  writeAudit,
} from "./people.ts";
export { getMinerReceipt, getReceipt, readReceiptShares } from "./receipts.ts";
export { getRig, listRigs, OFFLINE_AFTER_S, StoredHello } from "./rigs.ts";
export { searchEverything } from "./search.ts";
export { readStatistics, recentLuck, type StatisticsReading } from "./statistics.ts";
export { type PoolSummary, poolSummary } from "./summary.ts";
export {
  type AccessTokenKind,
  type AccessTokenRow,
  createAccessToken,
  createSetupToken,
  deadAccessTokens,
  findAccessToken,
  newToken,
  revokeAccessToken,
  tokenHash,
} from "./tokens.ts";
export { getWorker, listWorkers } from "./workers.ts";
