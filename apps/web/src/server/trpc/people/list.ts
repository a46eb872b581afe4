import { listPeople } from "@otedama/db/web";
import { PeopleDto } from "@otedama/shared";
import { procedureFor } from "../procedure.ts";

export const list = procedureFor("owner")
  .output(PeopleDto)
  .query(({ ctx }) => listPeople(ctx.services.database.sql));
