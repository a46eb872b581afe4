import { MeDto } from "@otedama/shared";
import { openProcedure } from "../procedure.ts";

/** Who is signed in; null for nobody. */
export const get = openProcedure.output(MeDto.nullable()).query(({ ctx }) => ctx.me);
