import { getAccount } from "@otedama/db/web";
import { AccountDetailDto, AccountQuery } from "@otedama/shared";
import { found } from "../found.ts";
import { readProcedure } from "../procedure.ts";

export const get = readProcedure
  .input(AccountQuery)
  .output(AccountDetailDto)
  .query(async ({ ctx, input }) => found(await getAccount(ctx.services.database.sql, input.account_id), "account"));
