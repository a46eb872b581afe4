import { LEDGER_CAUSES, type LedgerCause, type LedgerQuery } from "@otedama/shared";
import { parseAsIsoDate, parseAsStringLiteral } from "nuqs/server";
import { parseAsSearch } from "@/lib/list_search.ts";

export const ledgerSearch = {
  account: parseAsSearch,
  cause: parseAsStringLiteral(LEDGER_CAUSES),
  /** Days of the calendar in UTC, both included. */
  from: parseAsIsoDate,
  to: parseAsIsoDate,
};

export type LedgerChoice = {
  readonly account: string;
  readonly cause: LedgerCause | null;
  readonly from: Date | null;
  readonly to: Date | null;
};

const DAY_MS = 86_400_000;

export const ledgerQuery = (chosen: LedgerChoice, page: number, page_size: number): LedgerQuery => ({
  // Whatever else an address bar holds could name no account.
  address: chosen.account.replaceAll(/[^0-9A-Za-z]/g, "").slice(0, 128),
  cause: chosen.cause,
  from_ms: inRange(chosen.from?.getTime() ?? null),
  to_ms: inRange(chosen.to === null ? null : chosen.to.getTime() + DAY_MS - 1),
  page,
  page_size,
});

const inRange = (at_ms: number | null): number | null =>
  at_ms === null || !(at_ms >= 0 && at_ms <= 253_402_300_799_999) ? null : at_ms;

export const isFiltered = (chosen: LedgerChoice): boolean =>
  chosen.account !== "" || chosen.cause !== null || chosen.from !== null || chosen.to !== null;
