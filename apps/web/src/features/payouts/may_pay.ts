import type { MeDto } from "@otedama/shared";

/** Who may move money; the server asks again. */
export const mayPay = (me: MeDto): boolean => me.role === "owner" || me.role === "accountant";
