import type { Role, SecondFactorFor } from "@otedama/shared";
import type { Sql } from "./database.ts";

export interface Standing {
  id: string;
  name: string;
  email: string;
  role: Role;
  disabled: boolean;
  second_factor: boolean;
  second_factor_for: SecondFactorFor;
}

/** Who a person is at this moment, whatever a cookie or a key was made under; null for nobody. */
export async function personStanding(sql: Sql, id: string): Promise<Standing | null> {
  const found = await sql.query<Standing>(
    `SELECT u.id, u.name, u.email, u.role, u.disabled_at IS NOT NULL AS disabled, f.confirmed_at IS NOT NULL AS second_factor,
            coalesce((SELECT second_factor_for FROM access_rule), 'nobody') AS second_factor_for
       FROM "user" u LEFT JOIN second_factor f ON f.user_id = u.id WHERE u.id = $1`,
    [id],
  );
  return found.rows[0] ?? null;
}
