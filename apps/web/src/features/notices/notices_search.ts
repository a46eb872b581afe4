import { parseAsStringLiteral } from "nuqs/server";
import { LIST_PAGE_SIZE } from "@/lib/list_search.ts";

export const DELIVERY_STATES = ["waiting", "delivered", "dead"] as const;

/** What is chosen on the notices' screen, as it stands in the address. */
export const noticesSearch = { state: parseAsStringLiteral(DELIVERY_STATES) };

export const deliveriesQuery = (chosen: { readonly state: (typeof DELIVERY_STATES)[number] | null }, page: number) => ({
  state: chosen.state,
  page,
  page_size: LIST_PAGE_SIZE,
});
