/** The control plane's procedures by noun and verb; each file says what it takes, what it answers and who may call it. */
import { get as balancesGet } from "./balances/get.ts";
import { list as balancesList } from "./balances/list.ts";
import { get as blocksGet } from "./blocks/get.ts";
import { list as blocksList } from "./blocks/list.ts";
import { get as ledgerGet } from "./ledger/get.ts";
import { list as ledgerList } from "./ledger/list.ts";
import { get as meGet } from "./me/get.ts";
import { get as overviewGet } from "./overview/get.ts";
import { series as poolSeries } from "./pool/series.ts";
import { createCallerFactory, router } from "./procedure.ts";
import { get as rigsGet } from "./rigs/get.ts";
import { list as rigsList } from "./rigs/list.ts";
import { find as searchFind } from "./search/find.ts";
import { complete as setupComplete } from "./setup/complete.ts";
import { status as setupStatus } from "./setup/status.ts";
import { get as statisticsGet } from "./statistics/get.ts";
import { get as workersGet } from "./workers/get.ts";
import { list as workersList } from "./workers/list.ts";

export const appRouter = router({
  setup: router({ status: setupStatus, complete: setupComplete }),
  me: router({ get: meGet }),
  overview: router({ get: overviewGet }),
  pool: router({ series: poolSeries }),
  workers: router({ list: workersList, get: workersGet }),
  blocks: router({ list: blocksList, get: blocksGet }),
  rigs: router({ list: rigsList, get: rigsGet }),
  balances: router({ list: balancesList, get: balancesGet }),
  ledger: router({ list: ledgerList, get: ledgerGet }),
  search: router({ find: searchFind }),
  statistics: router({ get: statisticsGet }),
});
export type AppRouter = typeof appRouter;

export const createCaller = createCallerFactory(appRouter);
export type Caller = ReturnType<typeof createCaller>;
