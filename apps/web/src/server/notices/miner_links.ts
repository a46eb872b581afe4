/**
 * Links in a miner's e-mails: they confirm its address, or stop its notices. A link holds the channel and the server's seal over it, so
 * that nothing about it is stored. In a link for a person the token stands behind the `#`, which no server's log sees.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

export type LinkPurpose = "confirm" | "stop";

export interface MinerLinksOptions {
  /** Without a slash at its end. */
  public_url: string;
  secret: string;
}

export class MinerLinks {
  readonly #options: MinerLinksOptions;

  constructor(options: MinerLinksOptions) {
    this.#options = options;
  }

  token(purpose: LinkPurpose, channel_id: number, account_id: number): string {
    return `${channel_id}.${this.#seal(purpose, channel_id, account_id).toString("base64url")}`;
  }

  /** The channel that a token is about; null when it was not made here, for this purpose and account. */
  read(purpose: LinkPurpose, token: string, account_id: number): number | null {
    const [number = "", seal = ""] = token.split(".");
    const channel_id = Number(number);
    if (!Number.isInteger(channel_id) || channel_id < 1 || channel_id > 0x7fffffff) return null;
    const given = Buffer.from(seal, "base64url");
    const ours = this.#seal(purpose, channel_id, account_id);
    return given.length === ours.length && timingSafeEqual(given, ours) ? channel_id : null;
  }

  /** For a person: the account's page, which asks before it does anything. */
  page(purpose: LinkPurpose, address: string, token: string): string {
    return `${this.#options.public_url}/m/${address}#${purpose}=${token}`;
  }

  /** For a mail program (RFC 8058): a POST to it stops the notices. */
  oneClick(address: string, token: string): string {
    return `${this.#options.public_url}/api/v1/miners/${address}/notices/stop/${token}`;
  }

  /** What a miner's webhook is signed with; told when it is set, and not stored. */
  webhookSecret(channel_id: number, account_id: number): string {
    return `whsec_${this.#seal("webhook", channel_id, account_id).toString("base64url")}`;
  }

  #seal(purpose: LinkPurpose | "webhook", channel_id: number, account_id: number): Buffer {
    return createHmac("sha256", this.#options.secret)
      .update(`otedama miner notices\n${purpose}\n${channel_id}\n${account_id}`)
      .digest();
  }
}
