/**
 * Everything a person may set, one entry a key: name, bounds, default and the sentence that the reference page and the error messages
 * use. `config.yaml`, the environment and the command line all end here, in that rising precedence.
 */
import { z } from "zod";
import { StratumUrl } from "../settings/agent.ts";
import { DatabaseUrl, LogLevel, Network, NetworkRange } from "../settings/common.ts";
import { PAYOUT_SCHEMES } from "../settings/policy.ts";
import { CHAIN_NODES_MAX, ZmqAddress } from "../settings/pool.ts";
import { SignerUrl } from "../settings/signer.ts";

const Port = z.int().min(1).max(65535);
const PortOrAny = z.int().min(0).max(65535);
const Host = z.string().min(1).max(255);
const Difficulty = z.number().positive().max(1e15);
const Percentage = z.number().min(0).max(100);
/** Satoshis a virtual byte. */
const FeeRate = z.number().min(0).max(10_000);
const Sats = z.int().min(0).max(2_100_000_000_000_000);

/** Shown instead of a default that depends on the machine. */
export interface KeyMeta {
  /** A part that is not built yet: any value but the default is refused with this sentence. */
  not_built?: string;
  /** Said after the choices when another one is asked for. */
  choices_note?: string;
  /** Stands in the reference page for the default. */
  default_text?: string;
}

const feeOf = (scheme: string) => Percentage.optional().meta({ default_text: "`fee_percentage`" }).describe(`Fee of ${scheme}.`);

const notBuilt = (default_value: boolean, sentence: string) => z.boolean().default(default_value).meta({ not_built: sentence });

/** Above this two people approve a payout, unless it is set: a chain of one's own pays blocks of 50 coins. */
export const FOUR_EYES_ABOVE_SATS = { regtest: 100_000_000_000, other: 1_000_000_000 };

export const MODES = ["auto", "solo", "pool", "miner", "signer"] as const;

const MiningPool = z
  .strictObject({
    url: StratumUrl.describe("Where to mine: `stratum+tcp://HOST:PORT`, or `stratum+ssl://` for TLS."),
    user: z.string().min(1).max(256).describe("Login at that pool, usually `ADDRESS.WORKER`."),
    password: z.string().max(256).default("x").describe("Most pools ignore it; `d=1024` asks some for a difficulty."),
  })
  .describe("A pool to mine at.");

const ChainNode = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }).describe("JSON-RPC address of a Bitcoin Core compatible node: `http://127.0.0.1:8332`."),
    user: z.string().max(256).default("").describe("The node's `rpcuser`."),
    password: z.string().max(256).default("").describe("The node's `rpcpassword`."),
    zmq: ZmqAddress.nullable()
      .default(null)
      .describe(
        "Where the node publishes new blocks: its `zmqpubhashblock` or `zmqpubrawblock`, such as `tcp://127.0.0.1:28332`. The quickest way to hear of one; long poll and polling go on beside it.",
      ),
  })
  .describe("A chain node.");

const Networks = z.array(NetworkRange).max(1000).default([]);

export const ConfigSchema = z.strictObject({
  mode: z
    .enum(MODES)
    .default("auto")
    .describe(
      "What this machine does. `auto` runs everything: dashboard, pool, a miner and, without `chain.nodes`, a development chain. " +
        "`solo` is the same for this machine alone: no fee. `pool` runs dashboard and pool without a miner. `miner` only mines at `mining.pools`, `signer` only signs payouts.",
    ),
  log_level: LogLevel.default("info").describe("How much the processes write to their logs."),
  data_dir: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .meta({ default_text: "`.otedama` in the checkout" })
    .describe("Where everything that must survive a restart is kept."),
  network: z
    .strictObject({
      name: Network.default("regtest").describe(
        "Which Bitcoin network. All but `regtest` need `chain.nodes` and `p2p_pool.payout_address`.",
      ),
    })
    .prefault({})
    .describe("The chain that is mined."),
  mining: z
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
    .describe("The miner on this machine."),
  api: z
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
    .describe("Dashboard and API."),
  monitoring: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Serve Prometheus metrics at `/metrics`."),
      host: Host.default("127.0.0.1").describe("Address that the metrics listen on."),
      port: Port.default(9090).describe("Port of the metrics."),
    })
    .prefault({})
    .describe("Prometheus metrics of the pool."),
  p2p_pool: z
    .strictObject({
      enabled: notBuilt(false, "The peer-to-peer pool is not built yet").describe("Share this pool with other nodes."),
      name: z.string().min(1).max(64).default("Otedama").describe("The pool's name, as miners and visitors see it."),
      fee_percentage: Percentage.default(1).describe("The operator's part of each block; 0 in mode `solo`."),
      fee_percentages: z
        .strictObject({
          solo: feeOf("SOLO"),
          pplns: feeOf("PPLNS"),
          prop: feeOf("PROP"),
          pps: feeOf("PPS, which stays in the reserve"),
          fpps: feeOf("FPPS, which stays in the reserve"),
        })
        .prefault({})
        .describe("Fees of single schemes."),
      fee_exempt_addresses: z
        .array(z.string().min(1).max(128))
        .max(1000)
        .default([])
        .describe("Accounts that pay no fee: their part of it goes to themselves."),
      donation_percentage: Percentage.default(0).describe("Part of each block for somebody else."),
      donation_address: z.string().min(1).max(128).optional().describe("Whose it is."),
      finder_bonus_percentage: Percentage.default(0).describe(
        "Part of each block that goes to its finder first, under PPLNS and PROP.",
      ),
      payout_address: z
        .string()
        .min(1)
        .max(128)
        .optional()
        .meta({ default_text: "on regtest, one made at the first start" })
        .describe("Where blocks pay to. The pool never has its key."),
      coinbase_text: z
        .string()
        .regex(/^[\x20-\x7e]{0,40}$/, "must be at most 40 printable ASCII characters")
        .default("/Otedama/")
        .describe("Written into every block."),
      payout_scheme: z
        .enum(PAYOUT_SCHEMES)
        .default("pplns")
        .describe(
          "How miners are paid: `solo` to the finder, `pplns` by the work of a window, `prop` by the work since the block before, `pps` and `fpps` for each share.",
        ),
      solo_allowed: z.boolean().default(true).describe("Let miners choose SOLO for themselves with `m=solo` in the password."),
      pplns_window: z
        .number()
        .positive()
        .max(1000)
        .default(2)
        .describe("Work that shares a block, in units of network difficulty."),
      maturity_confirmations: z
        .int()
        .min(1)
        .max(1000)
        .default(100)
        .describe("Confirmations after which a block's reward may be spent."),
      receipt_days: z
        .int()
        .min(1)
        .max(3650)
        .default(30)
        .describe(
          "Days for which the shares behind a block's receipt are kept, so that miners can check them. Receipts are kept for ever.",
        ),
      receipt_shares_max: z
        .int()
        .min(0)
        .max(1_000_000_000)
        .default(20_000_000)
        .describe("Shares that are kept for one block, 40 bytes each; beyond them a receipt holds the sums alone."),
    })
    .prefault({})
    .describe("The pool: what it pays, and to whom."),
  payouts: z
    .strictObject({
      scheduled: z.boolean().default(true).describe("Plan payouts by themselves; a person can always plan one."),
      every_hours: z
        .int()
        .min(1)
        .max(24 * 31)
        .default(24)
        .describe("Hours between two planned payouts."),
      threshold_sats: Sats.min(546)
        .default(100_000)
        .describe("What an account must be owed to be paid, unless it set its own threshold."),
      min_threshold_sats: Sats.min(546).default(10_000).describe("The lowest threshold that a miner may set."),
      fee_payer: z.enum(["pool", "miners"]).default("pool").describe("Who pays the network's fee."),
      min_fee_rate: FeeRate.default(1).describe("Lowest fee, in satoshis a virtual byte."),
      max_fee_rate: FeeRate.min(1)
        .default(100)
        .describe("Highest fee, in satoshis a virtual byte; payouts wait while the network asks for more."),
      fee_target_blocks: z.int().min(1).max(1008).default(12).describe("Blocks in which a payout should be mined."),
      max_outputs: z.int().min(1).max(2_500).default(500).describe("Payees of one transaction."),
      unattended_max_sats: Sats.optional()
        .meta({ default_text: "0; on regtest `four_eyes_above_sats`" })
        .describe("Payouts up to this amount go without anybody's approval."),
      four_eyes_above_sats: Sats.optional()
        .meta({ default_text: "1000000000; on regtest 100000000000" })
        .describe("Payouts above this amount need two people."),
      corrections_four_eyes_above_sats: Sats.default(10_000_000).describe(
        "Corrections of the ledger above this amount need a second person.",
      ),
      confirmations: z.int().min(1).max(1000).default(6).describe("Confirmations after which a payout counts as made."),
      bump_after_minutes: z
        .int()
        .min(0)
        .max(14 * 1440)
        .default(360)
        .describe("Minutes after which a payout that is not mined is offered a higher fee; 0 never does."),
    })
    .prefault({})
    .describe("When miners are paid, and by whose leave. The dashboard can change it; what was changed last holds."),
  stratum: z
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
      max_connections_per_address: z
        .int()
        .min(1)
        .max(2_000_000)
        .default(10_000)
        .describe("Connections at once from one address."),
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
    .describe("The Stratum server."),
  notices: z
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
    .describe("What people are told of by webhook, e-mail and chat; the channels themselves are made on the dashboard."),
  control_plane: z
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
        .describe("Shows the dashboard that they may. Better given as `OTEDAMA_CONTROL_PLANE_TOKEN` than in a file."),
    })
    .prefault({})
    .describe("The dashboard on another machine."),
  database: z
    .strictObject({
      url: DatabaseUrl.optional()
        .meta({ default_text: "a PostgreSQL of our own in `data_dir`" })
        .describe("Address of a PostgreSQL 15 or newer: `postgresql://USER:PASSWORD@HOST:PORT/NAME`. Also `DATABASE_URL`."),
      port: PortOrAny.default(0).describe("Port of our own PostgreSQL; 0 takes a free one and remembers it."),
    })
    .prefault({})
    .describe("Where accounts, shares and money are kept."),
  chain: z
    .strictObject({
      nodes: z
        .array(ChainNode)
        .max(CHAIN_NODES_MAX)
        .default([])
        .meta({ default_text: "on regtest, a development chain of our own" })
        .describe(
          "Nodes that templates come from and blocks go to. All are asked at once: the best tip counts, then the highest fees.",
        ),
      port: PortOrAny.default(0).describe("Port of the development chain; 0 takes a free one and remembers it."),
      block_interval: z
        .number()
        .min(1)
        .max(86_400)
        .default(30)
        .describe("Wanted seconds between two blocks of a new development chain."),
    })
    .prefault({})
    .describe("Where blocks come from."),
  signer: z
    .strictObject({
      kind: z
        .enum(["reference", "wallet", "file", "command"])
        .optional()
        .meta({ default_text: "`reference` where `npm start` makes the payout address, else `file`" })
        .describe(
          "Who signs payouts; the pool has no key. `wallet`: the wallet of a Bitcoin Core compatible node. `file`: people download the PSBT and upload it signed. `command`: a program of yours. `reference`: `otedama signer`.",
        ),
      url: z
        .union([SignerUrl, z.url({ protocol: /^https?$/ })])
        .optional()
        .describe("Address of the wallet's RPC, `http://127.0.0.1:8332/wallet/payouts`, or of the reference signer."),
      user: z.string().max(256).default("").describe("The wallet node's `rpcuser`."),
      password: z.string().max(256).default("").describe("The wallet node's `rpcpassword`."),
      token: z.string().min(16).max(256).optional().describe("The reference signer's token, the same there and here."),
      command: z
        .array(z.string().min(1).max(4096))
        .max(64)
        .default([])
        .describe("Program and arguments; it gets the PSBT in base64 on standard input and writes it signed to standard output."),
      timeout: z.number().min(1).max(3600).default(60).describe("Seconds that the program may take."),
      psbt_version: z.int().min(0).max(2).default(0).describe("Version of the PSBTs given out: 0 (BIP 174) or 2 (BIP 370)."),
      descriptors: z
        .array(z.string().min(1).max(2000))
        .max(20)
        .default([])
        .describe(
          "Output descriptors of further coins that payouts may spend; the chain node looks them up with `scantxoutset`.",
        ),
      descriptor_scan: z
        .number()
        .min(1)
        .max(10_080)
        .default(60)
        .describe("Minutes between two such look-ups; one takes the node minutes on the main network."),
    })
    .prefault({})
    .describe("Who signs the payouts. See [operations/payouts.md](operations/payouts.md)."),
  reference_signer: z
    .strictObject({
      host: Host.default("127.0.0.1").describe("Address that the reference signer listens on."),
      port: PortOrAny.default(0).describe("Its port; 0 takes a free one and remembers it."),
      socket: z.string().min(1).max(100).optional().describe("A Unix socket to listen on instead."),
      token: z
        .string()
        .min(16)
        .max(256)
        .optional()
        .meta({ default_text: "made at the first start" })
        .describe("What a pool has to show. Better given as `OTEDAMA_REFERENCE_SIGNER_TOKEN` than in a file."),
      key_file: z
        .string()
        .min(1)
        .max(4096)
        .optional()
        .meta({ default_text: "in `data_dir`, made at the first start" })
        .describe("The private key, in a file that only its owner can read. Keep a copy of it elsewhere."),
      passphrase: z
        .string()
        .min(8)
        .max(1024)
        .optional()
        .describe("Encrypts a key file that is made anew. Better given as `OTEDAMA_REFERENCE_SIGNER_PASSPHRASE` than in a file."),
      max_per_transaction: Sats.optional()
        .meta({ default_text: "100000000; on regtest 1000000000000" })
        .describe("Satoshis that one transaction may pay to others."),
      max_per_day: Sats.optional()
        .meta({ default_text: "300000000; on regtest 10000000000000" })
        .describe("Satoshis that the transactions of 24 hours may pay to others."),
      max_fee: Sats.default(1_000_000).describe("Satoshis that one transaction may give to the network."),
      max_fee_rate: z.number().positive().max(10_000).default(500).describe("The same in satoshis a virtual byte."),
      max_outputs: z.int().min(1).max(10_000).default(2_501).describe("Outputs of one transaction."),
    })
    .prefault({})
    .describe("The program `otedama signer`: its key and what it refuses to sign, whoever asks."),
});

export type Config = z.output<typeof ConfigSchema>;
export type ConfigInput = z.input<typeof ConfigSchema>;
