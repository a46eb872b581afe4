import { z } from "zod";

export const releases = z
  .strictObject({
    build_folder: z
      .string()
      .min(1)
      .max(4096)
      .optional()
      .meta({ default_text: "`dist/agent` in the checkout" })
      .describe("Where the builds of the agent lie that the Releases page publishes: what `npm run build:agent` makes."),
  })
  .prefault({})
  .describe("Releases of the agent.");
