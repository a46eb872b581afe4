import { z } from "zod";
import { Network } from "../../settings/common.ts";
import { CHAIN_NODES_MAX, ZmqAddress } from "../../settings/pool.ts";
import { PortOrAny } from "../values.ts";

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

export const network = z
  .strictObject({
    name: Network.default("regtest").describe(
      "Which Bitcoin network. All but `regtest` need `chain.nodes` and `p2p_pool.payout_address`.",
    ),
  })
  .prefault({})
  .describe("The chain that is mined.");

export const chain = z
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
  .describe("Where blocks come from.");
