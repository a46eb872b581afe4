import { listPlaces } from "@otedama/db/web";
import { PlacesDto } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

/** Sites with their buildings and racks, and the groups. */
export const list = readProcedure.output(PlacesDto).query(({ ctx }) => listPlaces(ctx.services.database.sql));
