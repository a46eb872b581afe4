import type { SignerLink } from "@otedama/shared";
import { CommandSigner } from "./command.ts";
import { ReferenceSigner } from "./reference.ts";
import { WalletSigner } from "./wallet.ts";

/** Whoever has the key, outside this process. */
export interface Signer {
  readonly kind: "reference" | "wallet" | "command";
  /** The PSBT with signatures. Throws a SignerError when it is refused or the signer is away. */
  sign(psbt: string): Promise<string>;
  stop(): Promise<void>;
}

/** Null for `file`: people carry the PSBT. */
export function makeSigner(link: SignerLink): Signer | null {
  switch (link.kind) {
    case "reference":
      return new ReferenceSigner(link);
    case "wallet":
      return new WalletSigner(link);
    case "command":
      return new CommandSigner(link);
    case "file":
      return null;
  }
}
