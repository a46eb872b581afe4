/** The control plane's procedures by noun and verb; each file says what it takes, what it answers and who may call it. */
import { choices as auditChoices } from "./audit/choices.ts";
import { list as auditList } from "./audit/list.ts";
import { get as balancesGet } from "./balances/get.ts";
import { list as balancesList } from "./balances/list.ts";
import { credits as blocksCredits } from "./blocks/credits.ts";
import { get as blocksGet } from "./blocks/get.ts";
import { list as blocksList } from "./blocks/list.ts";
import { get as bulksGet } from "./bulks/get.ts";
import { issue as bulksIssue } from "./bulks/issue.ts";
import { list as bulksList } from "./bulks/list.ts";
import { cancel as bulksCancel, pause as bulksPause, resume as bulksResume } from "./bulks/steer.ts";
import { cancel as commandsCancel } from "./commands/cancel.ts";
import { issue as commandsIssue } from "./commands/issue.ts";
import { list as commandsList } from "./commands/list.ts";
import { createTokens } from "./enrolment/create_tokens.ts";
import { revokeToken } from "./enrolment/revoke_token.ts";
import { tokens } from "./enrolment/tokens.ts";
import { accept as invitesAccept } from "./invites/accept.ts";
import { look as invitesLook } from "./invites/look.ts";
import { approveCorrection as ledgerApproveCorrection } from "./ledger/approve_correction.ts";
import { correct as ledgerCorrect } from "./ledger/correct.ts";
import { corrections as ledgerCorrections } from "./ledger/corrections.ts";
import { get as ledgerGet } from "./ledger/get.ts";
import { list as ledgerList } from "./ledger/list.ts";
import { refuseCorrection as ledgerRefuseCorrection } from "./ledger/refuse_correction.ts";
import { apiKeys, backupCodesLeft } from "./me/api_keys.ts";
import { changePassword } from "./me/change_password.ts";
import { confirmSecondFactor } from "./me/confirm_second_factor.ts";
import { createApiKey } from "./me/create_api_key.ts";
import { endOtherSessions } from "./me/end_other_sessions.ts";
import { endSession } from "./me/end_session.ts";
import { get as meGet } from "./me/get.ts";
import { newBackupCodes } from "./me/new_backup_codes.ts";
import { offerSecondFactor } from "./me/offer_second_factor.ts";
import { removeSecondFactor } from "./me/remove_second_factor.ts";
import { revokeApiKey } from "./me/revoke_api_key.ts";
import { sessions } from "./me/sessions.ts";
import { list as nodesList } from "./nodes/list.ts";
import { changeChannel } from "./notices/change_channel.ts";
import { createChannel } from "./notices/create_channel.ts";
import { deliveries } from "./notices/deliveries.ts";
import { get as noticesGet } from "./notices/get.ts";
import { removeChannel } from "./notices/remove_channel.ts";
import { retry as retryNotices } from "./notices/retry.ts";
import { testChannel } from "./notices/test_channel.ts";
import { get as overviewGet } from "./overview/get.ts";
import { account as payoutsAccount } from "./payouts/account.ts";
import { approve as payoutsApprove } from "./payouts/approve.ts";
import { batch as payoutsBatch } from "./payouts/batch.ts";
import { batches as payoutsBatches } from "./payouts/batches.ts";
import { bump as payoutsBump } from "./payouts/bump.ts";
import { cancel as payoutsCancel } from "./payouts/cancel.ts";
import { create as payoutsCreate } from "./payouts/create.ts";
import { download as payoutsDownload } from "./payouts/download.ts";
import { exclude as payoutsExclude } from "./payouts/exclude.ts";
import { hold as payoutsHold } from "./payouts/hold.ts";
import { holds as payoutsHolds } from "./payouts/holds.ts";
import { payments as payoutsPayments } from "./payouts/payments.ts";
import { plan as payoutsPlan } from "./payouts/plan.ts";
import { release as payoutsRelease } from "./payouts/release.ts";
import { resume as payoutsResume } from "./payouts/resume.ts";
import { summary as payoutsSummary } from "./payouts/summary.ts";
import { upload as payoutsUpload } from "./payouts/upload.ts";
import { changeRole } from "./people/change_role.ts";
import { disable as peopleDisable } from "./people/disable.ts";
import { enable as peopleEnable } from "./people/enable.ts";
import { invite } from "./people/invite.ts";
import { list as peopleList } from "./people/list.ts";
import { resetSecondFactor } from "./people/reset_second_factor.ts";
import { revokeInvite } from "./people/revoke_invite.ts";
import { setAccessRule } from "./people/set_access_rule.ts";
import { signOut as peopleSignOut } from "./people/sign_out.ts";
import { change as placesChange } from "./places/change.ts";
import { changeMembers } from "./places/change_members.ts";
import { create as placesCreate } from "./places/create.ts";
import { list as placesList } from "./places/list.ts";
import { remove as placesRemove } from "./places/remove.ts";
import { change as policyChange } from "./policy/change.ts";
import { get as policyGet } from "./policy/get.ts";
import { history as policyHistory } from "./policy/history.ts";
import { risk as policyRisk } from "./policy/risk.ts";
import { series as poolSeries } from "./pool/series.ts";
import { createCallerFactory, router } from "./procedure.ts";
import { begin as provisionBegin } from "./provision/begin.ts";
import { check as provisionCheck } from "./provision/check.ts";
import { confirmKeys } from "./provision/confirm_keys.ts";
import { end as provisionEnd } from "./provision/end.ts";
import { forgetPin } from "./provision/forget_pin.ts";
import { get as provisionGet } from "./provision/get.ts";
import { importKnownHosts } from "./provision/import_known_hosts.ts";
import { log as provisionLog } from "./provision/log.ts";
import { open as provisionOpen } from "./provision/open.ts";
import { overview as provisionOverview } from "./provision/overview.ts";
import { build as releasesBuild } from "./releases/build.ts";
import { channels as releasesChannels } from "./releases/channels.ts";
import { list as releasesList } from "./releases/list.ts";
import { publish as releasesPublish } from "./releases/publish.ts";
import { setSiteChannel } from "./releases/set_site_channel.ts";
import { counts as rigsCounts } from "./rigs/counts.ts";
import { get as rigsGet } from "./rigs/get.ts";
import { list as rigsList } from "./rigs/list.ts";
import { map as rigsMap } from "./rigs/map.ts";
import { place as rigsPlace } from "./rigs/place.ts";
import { preview as rigsPreview } from "./rigs/preview.ts";
import { retire as rigsRetire } from "./rigs/retire.ts";
import { list as rolloutsList } from "./rollouts/list.ts";
import { preview as rolloutsPreview } from "./rollouts/preview.ts";
import { rollBack as rolloutsRollBack } from "./rollouts/roll_back.ts";
import { start as rolloutsStart } from "./rollouts/start.ts";
import { cancel as rolloutsCancel, pause as rolloutsPause, resume as rolloutsResume } from "./rollouts/steer.ts";
import { find as searchFind } from "./search/find.ts";
import { complete as setupComplete } from "./setup/complete.ts";
import { status as setupStatus } from "./setup/status.ts";
import { archive as sheetsArchive } from "./sheets/archive.ts";
import { assign as sheetsAssign } from "./sheets/assign.ts";
import { change as sheetsChange } from "./sheets/change.ts";
import { create as sheetsCreate } from "./sheets/create.ts";
import { diff as sheetsDiff } from "./sheets/diff.ts";
import { get as sheetsGet } from "./sheets/get.ts";
import { list as sheetsList } from "./sheets/list.ts";
import { previewAssignment } from "./sheets/preview_assignment.ts";
import { undo as sheetsUndo } from "./sheets/undo.ts";
import { get as statisticsGet } from "./statistics/get.ts";
import { get as workersGet } from "./workers/get.ts";
import { list as workersList } from "./workers/list.ts";

export const appRouter = router({
  setup: router({ status: setupStatus, complete: setupComplete }),
  me: router({
    get: meGet,
    sessions,
    endSession,
    endOtherSessions,
    changePassword,
    offerSecondFactor,
    confirmSecondFactor,
    removeSecondFactor,
    newBackupCodes,
    backupCodesLeft,
    apiKeys,
    createApiKey,
    revokeApiKey,
  }),
  people: router({
    list: peopleList,
    invite,
    revokeInvite,
    changeRole,
    disable: peopleDisable,
    enable: peopleEnable,
    signOut: peopleSignOut,
    resetSecondFactor,
    setAccessRule,
  }),
  invites: router({ look: invitesLook, accept: invitesAccept }),
  notices: router({
    get: noticesGet,
    createChannel,
    changeChannel,
    removeChannel,
    testChannel,
    deliveries,
    retry: retryNotices,
  }),
  audit: router({ list: auditList, choices: auditChoices }),
  overview: router({ get: overviewGet }),
  pool: router({ series: poolSeries }),
  workers: router({ list: workersList, get: workersGet }),
  blocks: router({ list: blocksList, get: blocksGet, credits: blocksCredits }),
  nodes: router({ list: nodesList }),
  rigs: router({
    list: rigsList,
    get: rigsGet,
    counts: rigsCounts,
    map: rigsMap,
    preview: rigsPreview,
    place: rigsPlace,
    retire: rigsRetire,
  }),
  enrolment: router({ tokens, createTokens, revokeToken }),
  commands: router({ list: commandsList, issue: commandsIssue, cancel: commandsCancel }),
  bulks: router({
    list: bulksList,
    get: bulksGet,
    issue: bulksIssue,
    pause: bulksPause,
    resume: bulksResume,
    cancel: bulksCancel,
  }),
  sheets: router({
    list: sheetsList,
    get: sheetsGet,
    diff: sheetsDiff,
    create: sheetsCreate,
    change: sheetsChange,
    undo: sheetsUndo,
    archive: sheetsArchive,
    previewAssignment,
    assign: sheetsAssign,
  }),
  places: router({
    list: placesList,
    create: placesCreate,
    change: placesChange,
    remove: placesRemove,
    changeMembers,
  }),
  provision: router({
    overview: provisionOverview,
    open: provisionOpen,
    get: provisionGet,
    log: provisionLog,
    confirmKeys,
    importKnownHosts,
    check: provisionCheck,
    begin: provisionBegin,
    end: provisionEnd,
    forgetPin,
  }),
  balances: router({ list: balancesList, get: balancesGet }),
  ledger: router({
    list: ledgerList,
    get: ledgerGet,
    corrections: ledgerCorrections,
    correct: ledgerCorrect,
    approveCorrection: ledgerApproveCorrection,
    refuseCorrection: ledgerRefuseCorrection,
  }),
  policy: router({ get: policyGet, history: policyHistory, change: policyChange, risk: policyRisk }),
  payouts: router({
    account: payoutsAccount,
    approve: payoutsApprove,
    batch: payoutsBatch,
    batches: payoutsBatches,
    bump: payoutsBump,
    cancel: payoutsCancel,
    create: payoutsCreate,
    download: payoutsDownload,
    exclude: payoutsExclude,
    hold: payoutsHold,
    holds: payoutsHolds,
    payments: payoutsPayments,
    plan: payoutsPlan,
    release: payoutsRelease,
    resume: payoutsResume,
    summary: payoutsSummary,
    upload: payoutsUpload,
  }),
  releases: router({
    list: releasesList,
    build: releasesBuild,
    publish: releasesPublish,
    channels: releasesChannels,
    setSiteChannel,
  }),
  rollouts: router({
    list: rolloutsList,
    preview: rolloutsPreview,
    start: rolloutsStart,
    pause: rolloutsPause,
    resume: rolloutsResume,
    cancel: rolloutsCancel,
    rollBack: rolloutsRollBack,
  }),
  search: router({ find: searchFind }),
  statistics: router({ get: statisticsGet }),
});
export type AppRouter = typeof appRouter;

export const createCaller = createCallerFactory(appRouter);
export type Caller = ReturnType<typeof createCaller>;
