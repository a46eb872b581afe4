import { z } from "zod";
import { SignerUrl } from "../../settings/signer.ts";
import { Host, PortOrAny, Sats } from "../values.ts";

export const signer = z
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
      .describe("Output descriptors of further coins that payouts may spend; the chain node looks them up with `scantxoutset`."),
    descriptor_scan: z
      .number()
      .min(1)
      .max(10_080)
      .default(60)
      .describe("Minutes between two such look-ups; one takes the node minutes on the main network."),
  })
  .prefault({})
  .describe("Who signs the payouts. See [operations/payouts.md](operations/payouts.md).");

export const reference_signer = z
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
  .describe("The program `otedama signer`: its key and what it refuses to sign, whoever asks.");
