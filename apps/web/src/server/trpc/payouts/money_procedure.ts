import { procedureFor } from "../procedure.ts";

const MONEY = ["owner", "accountant"] as const;

/** Moving money is for the owner and the accountant. */
export const moneyProcedure = procedureFor(...MONEY);

/** What a program may do for them by a key: it moves nothing before a person has approved it. */
export const planningProcedure = procedureFor(...MONEY).meta({ roles: MONEY, keyed: true });
