/** One chain node: whether it may be mined on, its templates, its view of the chain. */
import type { Network } from "@otedama/shared";
import { z } from "zod";
import { NODE_CODES, type RpcClient, RpcError } from "./rpc.ts";
import { parseTemplate, type Template, TemplateError } from "./template.ts";

const ChainInfo = z.object({ chain: z.string(), blocks: z.int(), headers: z.int().optional() });

/** Names by which nodes call the networks of our settings. */
const CHAINS: Record<Network, readonly string[]> = {
  main: ["main"],
  test: ["test", "testnet4"],
  signet: ["signet"],
  regtest: ["regtest"],
};

/** A node that answers but must not be mined on; `message` says why and what to do. */
class NodeUnfitError extends Error {
  override name = "NodeUnfitError";
}

export class ChainNode {
  readonly name: string;
  readonly rpc: RpcClient;
  readonly #network: Network;

  constructor(options: { network: Network }, dependencies: { rpc: RpcClient }) {
    this.#network = options.network;
    this.rpc = dependencies.rpc;
    this.name = dependencies.rpc.name;
  }

  /** Throws a NodeUnfitError on the wrong network, an RpcError when the node is away. */
  async check(): Promise<void> {
    const info = ChainInfo.safeParse(await this.rpc.call("getblockchaininfo"));
    if (!info.success) throw new NodeUnfitError(`${this.name} does not answer getblockchaininfo as a Bitcoin node does.`);
    if (!CHAINS[this.#network].includes(info.data.chain)) {
      throw new NodeUnfitError(
        `${this.name} is on the network "${info.data.chain.slice(0, 40)}" and this pool mines on "${this.#network}": correct the node's address or the setting network.`,
      );
    }
  }

  /** With `longpollid` the node answers when its template changed (BIP 22). */
  async template(options: { longpollid?: string; timeout_ms: number; signal?: AbortSignal }): Promise<Template> {
    const request = { capabilities: ["coinbasevalue", "longpoll"], rules: ["segwit"] };
    const { longpollid, ...call } = options;
    try {
      return parseTemplate(await this.rpc.call("getblocktemplate", [longpollid ? { ...request, longpollid } : request], call));
    } catch (error) {
      throw explain(this.name, error);
    }
  }

  async bestBlockHash(): Promise<string> {
    return z
      .string()
      .length(64)
      .parse(await this.rpc.call("getbestblockhash"));
  }
}

/** A node's refusals that mean "not yet" in words. */
function explain(name: string, error: unknown): unknown {
  if (error instanceof TemplateError) return new NodeUnfitError(`${name}: ${error.message}`);
  if (!(error instanceof RpcError) || error.code !== "node") return error;
  switch (error.node_code) {
    case NODE_CODES.initial_download:
      return new NodeUnfitError(`${name} is still downloading the chain; mining starts when it has caught up.`);
    case NODE_CODES.not_connected:
      return new NodeUnfitError(`${name} has no peers, so its templates may be old; mining starts when it has found some.`);
    case NODE_CODES.warming_up:
      return new NodeUnfitError(`${name} is starting (${error.message}).`);
    default:
      return new NodeUnfitError(`${name} gives no block template: ${error.message}.`);
  }
}
