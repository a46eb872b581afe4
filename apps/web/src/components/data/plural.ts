import { groupedCount } from "@otedama/shared/units";

/** "1 worker", "1,250 workers". */
export const plural = (count: number, one: string, many: string): string => `${groupedCount(count)} ${count === 1 ? one : many}`;
