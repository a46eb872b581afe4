/** The fleet: where rigs stand, who lets them in, and which of them something is meant for. */
import { z } from "zod";
import { ProofState } from "../wire/agents/desired.ts";
import { ENROLMENT_TOKEN_MINUTES_MAX } from "../wire/agents/enrol.ts";
import { Ed25519Key } from "../wire/agents/hello.ts";
import { Count, Hashrate, UnixMs } from "../wire/common.ts";
import { RigState, SearchText } from "./index.ts";

const Id = z.int().min(1).max(2_147_483_647);

/** What people call a place, a group or a sheet. */
export const FleetName = z
  .string()
  .trim()
  .min(1, "must not be empty")
  .max(64)
  .refine((text) => !text.includes("\0"), "must not contain NUL");

/** Which rigs a list shows, and which ones a command for "all of these" is for. */
export const RigsFilter = z.strictObject({
  q: SearchText.default(""),
  state: RigState.nullable().default(null),
  proof: ProofState.nullable().default(null),
  site_id: Id.nullable().default(null),
  building_id: Id.nullable().default(null),
  rack_id: Id.nullable().default(null),
  group_id: Id.nullable().default(null),
  sheet_id: Id.nullable().default(null),
  /** The agent's version, exactly. */
  version: z.string().max(200).nullable().default(null),
});
export type RigsFilter = z.infer<typeof RigsFilter>;

export const SELECTED_RIGS_MAX = 1_000;
export const RigSelection = z.discriminatedUnion("by", [
  z.strictObject({ by: z.literal("rigs"), ids: z.array(z.uuid()).min(1).max(SELECTED_RIGS_MAX) }),
  z.strictObject({ by: z.literal("filter"), filter: RigsFilter }),
]);
export type RigSelection = z.infer<typeof RigSelection>;
export const RigSelectionQuery = z.strictObject({ selection: RigSelection });

/** What something would touch, before it is done. */
export const BlastRadiusDto = z.strictObject({
  /** That it is for: enrolled with a key and not retired. */
  rigs: Count,
  mining: Count,
  offline: Count,
  /** Chosen, but of protocol 1: these take no commands and no sheets. */
  unable: Count,
  hashrate_hps: Hashrate,
  /** Of the rigs that tell their power. */
  power_watts: z.number(),
  power_rigs: Count,
});
export type BlastRadiusDto = z.infer<typeof BlastRadiusDto>;

const RigCounts = z.strictObject({ rigs: Count, mining: Count, hashrate_hps: Hashrate });
export const RackDto = RigCounts.extend({ id: Id, building_id: Id, name: z.string(), slots: z.int() });
export const BuildingDto = RigCounts.extend({ id: Id, site_id: Id, name: z.string(), racks: z.array(RackDto) });
export const SiteDto = RigCounts.extend({ id: Id, name: z.string(), buildings: z.array(BuildingDto) });
export const RigGroupDto = RigCounts.extend({ id: Id, name: z.string() });
export type RackDto = z.infer<typeof RackDto>;
export type BuildingDto = z.infer<typeof BuildingDto>;
export type SiteDto = z.infer<typeof SiteDto>;
export type RigGroupDto = z.infer<typeof RigGroupDto>;
export const PlacesDto = z.strictObject({ sites: z.array(SiteDto), groups: z.array(RigGroupDto) });
export type PlacesDto = z.infer<typeof PlacesDto>;

export const SLOTS_MAX = 1_000;
const Slots = z.int().min(1).max(SLOTS_MAX);
export const PlaceInput = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("site"), name: FleetName }),
  z.strictObject({ kind: z.literal("building"), site_id: Id, name: FleetName }),
  z.strictObject({ kind: z.literal("rack"), building_id: Id, name: FleetName, slots: Slots }),
  z.strictObject({ kind: z.literal("group"), name: FleetName }),
]);
export type PlaceInput = z.infer<typeof PlaceInput>;
export const PLACE_KINDS = ["site", "building", "rack", "group"] as const;
export const PlaceKind = z.enum(PLACE_KINDS);
export type PlaceKind = z.infer<typeof PlaceKind>;
export const PlaceChangeInput = z.strictObject({
  kind: PlaceKind,
  id: Id,
  name: FleetName,
  /** Of a rack; null leaves it as it is. */
  slots: Slots.nullable().default(null),
});
export const PlaceRemoveInput = z.strictObject({ kind: PlaceKind, id: Id });
export const PlaceIdDto = z.strictObject({ id: Id });

export const RigPlaceInput = z.strictObject({
  rig_id: z.uuid(),
  site_id: Id,
  /** Null: in no rack. */
  rack_id: Id.nullable(),
  slot: z.int().min(1).max(SLOTS_MAX).nullable(),
});
export type RigPlaceInput = z.infer<typeof RigPlaceInput>;
export const GroupMembersInput = z.strictObject({
  group_id: Id,
  add: z.array(z.uuid()).max(SELECTED_RIGS_MAX).default([]),
  remove: z.array(z.uuid()).max(SELECTED_RIGS_MAX).default([]),
});
export const RigInput = z.strictObject({ id: z.uuid() });

/** One line of the placement's CSV: `rig_id,rig,site,building,rack,slot,groups`, groups parted by semicolons. */
export const PLACEMENT_COLUMNS = ["rig_id", "rig", "site", "building", "rack", "slot", "groups"] as const;
export const PLACEMENT_ROWS_MAX = 50_000;
export const PlacementImportDto = z.strictObject({
  applied: z.boolean(),
  rows: Count,
  /** Rigs that move, or whose groups change. */
  changed: Count,
  /** Places that do not exist yet and are made. */
  made: z.array(z.string()),
  /** Nothing is applied while there is one. At most 100 are told. */
  problems: z.array(z.strictObject({ line: z.int(), field: z.string(), message: z.string() })),
});
export type PlacementImportDto = z.infer<typeof PlacementImportDto>;

export const ENROLMENT_TOKENS_AT_ONCE_MAX = 500;
export const EnrolmentTokenInput = z.strictObject({
  site_id: Id,
  minutes: z.int().min(1).max(ENROLMENT_TOKEN_MINUTES_MAX).default(ENROLMENT_TOKEN_MINUTES_MAX),
  /** Each lets one agent in. */
  count: z.int().min(1).max(ENROLMENT_TOKENS_AT_ONCE_MAX).default(1),
});
/** The tokens are told this one time. */
export const NewEnrolmentTokensDto = z.strictObject({
  tokens: z.array(z.strictObject({ id: Id, token: z.string() })),
  site: z.string(),
  expires_at_ms: UnixMs,
  /** Where agents connect to. */
  hub_url: z.string(),
  /** What agents pin; whoever sets one up by hand may compare it. */
  control_key: Ed25519Key,
});
export type NewEnrolmentTokensDto = z.infer<typeof NewEnrolmentTokensDto>;
export const EnrolmentTokenDto = z.strictObject({
  id: Id,
  site_id: Id,
  site: z.string(),
  /** Null: the command line. */
  created_by: z.string().nullable(),
  created_at_ms: UnixMs,
  expires_at_ms: UnixMs,
  used_at_ms: UnixMs.nullable(),
  agent_id: z.uuid().nullable(),
  agent_name: z.string().nullable(),
  state: z.enum(["open", "used", "revoked", "expired"]),
});
export type EnrolmentTokenDto = z.infer<typeof EnrolmentTokenDto>;
export const EnrolmentTokensQuery = z.strictObject({
  before_id: Id.nullable().default(null),
  page_size: z.int().min(1).max(200).default(50),
});
export const EnrolmentTokensPage = z.strictObject({ rows: z.array(EnrolmentTokenDto), next_before_id: Id.nullable() });
export type EnrolmentTokensPage = z.infer<typeof EnrolmentTokensPage>;
export const EnrolmentTokenRevokeInput = z.strictObject({ id: Id });
