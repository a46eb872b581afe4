import { listCorrectionsNamed } from "@otedama/db/web";
import { CorrectionDto } from "@otedama/shared";
import { z } from "zod";
import { readProcedure } from "../procedure.ts";

/** Newest first, at most a hundred; those that wait for a second person are always among them. */
export const corrections = readProcedure
  .output(z.array(CorrectionDto))
  .query(({ ctx }) => listCorrectionsNamed(ctx.services.database.sql, 100));
