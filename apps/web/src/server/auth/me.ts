import type { Standing } from "@otedama/db/web";
import { type MeDto, Role, type SecondFactorFor } from "@otedama/shared";

const ASKED_OF: Record<SecondFactorFor, readonly Role[]> = {
  nobody: [],
  money: ["owner", "accountant"],
  everybody: ["owner", "operator", "accountant", "viewer"],
};

/** Throws when the role is none that is known. */
export function meOf(standing: Standing): MeDto {
  const { id, name, email, second_factor, second_factor_for } = standing;
  const role = Role.parse(standing.role);
  return {
    id,
    name,
    email,
    role,
    second_factor,
    second_factor_due: !second_factor && ASKED_OF[second_factor_for].includes(role),
  };
}
