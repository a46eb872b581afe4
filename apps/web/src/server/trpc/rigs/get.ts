import { getRig } from "@otedama/db/web";
import { RigDetailDto, RigQuery } from "@otedama/shared";
import { found } from "../found.ts";
import { readProcedure } from "../procedure.ts";

export const get = readProcedure
  .input(RigQuery)
  .output(RigDetailDto)
  .query(async ({ ctx: { services }, input }) =>
    found(await getRig(services.database.sql, input.id, input.window, services.now()), "rig"),
  );
