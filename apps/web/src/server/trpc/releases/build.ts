import { BuildFolderDto } from "@otedama/shared";
import { procedureFor } from "../procedure.ts";
import { RELEASE_ROLES } from "./refused.ts";

/** What there is to publish. */
export const build = procedureFor(...RELEASE_ROLES)
  .output(BuildFolderDto)
  .query(({ ctx }) => ctx.services.releases.look());
