import { getWorker } from "@otedama/db/web";
import { WorkerDetailDto, WorkerQuery } from "@otedama/shared";
import { found } from "../found.ts";
import { readProcedure } from "../procedure.ts";

export const get = readProcedure
  .input(WorkerQuery)
  .output(WorkerDetailDto)
  .query(async ({ ctx: { services }, input }) =>
    found(await getWorker(services.database.sql, input.id, input.window, services.now()), "worker"),
  );
