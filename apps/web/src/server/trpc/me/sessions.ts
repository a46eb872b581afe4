import { listSessions } from "@otedama/db/web";
import { SessionDto } from "@otedama/shared";
import { z } from "zod";
import { ownProcedure } from "../procedure.ts";

export const sessions = ownProcedure
  .output(z.array(SessionDto))
  .query(({ ctx }) => listSessions(ctx.services.database.sql, ctx.me.id, ctx.session_id));
