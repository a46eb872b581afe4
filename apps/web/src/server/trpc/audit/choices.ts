import { auditChoices } from "@otedama/db/web";
import { AuditChoices } from "@otedama/shared";
import { procedureFor } from "../procedure.ts";
import { AUDIT_ROLES } from "./list.ts";

/** What the filters of the audit log offer. */
export const choices = procedureFor(...AUDIT_ROLES)
  .output(AuditChoices)
  .query(({ ctx }) => auditChoices(ctx.services.database.sql));
