import type { WorkerDto } from "@otedama/shared";
import { parseAsInteger, parseAsStringLiteral } from "nuqs/server";
import { parseAsSearch } from "@/lib/list_search.ts";

export const WORKER_STATES = ["mining", "idle", "offline"] as const satisfies readonly WorkerDto["state"][];
export const WORKER_SORTS = ["name", "account", "state", "hashrate", "accepted", "rejected", "last_share"] as const;
export type WorkerSortKey = (typeof WORKER_SORTS)[number];

/** What is chosen on the workers' screen, as it stands in the address. */
export const workersSearch = {
  q: parseAsSearch,
  state: parseAsStringLiteral(WORKER_STATES),
  account: parseAsInteger,
  sort: parseAsStringLiteral(WORKER_SORTS).withDefault("hashrate"),
  dir: parseAsStringLiteral(["asc", "desc"] as const).withDefault("desc"),
};

type Chosen = {
  readonly q: string;
  readonly state: WorkerDto["state"] | null;
  readonly account: number | null;
  readonly sort: WorkerSortKey;
  readonly dir: "asc" | "desc";
};

const ID_MAX = 2_147_483_647;

/** As a query of the control plane; an account that cannot exist is dropped rather than refused. */
export const workersQuery = (chosen: Chosen, page: number, page_size: number) => ({
  q: chosen.q.slice(0, 128),
  state: chosen.state,
  account_id: chosen.account !== null && chosen.account > 0 && chosen.account <= ID_MAX ? chosen.account : null,
  sort: chosen.sort,
  dir: chosen.dir,
  page,
  page_size,
});
