/** A miner's own page: what everyone who knows the address may see, and what the holder of its key may set. Numbers above 2^53 are decimal text. */
import { z } from "zod";
import { Count, Hashrate, ShareCounts, UnixMs } from "../wire/common.ts";
import { MinerNoticeGroup } from "./notices.ts";

const Sats = z.int();
const Hash = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hex digits in lower case");
const Big = z.string().regex(/^\d{1,78}$/);

export const MinerWorkerDto = z.strictObject({
  name: z.string(),
  /** Mines for itself alone. */
  solo: z.boolean(),
  state: z.enum(["mining", "idle", "offline"]),
  difficulty: z.number(),
  hashrate_hps: z.strictObject({ m1: Hashrate, m15: Hashrate, d1: Hashrate }),
  shares: ShareCounts,
  last_share_at_ms: UnixMs.nullable(),
});
export type MinerWorkerDto = z.infer<typeof MinerWorkerDto>;

export const MinerPayoutDto = z.strictObject({
  batch_id: z.int(),
  at_ms: UnixMs,
  /** planned, approved and unsigned are before the network hears of it; settled is deep enough in the chain. */
  state: z.enum(["planned", "approved", "unsigned", "signed", "broadcast", "settled"]),
  /** What left the balance; the network's fee is taken from it where miners pay it. */
  amount_sats: Sats,
  fee_part_sats: Sats,
  txid: z.string().nullable(),
  confirmations: Count,
});
export type MinerPayoutDto = z.infer<typeof MinerPayoutDto>;

export const MinerBlockDto = z.strictObject({
  hash: Hash,
  height: Count,
  state: z.enum(["found", "pending", "confirmed", "orphaned", "rejected"]),
  found_at_ms: UnixMs,
  reward_sats: Sats,
  /** This account's credit; null where it has none. */
  credit_sats: Sats.nullable(),
  /** One of this account's workers found it. */
  own: z.boolean(),
  /** There is a receipt to check. */
  receipt: z.boolean(),
});
export type MinerBlockDto = z.infer<typeof MinerBlockDto>;

export const MinerChannelState = z.enum([
  "none",
  /** Nothing goes there before whoever reads the address has said that it may. */
  "unconfirmed",
  "on",
  /** Its reader stopped it, or it did not answer for too long. */
  "stopped",
]);
export type MinerChannelState = z.infer<typeof MinerChannelState>;

export const MinerSettingsDto = z.strictObject({
  /** The account's own; null takes the pool's. */
  threshold_sats: Sats.nullable(),
  /** The pool's own and the lowest that may be set; null while the pool has not said. */
  pool_threshold_sats: Sats.nullable(),
  threshold_min_sats: Sats.nullable(),
  /** Where notices go is shown to nobody; only whether they do. */
  email: MinerChannelState,
  webhook: MinerChannelState,
  notices: z.array(MinerNoticeGroup),
  /** False where the pool has no mail server: then no e-mail address can be set. */
  email_ready: z.boolean(),
  updated_at_ms: UnixMs.nullable(),
});
export type MinerSettingsDto = z.infer<typeof MinerSettingsDto>;

export const MinerDto = z.strictObject({
  address: z.string(),
  at_ms: UnixMs,
  first_seen_at_ms: UnixMs,
  last_share_at_ms: UnixMs.nullable(),
  /** Over the last minute, 15 minutes, hour, day and week. */
  hashrate_hps: z.strictObject({ m1: Hashrate, m15: Hashrate, h1: Hashrate, d1: Hashrate, d7: Hashrate }),
  workers_total: Count,
  workers_mining: Count,
  /** The fastest first, at most 200. */
  workers: z.array(MinerWorkerDto),
  shares: ShareCounts,
  balance: z.strictObject({
    /** Credited from blocks that are not mature: an estimate, since a block can still be orphaned. */
    pending_sats: Sats,
    available_sats: Sats,
    /** In a payout that is not settled. */
    paying_sats: Sats,
    paid_sats: Sats,
  }),
  /** Newest first, at most 50 of each. */
  payouts: z.array(MinerPayoutDto),
  blocks: z.array(MinerBlockDto),
  settings: MinerSettingsDto,
});
export type MinerDto = z.infer<typeof MinerDto>;

export const ReceiptNodeDto = z.strictObject({ hash: Hash, shares: Big, pooled_hashes: Big, solo_hashes: Big });
export type ReceiptNodeDto = z.infer<typeof ReceiptNodeDto>;

/** docs/architecture/receipts.md says what the digest is made of. */
export const ReceiptDto = z.strictObject({
  block_hash: Hash,
  block_height: Count,
  instance_id: z.string(),
  /** Of the instance's receipts, from 1. */
  number: z.int(),
  digest: Hash,
  previous_digest: Hash,
  first_sequence: Big,
  last_sequence: Big,
  started_at_ms: UnixMs,
  ended_at_ms: UnixMs,
  /** False when a part of the log was gone before it was read. */
  complete: z.boolean(),
  leaves: z.int(),
  root: ReceiptNodeDto,
});
export type ReceiptDto = z.infer<typeof ReceiptDto>;

export const ReceiptInclusionDto = z.strictObject({
  index: Count,
  leaf: z.strictObject({ address: z.string(), solo: z.boolean(), shares: Big, work_hashes: Big, chain: Hash }),
  /** Lowest first. */
  siblings: z.array(ReceiptNodeDto),
  /** Of its shares, how many are still kept; they are all there when it is the leaf's count. */
  shares_kept: Count,
});
export type ReceiptInclusionDto = z.infer<typeof ReceiptInclusionDto>;

export const MinerReceiptDto = z.strictObject({
  receipt: ReceiptDto,
  /** One for the account's pooled shares, one for those of its solo workers; none without a share. */
  inclusions: z.array(ReceiptInclusionDto),
  /** The account's workers, by the id in a share. */
  workers: z.array(z.strictObject({ id: z.int(), name: z.string() })),
  /** Blocks whose receipts hold the shares that this block's reward was divided by, newest first; null where the scheme does not say. */
  draws_on: z
    .strictObject({
      blocks: z.array(z.strictObject({ hash: Hash, height: Count })),
      /** False when the window reaches back to before the first receipt. */
      whole: z.boolean(),
    })
    .nullable(),
});
export type MinerReceiptDto = z.infer<typeof MinerReceiptDto>;

/** Where a notice may be sent. The sender looks at the address behind the name as well. */
export const WebhookUrl = z
  .string()
  .max(300)
  .regex(/^[\x21-\x7e]*$/, "must be written in ASCII without spaces")
  .superRefine((text, context) => {
    const url = URL.parse(text);
    const wrong = (message: string) => context.addIssue({ code: "custom", message });
    if (url?.protocol !== "https:") wrong("must be an address that begins with https://");
    else if (url.username !== "" || url.password !== "") wrong("must not hold a user name or a password");
    else if (!/\.[a-z]/.test(url.hostname) || /\.(local|localhost|internal|lan|home\.arpa)\.?$/.test(url.hostname)) {
      wrong("must name a host on the public Internet, not an address or a local name");
    }
  });

/** What a miner wants to change; what is absent stays, null goes back to the pool's or to nothing. */
export const MinerSettingsChange = z
  .strictObject({
    threshold_sats: z.int().min(546).max(2_100_000_000_000_000).nullable().optional(),
    email: z.email("must be an e-mail address").max(254).nullable().optional(),
    webhook_url: WebhookUrl.nullable().optional(),
    notices: z
      .array(MinerNoticeGroup)
      .max(3)
      .refine((groups) => new Set(groups).size === groups.length, "must not name anything twice")
      .optional(),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), "changes nothing");
export type MinerSettingsChange = z.infer<typeof MinerSettingsChange>;

/** To be signed with the address's key and sent back with the signature, once, before it expires. */
export const MinerChallengeDto = z.strictObject({
  change: MinerSettingsChange,
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  expires_at_ms: UnixMs,
  /** Shows that the server made it. */
  seal: Hash,
  /** Exactly this text is signed. */
  message: z.string().max(2_000),
});
export type MinerChallengeDto = z.infer<typeof MinerChallengeDto>;

/** What holds after the change; `webhook_secret` signs what the webhook gets and is told to whoever signed, this time. */
export const MinerSettingsChangedDto = MinerSettingsDto.extend({ webhook_secret: z.string().nullable() });
export type MinerSettingsChangedDto = z.infer<typeof MinerSettingsChangedDto>;

/** From a link in an e-mail. */
export const MinerNoticesToken = z.string().regex(/^\d{1,10}\.[A-Za-z0-9_-]{43}$/, "is not one of this pool's links");
export const MinerConfirmInput = z.strictObject({ token: MinerNoticesToken });

export const MinerSettingsInput = z.strictObject({ challenge: MinerChallengeDto, signature: z.string().min(1).max(8_192) });
export type MinerSettingsInput = z.infer<typeof MinerSettingsInput>;
