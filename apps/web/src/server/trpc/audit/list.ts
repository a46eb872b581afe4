import { listAudit } from "@otedama/db/web";
import { AuditPage, AuditQuery } from "@otedama/shared";
import { procedureFor } from "../procedure.ts";

export const AUDIT_ROLES = ["owner", "accountant"] as const;

export const list = procedureFor(...AUDIT_ROLES)
  .input(AuditQuery)
  .output(AuditPage)
  .query(({ ctx, input }) => listAudit(ctx.services.database.sql, input));
