import { listDeliveries } from "@otedama/db/web";
import { NoticeDeliveriesPage, NoticeDeliveriesQuery } from "@otedama/shared";
import { procedureFor } from "../procedure.ts";
import { NOTICE_ROLES } from "./get.ts";

export const deliveries = procedureFor(...NOTICE_ROLES)
  .input(NoticeDeliveriesQuery)
  .output(NoticeDeliveriesPage)
  .query(({ ctx, input }) => listDeliveries(ctx.services.database.sql, input));
