import { steerBulk } from "@otedama/db/web";
import { BulkIdInput } from "@otedama/shared";
import { fleetProcedure, refusable } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";

const steer = (verb: "pause" | "resume" | "cancel") =>
  fleetProcedure.input(BulkIdInput).mutation(async ({ ctx, input }) => {
    const { database, fleet } = ctx.services;
    await refusable(steerBulk(database.sql, actorOf(ctx), input.id, verb));
    fleet.written();
  });

/** What was sent runs on; nothing more is sent. */
export const pause = steer("pause");
/** One that stopped by its failures may fail as often again. */
export const resume = steer("resume");
export const cancel = steer("cancel");
