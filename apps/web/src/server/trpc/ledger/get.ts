import { getLedgerEntry } from "@otedama/db/web";
import { LedgerEntryDetailDto, LedgerEntryQuery } from "@otedama/shared";
import { found } from "../found.ts";
import { readProcedure } from "../procedure.ts";

export const get = readProcedure
  .input(LedgerEntryQuery)
  .output(LedgerEntryDetailDto)
  .query(async ({ ctx, input }) => found(await getLedgerEntry(ctx.services.database.sql, input.entry_id), "ledger entry"));
