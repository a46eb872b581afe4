import { z } from "zod";
import { DatabaseUrl } from "../../settings/common.ts";
import { PortOrAny } from "../values.ts";

export const database = z
  .strictObject({
    url: DatabaseUrl.optional()
      .meta({ default_text: "a PostgreSQL of our own in `data_dir`" })
      .describe("Address of a PostgreSQL 15 or newer: `postgresql://USER:PASSWORD@HOST:PORT/NAME`. Also `DATABASE_URL`."),
    port: PortOrAny.default(0).describe("Port of our own PostgreSQL; 0 takes a free one and remembers it."),
  })
  .prefault({})
  .describe("Where accounts, shares and money are kept.");
