/** Every page of the dashboard and of the public API as the queries it makes, by the functions that it calls. */
import {
  accountHashrateSeries,
  getAccount,
  getBlock,
  getRig,
  getWorker,
  hashrateSeries,
  listBalances,
  listBlocks,
  listRigs,
  listWorkers,
  poolSummary,
  readStatistics,
  recentLuck,
  type Sql,
  searchEverything,
} from "../web/index.ts";
import { of, PAGE_SIZE, type Page, type PageSubjects, WINDOWS } from "./page.ts";
import { moneyPagesOf } from "./pages_money.ts";
import { poolStepsOf } from "./pool_steps.ts";

export function pagesOf(subjects: PageSubjects): Page[] {
  const { now_ms, accounts, workers, blocks, rigs, accounts_total } = subjects;
  const worker_sorts = ["name", "account", "state", "hashrate", "accepted", "rejected", "last_share"] as const;
  const last_page = Math.max(1, Math.floor(accounts_total / PAGE_SIZE));
  const page = (round: number) => [1, 2, Math.ceil(last_page / 2), last_page][round % 4] ?? 1;
  const workers_page = (sql: Sql, query: Partial<Parameters<typeof listWorkers>[1]>) =>
    listWorkers(sql, {
      q: "",
      state: null,
      account_id: null,
      sort: "hashrate",
      dir: "desc",
      page: 1,
      page_size: PAGE_SIZE,
      ...query,
    });
  return [
    {
      name: "overview",
      run: (sql) =>
        Promise.all([
          hashrateSeries(sql, null, "24h", now_ms),
          listBlocks(sql, { state: null, sort: "found", dir: "desc", page: 1, page_size: 12 }),
          recentLuck(sql),
        ]),
    },
    ...WINDOWS.map((window): Page => ({ name: `pool chart ${window}`, run: (sql) => hashrateSeries(sql, null, window, now_ms) })),
    { name: "workers", run: (sql) => workers_page(sql, {}) },
    { name: "workers, any page", run: (sql, round) => workers_page(sql, { page: page(round) }) },
    ...worker_sorts.map(
      (sort): Page => ({
        name: `workers by ${sort}`,
        run: (sql, round) => workers_page(sql, { sort, dir: round % 2 === 0 ? "asc" : "desc" }),
      }),
    ),
    ...(["mining", "idle", "offline"] as const).map(
      (state): Page => ({
        name: `workers that are ${state}`,
        run: (sql) => workers_page(sql, { state }),
      }),
    ),
    { name: "workers, search", run: (sql, round) => workers_page(sql, { q: ["rig99", "bc1q1", "none"][round % 3] ?? "" }) },
    { name: "workers of an account", run: (sql, round) => workers_page(sql, { account_id: of(accounts, round).id }) },
    ...WINDOWS.map(
      (window): Page => ({
        name: `worker, ${window}`,
        run: (sql, round) => getWorker(sql, of(workers, round), window, now_ms),
      }),
    ),
    { name: "blocks", run: (sql) => listBlocks(sql, { state: null, sort: "found", dir: "desc", page: 1, page_size: PAGE_SIZE }) },
    ...(["found", "height", "effort", "reward", "worker", "state"] as const).map(
      (sort): Page => ({
        name: `blocks by ${sort}`,
        run: (sql, round) =>
          listBlocks(sql, { state: null, sort, dir: "desc", page: (round % 4) * 10 + 1, page_size: PAGE_SIZE }),
      }),
    ),
    { name: "block", run: (sql, round) => getBlock(sql, of(blocks, round)) },
    ...(["address", "available", "pending", "paid", "workers", "credited"] as const).map(
      (sort): Page => ({
        name: `balances by ${sort}`,
        run: (sql, round) =>
          listBalances(sql, { q: "", sort, dir: round % 2 === 0 ? "desc" : "asc", page: page(round), page_size: PAGE_SIZE }),
      }),
    ),
    {
      name: "balances, search",
      run: (sql, round) =>
        listBalances(sql, {
          q: of(accounts, round).address.slice(0, 9),
          sort: "available",
          dir: "desc",
          page: 1,
          page_size: PAGE_SIZE,
        }),
    },
    { name: "account", run: (sql, round) => getAccount(sql, of(accounts, round).id) },
    ...WINDOWS.map(
      (window): Page => ({
        name: `account chart, ${window}`,
        run: (sql, round) => accountHashrateSeries(sql, of(accounts, round).id, window, now_ms),
      }),
    ),
    { name: "statistics", run: (sql) => readStatistics(sql, now_ms) },
    { name: "public totals", run: (sql) => poolSummary(sql) },
    ...(["name", "state", "hashrate", "temperature", "last_seen"] as const).map(
      (sort): Page => ({
        name: `rigs by ${sort}`,
        run: (sql, round) =>
          listRigs(sql, { q: "", state: null, sort, dir: "desc", page: 1 + (round % 4) * 20, page_size: PAGE_SIZE }),
      }),
    ),
    { name: "rig", run: (sql, round) => getRig(sql, of(rigs, round), "24h", now_ms) },
    {
      name: "search",
      run: (sql, round) => searchEverything(sql, ["rig99", "800123", of(accounts, round).address.slice(0, 10)][round % 3] ?? ""),
    },
    ...moneyPagesOf(subjects),
    ...poolStepsOf(subjects),
  ];
}
