import { previewRollout } from "@otedama/db/web";
import { RolloutPreviewDto, RolloutTarget } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

/** What a roll-out would touch. */
export const preview = readProcedure
  .input(RolloutTarget)
  .output(RolloutPreviewDto)
  .query(({ ctx, input }) => previewRollout(ctx.services.database.sql, input));
