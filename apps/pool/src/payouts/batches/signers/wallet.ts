import type { SignerLink } from "@otedama/shared";
import { z } from "zod";
import { RpcClient, RpcError } from "../../../work/rpc.ts";
import type { Signer } from "./signer.ts";
import { SignerError } from "./signer_error.ts";

const Processed = z.object({ psbt: z.string(), complete: z.boolean() });
const WALLET_MS = 60_000;
/** Of Bitcoin Core's rpc/protocol.h. */
const WALLET_LOCKED = -13;
const WALLET_MISSING = -18;

/** Wallet RPC of a Bitcoin Core compatible node: `walletprocesspsbt`. */
export class WalletSigner implements Signer {
  readonly kind = "wallet";
  readonly #rpc: RpcClient;

  constructor(link: Extract<SignerLink, { kind: "wallet" }>) {
    this.#rpc = new RpcClient(link);
  }

  async sign(psbt: string): Promise<string> {
    let answer: unknown;
    try {
      answer = await this.#rpc.call("walletprocesspsbt", [psbt, true], { timeout_ms: WALLET_MS });
    } catch (error) {
      throw explain(this.#rpc.name, error as Error);
    }
    const processed = Processed.safeParse(answer);
    if (!processed.success)
      throw new SignerError("refused", `${this.#rpc.name} does not answer walletprocesspsbt as a node does.`);
    if (!processed.data.complete) {
      throw new SignerError(
        "refused",
        `The wallet at ${this.#rpc.name} did not sign all inputs: does it hold the key of the pool's payout address?`,
      );
    }
    return processed.data.psbt;
  }

  async stop(): Promise<void> {
    this.#rpc.close();
  }
}

function explain(name: string, error: Error): SignerError {
  if (!(error instanceof RpcError) || error.code !== "node") return new SignerError("away", error.message);
  switch (error.node_code) {
    case WALLET_LOCKED:
      return new SignerError("away", `The wallet at ${name} is locked: unlock it with walletpassphrase.`);
    case WALLET_MISSING:
      return new SignerError("away", `The wallet at ${name} is not loaded: load it, or correct the wallet's name in signer.url.`);
    default:
      return new SignerError("refused", `The wallet at ${name} refuses: ${error.message}`);
  }
}
