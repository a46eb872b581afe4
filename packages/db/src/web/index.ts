/** The control plane's side of the database: read models (select → DTO), people and their tokens, and what the hub writes. */
export {
  API_KEY_PREFIX,
  API_KEYS_PER_PERSON_MAX,
  type ApiKeyRow,
  createApiKey,
  findApiKey,
  listApiKeys,
  revokeApiKey,
  touchApiKey,
} from "./api_keys.ts";
export { type Actor, type AuditLine, auditChoices, auditLine, countAudit, listAudit, writeAudit } from "./audit.ts";
export { getAccount, listBalances } from "./balances.ts";
export { getBlock, listBlocks, listCredits } from "./blocks.ts";
export { accountOfAddress, listCorrectionsNamed } from "./corrections.ts";
export { isDatabaseAway, openWebDatabase, type Sql, type WebDatabase, type WebDatabaseOptions } from "./database.ts";
export * from "./fleet/index.ts";
export { accountHashrateSeries, frameOf, hashrateSeries, STEP_S, toSeries } from "./hashrate.ts";
export { acceptInvite, createInvite, inviteOffer, revokeInvite } from "./invites.ts";
export { explainAccount, getLedgerEntry, listLedger, listLedgerSums } from "./ledger.ts";
export {
  type ClaimedMinerDelivery,
  claimMinerDeliveries,
  confirmMinerChannel,
  MINER_NOTICES_PER_DAY_MAX,
  routeMinerNotices,
  stopDeadMinerChannel,
  stopMinerChannel,
  writeOfflineWorkers,
} from "./miner_notices.ts";
export { applySignedChange, EMAILS_PER_DAY_MAX, type MailFact, readMinerSettings, TooManyEmailsError } from "./miner_settings.ts";
export { findAccount, getMiner, minerSeries } from "./miners.ts";
export {
  type ClaimedDelivery,
  changeNoticeChannel,
  claimDeliveries,
  createNoticeChannel,
  deleteOldNotices,
  finishDelivery,
  getNoticeChannel,
  type LiveNotice,
  listDeliveries,
  listNoticeChannels,
  NOTICE_CHANNELS_MAX,
  type NoticeChannelRow,
  openNoticeChannels,
  removeNoticeChannel,
  retryDeliveries,
  routeNotices,
  writeNotice,
} from "./notices.ts";
export {
  createOwner,
  deleteExpired,
  endedSessions,
  ownerExists,
  type SetupRefusal,
  setupTokenIsGood,
} from "./people.ts";
export {
  agentOfToken,
  agentSeenAt,
  endOrphanedRuns,
  forgetHostKey,
  getProvisionRun,
  type HostKeyPin,
  hostKeyPins,
  listHostKeyPins,
  listProvisionRuns,
  listSites,
  type NewHostKeyPin,
  openProvisionRun,
  pinHostKeys,
  startProvisionRun,
  storeProvisionRun,
} from "./provision.ts";
export { getMinerReceipt, getReceipt, readReceiptShares } from "./receipts.ts";
export { listChannels, setSiteChannel } from "./releases/channels.ts";
export { ReleaseError, type ReleaseErrorCode } from "./releases/release_error.ts";
export {
  findAgentKey,
  getSignedRelease,
  insertRelease,
  listReleases,
  type NewRelease,
  newestRelease,
  releaseFileBytes,
  retireReleaseFiles,
} from "./releases/releases.ts";
export { type RolloutStep, settleLateRigs, stepRolloutAfter, updateLateRigs } from "./releases/rollout_steps.ts";
export { previewRollout, rollBackRollout, startRollout, steerRollout } from "./releases/rollouts.ts";
export { listRollouts } from "./releases/rollouts_list.ts";
export { readReserveRisk } from "./reserve_risk.ts";
export { countRigs, getRig, listRigs, mapRigs, OFFLINE_AFTER_S, StoredHello } from "./rigs.ts";
export {
  changeRole,
  disablePerson,
  enablePerson,
  listPeople,
  type PersonRefusal,
  resetSecondFactor,
  setSecondFactorFor,
} from "./roles.ts";
export { searchEverything } from "./search.ts";
export {
  confirmSecondFactor,
  countBackupCodes,
  countWrongCode,
  getSecondFactor,
  offerSecondFactor,
  removeSecondFactor,
  replaceBackupCodes,
  SECOND_FACTOR_FAILURES_MAX,
  SECOND_FACTOR_LOCK_S,
  spendBackupCode,
  spendStep,
} from "./second_factors.ts";
export { changePassword, endSession, endSessions, listSessions, passwordHash, touchSession } from "./sessions.ts";
export { personStanding, type Standing } from "./standing.ts";
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
