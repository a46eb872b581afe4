import { listReleases } from "@otedama/db/web";
import { ReleasesPage, ReleasesQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

export const list = readProcedure
  .input(ReleasesQuery)
  .output(ReleasesPage)
  .query(async ({ ctx, input }) => ({
    ...(await listReleases(ctx.services.database.sql, input)),
    control_key: ctx.services.releases.control_key,
  }));
