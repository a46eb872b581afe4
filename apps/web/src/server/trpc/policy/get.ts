import { readPolicy } from "@otedama/db/pool";
import { PolicyVersionDto } from "@otedama/shared";
import { found } from "../found.ts";
import { readProcedure } from "../procedure.ts";

/** The newest version: the pool lays down the first when it starts. */
export const get = readProcedure
  .output(PolicyVersionDto)
  .query(async ({ ctx }) => found(await readPolicy(ctx.services.database.sql), "policy yet: start the pool once"));
