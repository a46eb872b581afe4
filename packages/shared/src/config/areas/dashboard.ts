import { z } from "zod";
import { Host, Networks, Port } from "../values.ts";

export const api = z
  .strictObject({
    host: Host.default("127.0.0.1").describe(
      "Address that the dashboard and the API listen on; `0.0.0.0` opens them to the network.",
    ),
    port: Port.default(8080).describe("Port of the dashboard and the API."),
    public_url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .meta({ default_text: "`http://127.0.0.1:PORT`" })
      .describe("The address people type, where it differs: behind a proxy, say."),
    trusted_proxies: Networks.describe(
      "Reverse proxies in front of the dashboard. From them, and from nobody else, `X-Forwarded-For` is believed: sign-in limits, sessions and the audit log go by it.",
    ),
  })
  .prefault({})
  .describe("Dashboard and API.");

export const monitoring = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Serve Prometheus metrics at `/metrics`."),
    host: Host.default("127.0.0.1").describe("Address that the metrics listen on."),
    port: Port.default(9090).describe("Port of the metrics."),
  })
  .prefault({})
  .describe("Prometheus metrics of the pool.");

export const control_plane = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .meta({ default_text: "this machine's dashboard, where one runs" })
      .describe("Address of the dashboard that a pool or a miner on this machine reports to."),
    token: z
      .string()
      .min(16)
      .max(256)
      .optional()
      .describe(
        "Shows the dashboard that they may; a miner enrols with it, once. Better given as `OTEDAMA_CONTROL_PLANE_TOKEN` than in a file.",
      ),
  })
  .prefault({})
  .describe("The dashboard on another machine.");
