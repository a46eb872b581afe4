import { z } from "zod";
import { Host, Port } from "../values.ts";

export const notices = z
  .strictObject({
    allow_private_targets: z
      .boolean()
      .default(false)
      .describe(
        "Let webhooks lead to this machine and to private networks. Leave it off unless a receiver of yours is there: who may add a webhook could reach every service of your network with it.",
      ),
    smtp: z
      .strictObject({
        host: Host.optional().describe("Mail server that e-mail notices go through. Without it there are none."),
        port: Port.default(587).describe("Its port: 587 for `starttls`, 465 for `tls`."),
        security: z
          .enum(["starttls", "tls", "none"])
          .default("starttls")
          .describe("`starttls` insists on encryption after the greeting, `tls` begins with it, `none` sends in the clear."),
        user: z.string().max(256).default("").describe("Login at the mail server; empty for none."),
        password: z
          .string()
          .max(256)
          .default("")
          .describe("Its password. Better given as `OTEDAMA_NOTICES_SMTP_PASSWORD` than in a file."),
        from: z.email().max(254).optional().describe("The sender's address. Has to be set where `host` is."),
      })
      .prefault({})
      .describe("The mail server of e-mail notices."),
  })
  .prefault({})
  .describe("What people are told of by webhook, e-mail and chat; the channels themselves are made on the dashboard.");
