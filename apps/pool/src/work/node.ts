/** One chain node: whether it may be mined on, its templates, its view of the chain. */
import type { Network } from "@otedama/shared";
import { z } from "zod";
import { type ChainFacts, chainFault, clockFault } from "./fitness.ts";
import { rewardFault } from "./reward.ts";
import { type CallOptions, NODE_CODES, type RpcClient, RpcError } from "./rpc.ts";
import { parseTemplate, type Template, TemplateError } from "./template.ts";

const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const ChainInfo = z.object({
  chain: z.string(),
  blocks: z.int().min(0),
  headers: z.int().min(0).optional(),
  bestblockhash: Hash,
  initialblockdownload: z.boolean().default(false),
});
const NetworkInfo = z.object({ subversion: z.string().optional(), connections: z.int().min(0).optional() });
const MempoolInfo = z.object({ size: z.int().min(0) });

/** A node that answers but must not be mined on; `message` says why and what to do. */
export class NodeUnfitError extends Error {
  override name = "NodeUnfitError";
}

export interface NodeStatus extends ChainFacts {
  best_hash: string;
  version: string | null;
  mempool_transactions: number | null;
}

export interface ChainNodeOptions {
  network: Network;
  halving_interval_blocks: number;
}

export class ChainNode {
  readonly name: string;
  readonly rpc: RpcClient;
  readonly #options: ChainNodeOptions;

  constructor(options: ChainNodeOptions, dependencies: { rpc: RpcClient }) {
    this.#options = options;
    this.rpc = dependencies.rpc;
    this.name = dependencies.rpc.name;
  }

  /** What the node says of itself. Throws an RpcError when it is away, a NodeUnfitError when it answers as no Bitcoin node does. */
  async status(call: CallOptions = {}): Promise<NodeStatus> {
    const optional = async (method: string, params: unknown[] = []) => {
      try {
        return await this.rpc.call(method, params, call);
      } catch (error) {
        // A node that does not know the question can still be mined on.
        if (error instanceof RpcError && error.code === "node") return null;
        throw error;
      }
    };
    const [chain, network, mempool, genesis] = await Promise.all([
      this.rpc.call("getblockchaininfo", [], call).catch((error) => {
        throw explain(this.name, error);
      }),
      optional("getnetworkinfo"),
      optional("getmempoolinfo"),
      optional("getblockhash", [0]),
    ]);
    const info = ChainInfo.safeParse(chain);
    if (!info.success) throw new NodeUnfitError(`${this.name} does not answer getblockchaininfo as a Bitcoin node does.`);
    const { subversion, connections } = NetworkInfo.safeParse(network).data ?? {};
    return {
      chain: info.data.chain,
      genesis: Hash.safeParse(genesis).data ?? null,
      blocks: info.data.blocks,
      headers: info.data.headers ?? null,
      initial_block_download: info.data.initialblockdownload,
      best_hash: info.data.bestblockhash,
      peers: connections ?? null,
      version: subversion ?? null,
      mempool_transactions: MempoolInfo.safeParse(mempool).data?.size ?? null,
    };
  }

  /** Throws a NodeUnfitError for a node that must not be mined on. `genesis`: see `FitnessRules`. */
  judge(status: NodeStatus, genesis: string | null): void {
    const fault = chainFault(this.name, status, { network: this.#options.network, genesis });
    if (fault) throw new NodeUnfitError(fault);
  }

  /**
   * With `longpollid` the node answers when its template changed (BIP 22). Throws a NodeUnfitError for a template that must not be mined.
   */
  async template(options: { longpollid?: string; timeout_ms: number; signal?: AbortSignal }): Promise<Template> {
    const request = { capabilities: ["coinbasevalue", "longpoll"], rules: ["segwit"] };
    const { longpollid, ...call } = options;
    let template: Template;
    try {
      template = parseTemplate(
        await this.rpc.call("getblocktemplate", [longpollid ? { ...request, longpollid } : request], call),
      );
    } catch (error) {
      throw explain(this.name, error);
    }
    if (!template.segwit) {
      throw new NodeUnfitError(
        `${this.name} gives templates without the segwit rules: it is too old for this network, or a node of another currency.`,
      );
    }
    const fault = rewardFault(template, this.#options.halving_interval_blocks);
    if (fault) throw new NodeUnfitError(`${this.name}: ${fault}`);
    return template;
  }

  /** Throws a NodeUnfitError when the node's clock is too far from this machine's. */
  judgeClock(skew_s: number | null): void {
    const fault = clockFault(this.name, skew_s);
    if (fault) throw new NodeUnfitError(fault);
  }

  async bestBlockHash(call: CallOptions = {}): Promise<string> {
    const hash = Hash.safeParse(await this.rpc.call("getbestblockhash", [], call));
    if (!hash.success) throw new NodeUnfitError(`${this.name} does not answer getbestblockhash as a Bitcoin node does.`);
    return hash.data;
  }

  /** Transactions that wait; 0 where the node does not tell. */
  async mempoolTransactions(call: CallOptions = {}): Promise<number> {
    return MempoolInfo.safeParse(await this.rpc.call("getmempoolinfo", [], call)).data?.size ?? 0;
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
