import { listNoticeChannels } from "@otedama/db/web";
import { NoticesDto } from "@otedama/shared";
import { procedureFor } from "../procedure.ts";

export const NOTICE_ROLES = ["owner", "operator"] as const;

export const get = procedureFor(...NOTICE_ROLES)
  .output(NoticesDto)
  .query(async ({ ctx: { services } }) => ({
    channels: await listNoticeChannels(services.database.sql),
    email_ready: services.notices.email_ready,
  }));
