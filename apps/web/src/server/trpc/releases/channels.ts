import { listChannels } from "@otedama/db/web";
import { ReleaseChannelsDto } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

export const channels = readProcedure
  .output(ReleaseChannelsDto)
  .query(async ({ ctx }) => ({ channels: await listChannels(ctx.services.database.sql) }));
