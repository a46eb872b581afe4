import { NodesDto } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

/** The chain nodes of each pool instance, as it sees them now. */
export const list = readProcedure.output(NodesDto).query(({ ctx }) => ctx.services.nodes());
