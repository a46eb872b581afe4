import { HashrateSeries, WindowQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

/** The whole pool's hashrate, from accepted shares. */
export const series = readProcedure
  .input(WindowQuery)
  .output(HashrateSeries)
  .query(({ ctx: { services }, input }) => services.poolSeries(input.window));
