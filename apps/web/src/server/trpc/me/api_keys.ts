import { countBackupCodes, listApiKeys } from "@otedama/db/web";
import { ApiKeyDto } from "@otedama/shared";
import { z } from "zod";
import { ownProcedure } from "../procedure.ts";

export const apiKeys = ownProcedure
  .output(z.array(ApiKeyDto))
  .query(({ ctx }) => listApiKeys(ctx.services.database.sql, ctx.me.id));

/** How many backup codes are left. */
export const backupCodesLeft = ownProcedure
  .output(z.int())
  .query(({ ctx }) => countBackupCodes(ctx.services.database.sql, ctx.me.id));
