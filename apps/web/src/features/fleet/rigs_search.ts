import type { RigDto } from "@otedama/shared";
import { parseAsStringLiteral } from "nuqs/server";
import { parseAsSearch } from "@/lib/list_search.ts";

export const RIG_STATES = ["mining", "waiting", "offline"] as const satisfies readonly RigDto["state"][];

export const RIG_SORTS = ["name", "state", "hashrate", "temperature", "last_seen"] as const;

export const rigsSearch = {
  q: parseAsSearch,
  state: parseAsStringLiteral(RIG_STATES),
  sort: parseAsStringLiteral(RIG_SORTS).withDefault("name"),
  dir: parseAsStringLiteral(["asc", "desc"] as const).withDefault("asc"),
};

type Chosen = {
  readonly q: string;
  readonly state: RigDto["state"] | null;
  readonly sort: (typeof RIG_SORTS)[number];
  readonly dir: "asc" | "desc";
};

export const rigsQuery = (chosen: Chosen, page: number, page_size: number) => ({
  q: chosen.q.slice(0, 128),
  state: chosen.state,
  sort: chosen.sort,
  dir: chosen.dir,
  page,
  page_size,
});
