/** The control plane's procedures by noun and verb; each file says what it takes, what it answers and who may call it. */
import { get as balancesGet } from "./balances/get.ts";
import { list as balancesList } from "./balances/list.ts";
import { credits as blocksCredits } from "./blocks/credits.ts";
import { get as blocksGet } from "./blocks/get.ts";
import { list as blocksList } from "./blocks/list.ts";
import { approveCorrection as ledgerApproveCorrection } from "./ledger/approve_correction.ts";
import { correct as ledgerCorrect } from "./ledger/correct.ts";
import { corrections as ledgerCorrections } from "./ledger/corrections.ts";
import { get as ledgerGet } from "./ledger/get.ts";
import { list as ledgerList } from "./ledger/list.ts";
import { refuseCorrection as ledgerRefuseCorrection } from "./ledger/refuse_correction.ts";
import { get as meGet } from "./me/get.ts";
import { list as nodesList } from "./nodes/list.ts";
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
import { change as policyChange } from "./policy/change.ts";
import { get as policyGet } from "./policy/get.ts";
import { history as policyHistory } from "./policy/history.ts";
import { risk as policyRisk } from "./policy/risk.ts";
import { series as poolSeries } from "./pool/series.ts";
import { createCallerFactory, router } from "./procedure.ts";
import { get as rigsGet } from "./rigs/get.ts";
import { list as rigsList } from "./rigs/list.ts";
import { find as searchFind } from "./search/find.ts";
import { complete as setupComplete } from "./setup/complete.ts";
import { status as setupStatus } from "./setup/status.ts";
import { get as workersGet } from "./workers/get.ts";
import { list as workersList } from "./workers/list.ts";

export const appRouter = router({
  setup: router({ status: setupStatus, complete: setupComplete }),
  me: router({ get: meGet }),
  overview: router({ get: overviewGet }),
  pool: router({ series: poolSeries }),
  workers: router({ list: workersList, get: workersGet }),
  blocks: router({ list: blocksList, get: blocksGet, credits: blocksCredits }),
  nodes: router({ list: nodesList }),
  rigs: router({ list: rigsList, get: rigsGet }),
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
  search: router({ find: searchFind }),
});
export type AppRouter = typeof appRouter;

export const createCaller = createCallerFactory(appRouter);
export type Caller = ReturnType<typeof createCaller>;
