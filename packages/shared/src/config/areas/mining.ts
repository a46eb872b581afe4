import { z } from "zod";
import { StratumUrl } from "../../settings/agent.ts";
import { notBuilt } from "../values.ts";

const MiningPool = z
  .strictObject({
    url: StratumUrl.describe("Where to mine: `stratum+tcp://HOST:PORT`, or `stratum+ssl://` for TLS."),
    user: z.string().min(1).max(256).describe("Login at that pool, usually `ADDRESS.WORKER`."),
    password: z.string().max(256).default("x").describe("Most pools ignore it; `d=1024` asks some for a difficulty."),
  })
  .describe("A pool to mine at.");

export const mining = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Mine on this machine (modes `auto` and `miner`)."),
    algorithm: z
      .enum(["sha256d"])
      .default("sha256d")
      .meta({ choices_note: "other algorithms are not built yet" })
      .describe("What the miner computes."),
    threads: z.int().min(0).max(1024).default(0).describe("Mining threads; 0 takes one for each core."),
    nice: z.int().min(0).max(19).default(19).describe("Priority of the mining threads: 19 gives way to everything else."),
    name: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .meta({ default_text: "the host's name" })
      .describe("How the dashboard names this miner."),
    cpu: z.boolean().default(true).describe("Mine on the processor."),
    gpu: notBuilt(false, "GPU mining is not built yet").describe("Mine on graphics cards."),
    asic: notBuilt(false, "ASIC control is not built yet").describe("Drive ASIC miners."),
    pools: z
      .array(MiningPool)
      .max(8)
      .default([])
      .meta({ default_text: "this machine's own pool" })
      .describe("Pools to mine at, in order of preference; the next one is tried when one fails."),
  })
  .prefault({})
  .describe("The miner on this machine.");
