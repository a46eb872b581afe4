import { procedureFor } from "../procedure.ts";

/** Moving money is for the owner and the accountant. */
export const moneyProcedure = procedureFor("owner", "accountant");
