import { type Transaction, transaction } from "@otedama/db/pool";
import { writeAudit } from "@otedama/db/web";
import type { MeDto } from "@otedama/shared";
import { actorOf, type Context } from "./procedure.ts";

export interface AuditedLine {
  /** `noun.verb` */
  action: string;
  /** `kind:id` */
  subject: string;
  details?: Record<string, unknown>;
}

/** Makes a change and the audit line that tells of it in one transaction: both are there afterwards, or neither. */
export function audited<T>(
  ctx: Context & { me: MeDto },
  change: (tx: Transaction) => Promise<T>,
  lineOf: (done: T, tx: Transaction) => AuditedLine | Promise<AuditedLine>,
): Promise<T> {
  return transaction(ctx.services.database.sql, async (tx) => {
    const done = await change(tx);
    await writeAudit(tx, actorOf(ctx), await lineOf(done, tx));
    return done;
  });
}
