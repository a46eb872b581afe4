import { listWorkers } from "@otedama/db/web";
import { WorkersPage, WorkersQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

export const list = readProcedure
  .input(WorkersQuery)
  .output(WorkersPage)
  .query(({ ctx, input }) => listWorkers(ctx.services.database.sql, input));
