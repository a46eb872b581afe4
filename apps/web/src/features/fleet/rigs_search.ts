import type { RigDto } from "@otedama/shared";
import { parseAsStringLiteral } from "nuqs/server";
import { parseAsSearch } from "@/lib/list_search.ts";

export const RIG_STATES = ["mining", "waiting", "offline"] as const satisfies readonly RigDto["state"][];

export const rigsSearch = { q: parseAsSearch, state: parseAsStringLiteral(RIG_STATES) };

export const rigsQuery = (
  chosen: { readonly q: string; readonly state: RigDto["state"] | null },
  page: number,
  page_size: number,
) => ({
  q: chosen.q.slice(0, 128),
  state: chosen.state,
  page,
  page_size,
});
