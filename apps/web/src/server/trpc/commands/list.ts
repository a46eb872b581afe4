import { listCommands } from "@otedama/db/web";
import { CommandsPage, CommandsQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

export const list = readProcedure
  .input(CommandsQuery)
  .output(CommandsPage)
  .query(({ ctx, input }) => listCommands(ctx.services.database.sql, input));
