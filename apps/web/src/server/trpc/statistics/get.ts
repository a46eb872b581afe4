import { StatisticsPageDto } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

/** Luck, refused shares, and workers that find too few blocks. */
export const get = readProcedure.output(StatisticsPageDto).query(({ ctx: { services } }) => services.statistics());
