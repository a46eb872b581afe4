/** Miners' own pages: what anybody who knows an address may see, and what the holder of its key may set. */
import type { Database } from "@otedama/db/pool";
import {
  applySignedChange,
  confirmMinerChannel,
  findAccount,
  getMiner,
  getMinerReceipt,
  getReceipt,
  minerSeries,
  readMinerSettings,
  readReceiptShares,
  type Sql,
  stopMinerChannel,
  TooManyEmailsError,
} from "@otedama/db/web";
import {
  AddressError,
  type HashrateSeries,
  type MinerChallengeDto,
  type MinerDto,
  type MinerReceiptDto,
  type MinerSettingsChange,
  type MinerSettingsChangedDto,
  type MinerSettingsDto,
  type MinerSettingsInput,
  type Network,
  parseAddress,
  type ReceiptDto,
  type Window,
} from "@otedama/shared";
import { MessageSignatureError, verifyMessage } from "@otedama/shared/message";
import { formatSats } from "@otedama/shared/units";
import type { LinkPurpose, MinerLinks } from "../notices/miner_links.ts";
import { BoundedCache } from "./bounded_cache.ts";
import { type ChallengeOptions, makeChallenge, refuseChallenge } from "./challenge.ts";

export interface MinersOptions extends ChallengeOptions {
  network: Network;
  email_ready: boolean;
}

export interface MinersDependencies {
  sql: Database;
  links: MinerLinks;
  now: () => number;
}

/** What was asked for cannot be done; the sentence is for the miner. */
export class MinerError extends Error {
  readonly code:
    | "bad_address"
    | "unknown_miner"
    | "no_receipt"
    | "bad_threshold"
    | "no_email"
    | "challenge_refused"
    | "bad_signature"
    | "too_many_emails"
    | "link_refused";
  readonly field: string | null;
  constructor(code: MinerError["code"], message: string, field: string | null = null) {
    super(message);
    this.name = "MinerError";
    this.code = code;
    this.field = field;
  }
}

const SUMMARY_MS = 3_000;
const SERIES_MS = 20_000;

export class Miners {
  readonly #options: MinersOptions;
  readonly #d: MinersDependencies;
  readonly #summaries: BoundedCache;
  readonly #series: BoundedCache;

  constructor(options: MinersOptions, dependencies: MinersDependencies) {
    this.#options = options;
    this.#d = dependencies;
    this.#summaries = new BoundedCache({ ttl_ms: SUMMARY_MS, entries_max: 2_000, fetching_max: 8 }, dependencies);
    this.#series = new BoundedCache({ ttl_ms: SERIES_MS, entries_max: 2_000, fetching_max: 8 }, dependencies);
  }

  /** Throws a MinerError for text that is no address of this network; null when nobody has mined to it. */
  async find(text: string): Promise<MinerDto | null> {
    const address = this.#address(text);
    return this.#summaries.get(address, () => getMiner(this.#d.sql, address, this.#d.now(), this.#options));
  }

  async get(text: string): Promise<MinerDto> {
    return known(await this.find(text));
  }

  async series(text: string, window: Window): Promise<HashrateSeries> {
    const address = this.#address(text);
    return known(await this.#series.get(`${address} ${window}`, () => minerSeries(this.#d.sql, address, window, this.#d.now())));
  }

  /** Of a block, with no account's part in it. */
  async receipt(block_hash: string): Promise<ReceiptDto> {
    const receipt = await this.#series.get(block_hash, () => getReceipt(this.#d.sql, block_hash));
    return receipt ?? noReceipt();
  }

  async minerReceipt(text: string, block_hash: string): Promise<MinerReceiptDto> {
    const address = this.#address(text);
    const receipt = await this.#series.get(`${address} ${block_hash}`, async () =>
      getMinerReceipt(this.#d.sql, (await this.#account(address)).id, block_hash),
    );
    return receipt ?? noReceipt();
  }

  /** Packed shares from the `from`-th on; empty at their end. */
  async shares(text: string, block_hash: string, solo: boolean, from: number): Promise<Uint8Array> {
    const address = this.#address(text);
    // Looked up by the share bytes' own key: a page of them is asked for once and not again.
    const { id } = await this.#account(address);
    return (await readReceiptShares(this.#d.sql, id, block_hash, solo, from)) ?? noReceipt();
  }

  async challenge(text: string, change: MinerSettingsChange): Promise<MinerChallengeDto> {
    const address = this.#address(text);
    const { id } = await this.#account(address);
    await this.#check(id, change);
    return makeChallenge(this.#options, address, change, this.#d.now());
  }

  async applySettings(text: string, { challenge, signature }: MinerSettingsInput): Promise<MinerSettingsChangedDto> {
    const address = this.#address(text);
    const { id } = await this.#account(address);
    const refused = refuseChallenge(this.#options, address, challenge, this.#d.now());
    if (refused === "not_ours") {
      throw new MinerError(
        "challenge_refused",
        "This is not the message that was given out for this account. Ask for a new one.",
      );
    }
    if (refused === "expired")
      throw new MinerError("challenge_refused", "The message has expired. Ask for a new one and sign that.");
    await this.#check(id, challenge.change);
    try {
      verifyMessage(address, this.#options.network, challenge.message, signature);
    } catch (error) {
      if (error instanceof MessageSignatureError) throw new MinerError("bad_signature", error.message, "signature");
      throw error;
    }
    const { nonce, expires_at_ms, change } = challenge;
    const applied = await applySignedChange(this.#d.sql, { account_id: id, address, nonce, expires_at_ms, change }).catch(
      tooMany,
    );
    if (applied === null) {
      throw new MinerError("challenge_refused", "This message was used before. Ask for a new one to change the settings again.");
    }
    this.#summaries.drop(address);
    const { webhook_channel_id: channel } = applied;
    return {
      ...(await readMinerSettings(this.#d.sql, id, this.#options)),
      webhook_secret: channel === null ? null : this.#d.links.webhookSecret(channel, id),
    };
  }

  /** The reader of an e-mail says that the address may get the account's notices. */
  async confirmNotices(text: string, token: string): Promise<MinerSettingsDto> {
    return this.#byLink(text, "confirm", token, confirmMinerChannel);
  }

  /** The reader of an e-mail wants no more of them. */
  async stopNotices(text: string, token: string): Promise<MinerSettingsDto> {
    return this.#byLink(text, "stop", token, stopMinerChannel);
  }

  async #byLink(
    text: string,
    purpose: LinkPurpose,
    token: string,
    act: (sql: Sql, channel_id: number, account_id: number) => Promise<boolean>,
  ): Promise<MinerSettingsDto> {
    const address = this.#address(text);
    const { id } = await this.#account(address);
    const channel_id = this.#d.links.read(purpose, token, id);
    if (channel_id === null)
      throw new MinerError("link_refused", "This link was not made by this pool for this account.", "token");
    if (!(await act(this.#d.sql, channel_id, id))) {
      throw new MinerError(
        "link_refused",
        purpose === "confirm"
          ? "This link is too old, or the address it was sent to is not the account's any more. Set it again to get a new one."
          : "The address that this link was sent to is not the account's any more: nothing goes there.",
        "token",
      );
    }
    this.#summaries.drop(address);
    return readMinerSettings(this.#d.sql, id, this.#options);
  }

  #address(text: string): string {
    try {
      return parseAddress(text, this.#options.network).address;
    } catch (error) {
      if (error instanceof AddressError) throw new MinerError("bad_address", error.message, "address");
      throw error;
    }
  }

  async #account(address: string) {
    return known(await findAccount(this.#d.sql, address));
  }

  async #check(account_id: number, change: MinerSettingsChange): Promise<void> {
    if (change.email != null && !this.#options.email_ready) {
      throw new MinerError("no_email", "email: this pool sends no e-mail. Set a webhook instead.", "email");
    }
    if (change.threshold_sats == null) return;
    const { threshold_min_sats } = await readMinerSettings(this.#d.sql, account_id, this.#options);
    if (threshold_min_sats !== null && change.threshold_sats < threshold_min_sats) {
      throw new MinerError(
        "bad_threshold",
        `The lowest threshold at this pool is ${formatSats(threshold_min_sats)} BTC (${threshold_min_sats} satoshis).`,
        "threshold_sats",
      );
    }
  }
}

function tooMany(error: unknown): never {
  if (error instanceof TooManyEmailsError) throw new MinerError("too_many_emails", error.message, "email");
  throw error;
}

function known<T>(found: T | null): T {
  if (found === null) {
    throw new MinerError(
      "unknown_miner",
      "Nobody has mined to this address here. It appears with the first accepted share.",
      "address",
    );
  }
  return found;
}

function noReceipt(): never {
  throw new MinerError(
    "no_receipt",
    "There is no receipt for this block: it is not one of ours, or its shares are still being counted.",
  );
}
