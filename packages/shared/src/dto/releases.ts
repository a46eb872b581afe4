/** Signed releases of the agent, the channels that rigs follow, and roll-outs on their way to them. */
import { z } from "zod";
import { AgentBuild, ReleaseFile, ReleaseVersion } from "../wire/agents/orders.ts";
import { Count, Hashrate, UnixMs } from "../wire/common.ts";

const Id = z.int().min(1).max(2_147_483_647);
const Percent = z.number().min(0).max(100);

export const ReleaseDto = z.strictObject({
  number: Id,
  version: ReleaseVersion,
  notes: z.string(),
  /** The release whose files it publishes anew, to go back to them. */
  again_of: Id.nullable(),
  /** Null: the command line. */
  published_by: z.string().nullable(),
  published_at_ms: UnixMs,
  /** Ed25519, base64. */
  signature: z.string(),
  files: z.array(ReleaseFile),
  /** Old releases lose their files to bound the disk; what runs goes on running. */
  files_kept: z.boolean(),
  /** Rigs that said that they run it. */
  rigs: Count,
});
export type ReleaseDto = z.infer<typeof ReleaseDto>;
export const ReleasesQuery = z.strictObject({
  before_number: Id.nullable().default(null),
  page_size: z.int().min(1).max(100).default(25),
});
export type ReleasesQuery = z.infer<typeof ReleasesQuery>;
export const ReleasesPage = z.strictObject({
  rows: z.array(ReleaseDto),
  next_before_number: Id.nullable(),
  /** What agents pin, base64. */
  control_key: z.string(),
});
export type ReleasesPage = z.infer<typeof ReleasesPage>;

/** What lies in the build folder, to be published. */
export const BuildFolderDto = z.strictObject({
  folder: z.string(),
  builds: z.array(AgentBuild),
  /** Why it cannot be published; null when it can. */
  problem: z.string().nullable(),
});
export type BuildFolderDto = z.infer<typeof BuildFolderDto>;

/** The hashes that were shown: a folder that was built anew since then is refused. */
export const PublishInput = z.strictObject({
  sha256: z.array(ReleaseFile.shape.sha256).min(1).max(8),
  notes: z.string().trim().max(2_000).default(""),
});
export type PublishInput = z.infer<typeof PublishInput>;
export const PublishedDto = z.strictObject({ number: Id });

export const STABLE_CHANNEL = "stable";
export const ChannelName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, "must be lower-case letters, digits and dashes, at most 32 of them");
export const ReleaseChannelDto = z.strictObject({
  name: ChannelName,
  /** That its last finished roll-out brought. */
  release_number: Id.nullable(),
  sites: z.array(z.strictObject({ id: Id, name: z.string() })),
  rigs: Count,
  /** What its rigs run, the most frequent first; null numbers run from source. */
  running: z.array(z.strictObject({ release_number: Id.nullable(), version: z.string(), rigs: Count })).max(8),
  /** Not finished yet. */
  rollout_id: Id.nullable(),
});
export type ReleaseChannelDto = z.infer<typeof ReleaseChannelDto>;
export const ReleaseChannelsDto = z.strictObject({ channels: z.array(ReleaseChannelDto) });
export type ReleaseChannelsDto = z.infer<typeof ReleaseChannelsDto>;
/** The site's rigs, now and later, follow this channel; one that does not exist yet is made. */
export const SiteChannelInput = z.strictObject({ site_id: Id, channel: ChannelName });
export const CHANNELS_MAX = 20;

export const ROLLOUT_STATES = ["running", "paused", "stopped", "rolled_back", "cancelled", "done"] as const;
export const RolloutState = z.enum(ROLLOUT_STATES);
export type RolloutState = z.infer<typeof RolloutState>;
export const ROLLOUT_RINGS = ["canary", "a tenth", "all"] as const;
export const ROLLOUT_RIG_STATES = ["waiting", "updating", "proved", "failed", "skipped"] as const;
export type RolloutRigState = (typeof ROLLOUT_RIG_STATES)[number];

export const RolloutTarget = z.strictObject({ release_number: Id, channel: ChannelName });
/** What a roll-out would touch, before it begins. */
export const RolloutPreviewDto = z.strictObject({
  rigs: Count,
  hashrate_hps: Hashrate,
  power_watts: z.number(),
  /** Of the rigs: those that tell their power. */
  power_rigs: Count,
  offline: Count,
  /** In the channel, but running this release or a later one, or unable to update (from source, protocol 1). */
  left_out: Count,
});
export type RolloutPreviewDto = z.infer<typeof RolloutPreviewDto>;

export const RolloutInput = RolloutTarget.extend({
  /** As the preview said: another number now is refused, since it would not be what was agreed to. */
  expected_rigs: z.int().min(1).max(50_000),
  canary_rigs: z.int().min(1).max(100).default(1),
  /** Updates under way at once. */
  batch_rigs: z.int().min(1).max(2_000).default(50),
  /** More failed updates than that stop it. */
  failures_max: z.int().min(0).max(10_000).default(2),
  /** A greater loss of what the updated rigs did before stops it. */
  loss_percent_max: Percent.default(5),
  /** How long a ring is watched before the next one begins. */
  watch_s: z.int().min(0).max(86_400).default(600),
});
export type RolloutInput = z.infer<typeof RolloutInput>;
export const RolloutIdInput = z.strictObject({ id: Id });
export const RolloutStartedDto = z.strictObject({ id: Id });

export const RolloutRingDto = z.strictObject({
  ring: z.int().min(0).max(2),
  rigs: Count,
  counts: z.record(z.enum(ROLLOUT_RIG_STATES), Count),
  /** Of those that wait: not connected now. */
  offline: Count,
});
export type RolloutRingDto = z.infer<typeof RolloutRingDto>;

export const RolloutDto = z.strictObject({
  id: Id,
  release_number: Id,
  version: ReleaseVersion,
  channel: ChannelName,
  state: RolloutState,
  ring: z.int().min(0).max(2),
  rings: z.array(RolloutRingDto),
  /** The ring is watched until then; null while it has rigs to update. */
  watch_until_ms: UnixMs.nullable(),
  batch_rigs: z.int(),
  failures: Count,
  failures_max: Count,
  /** Of the hashrate that the updated rigs had before; null while none was mining. */
  loss_percent: z.number().nullable(),
  loss_percent_max: Percent,
  rigs: Count,
  hashrate_hps: Hashrate,
  power_watts: z.number().nullable(),
  started_by: z.string().nullable(),
  started_at_ms: UnixMs,
  ended_at_ms: UnixMs.nullable(),
  message: z.string().nullable(),
  /** What a roll-back would go to: what most of its rigs ran before; null when there is nothing to go back to, or nobody to bring back. */
  back_to: z.strictObject({ release_number: Id, version: ReleaseVersion, rigs: Count }).nullable(),
  /** The first rigs that failed, and why. */
  failed: z.array(z.strictObject({ rig_id: z.uuid(), rig_name: z.string(), message: z.string() })).max(20),
});
export type RolloutDto = z.infer<typeof RolloutDto>;
export const RolloutsQuery = z.strictObject({
  before_id: Id.nullable().default(null),
  page_size: z.int().min(1).max(50).default(10),
});
export type RolloutsQuery = z.infer<typeof RolloutsQuery>;
export const RolloutsPage = z.strictObject({ rows: z.array(RolloutDto), next_before_id: Id.nullable() });
export type RolloutsPage = z.infer<typeof RolloutsPage>;
/** `expected_rigs` as `back_to` said. */
export const RollBackInput = z.strictObject({ id: Id, expected_rigs: z.int().min(1).max(50_000) });
