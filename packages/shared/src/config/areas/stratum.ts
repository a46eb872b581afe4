import { z } from "zod";
import { Difficulty, Host, Networks, notBuilt, Port } from "../values.ts";

export const stratum = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Run the pool's Stratum server."),
    host: Host.default("127.0.0.1").describe("Address that miners connect to; `0.0.0.0` opens it to the network."),
    port: Port.default(3333).describe("Port that miners connect to."),
    threads: z.int().min(0).max(256).default(0).describe("Engine threads; 0 takes one for each core."),
    var_diff: z.boolean().default(true).describe("Fit each connection's difficulty to its speed."),
    initial_diff: Difficulty.optional()
      .meta({ default_text: "1024; on regtest, what one core of this machine answers in `target_time`" })
      .describe("Difficulty that a connection begins with."),
    min_diff: Difficulty.optional().meta({ default_text: "1; on regtest 0.000001" }).describe("Lowest difficulty given out."),
    max_diff: Difficulty.default(1e12).describe("Highest difficulty given out."),
    target_time: z
      .number()
      .min(0.1)
      .max(600)
      .optional()
      .meta({ default_text: "10; on regtest 1.5" })
      .describe("Wanted seconds between two shares of one connection."),
    version_mask: z
      .string()
      .regex(/^[0-9a-f]{8}$/, "must be eight hex digits")
      .default("1fffe000")
      .describe("Bits of the block version that miners may roll (BIP 310)."),
    max_connections: z.int().min(1).max(2_000_000).default(100_000).describe("Connections at once."),
    max_connections_per_address: z.int().min(1).max(2_000_000).default(10_000).describe("Connections at once from one address."),
    ack: z
      .enum(["durable", "fast"])
      .default("durable")
      .describe(
        "`durable` answers a share after it is on disk, `fast` before: a crash may lose a tenth of a second of answered shares.",
      ),
    instance_id: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "must be lower-case letters, digits and dashes")
      .default("pool-1")
      .describe("Names this pool process; unique over all that share a database."),
    extranonce_prefix: z
      .int()
      .min(0)
      .max(0xffff)
      .default(0)
      .describe("Number of this pool process; unique over all that share a database."),
    v2_enabled: notBuilt(false, "Stratum V2 is not built yet").describe("Serve Stratum V2."),
    max_connects_per_second: z
      .number()
      .min(0)
      .max(1e6)
      .default(200)
      .describe("New connections a second from one address, five seconds' worth of them at once; 0 takes all."),
    max_messages_per_second: z
      .number()
      .min(0)
      .max(1e6)
      .default(200)
      .describe("Messages a second on one connection, five seconds' worth of them at once; 0 takes all."),
    max_workers_per_connection: z.int().min(1).max(65_536).default(64).describe("Workers that one connection may log in."),
    handshake_timeout: z
      .number()
      .min(0.1)
      .max(86_400)
      .default(30)
      .describe("Seconds in which a connection has to subscribe and log in."),
    idle_timeout: z
      .number()
      .min(0.1)
      .max(2_592_000)
      .default(600)
      .describe("Seconds without a message after which a connection is closed."),
    slow_reader_timeout: z
      .number()
      .min(0.1)
      .max(86_400)
      .default(30)
      .describe("Seconds that a miner may leave unread what it is sent."),
    ban_invalid_ratio: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe("Part of a connection's shares that may be wrong before its address is banned. Stale shares do not count."),
    ban_after_shares: z
      .int()
      .min(0)
      .max(1_000_000_000)
      .default(500)
      .describe("Shares of a connection before it is judged; 0 never bans for shares."),
    ban_time: z
      .number()
      .min(1)
      .max(31_536_000)
      .default(300)
      .describe("Seconds of a first ban; each further one within a day is four times as long, up to a day."),
    allow: Networks.describe("Networks that may connect, such as `10.0.0.0/8`; an empty list lets everybody in."),
    deny: Networks.describe("Networks that may not connect, whatever `stratum.allow` says."),
    trusted_proxies: Networks.describe(
      "Load balancers that put a PROXY protocol header (v1 or v2) before each connection. It is required from them, and believed from nobody else.",
    ),
    tls: z
      .strictObject({
        cert_file: z
          .string()
          .min(1)
          .max(4096)
          .optional()
          .describe("Certificate in PEM form, with those between it and the authority's. Read again when it changes."),
        key_file: z.string().min(1).max(4096).optional().describe("Its private key in PEM form."),
        max_connections: z.int().min(1).max(1_000_000).default(10_000).describe("TLS connections at once."),
      })
      .prefault({})
      .describe("Stratum over TLS, on the same port. Both files have to be set, or neither."),
  })
  .prefault({})
  .describe("The Stratum server.");
