import { ownerExists } from "@otedama/db/web";
import { SetupStatusDto } from "@otedama/shared";
import { openProcedure } from "../procedure.ts";

/** Whether the first person has yet to be created. Anyone may ask: the sign-in page must know where to send people. */
export const status = openProcedure
  .output(SetupStatusDto)
  .query(async ({ ctx }) => ({ needed: !(await ownerExists(ctx.services.database.sql)) }));
