import { listHolds } from "@otedama/db/payouts";
import { PayoutHoldDto } from "@otedama/shared";
import { z } from "zod";
import { readProcedure } from "../procedure.ts";

export const holds = readProcedure.output(z.array(PayoutHoldDto)).query(({ ctx }) => listHolds(ctx.services.database.sql));
