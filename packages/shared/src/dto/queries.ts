/** What the control plane's procedures take, and the answers that belong to one procedure only. */
import { z } from "zod";
import { ProofState } from "../wire/agents/desired.ts";
import { Count, UnixMs } from "../wire/common.ts";
import { RigsFilter } from "./fleet.ts";
import { BlockDto, BlockState, RigDto, RigState, SearchText, Window, WorkerState } from "./index.ts";

export const ROLES = ["owner", "operator", "accountant", "viewer"] as const;
export const Role = z.enum(ROLES);
export type Role = z.infer<typeof Role>;

export const PASSWORD_LENGTH_MIN = 12;
export const PASSWORD_LENGTH_MAX = 128;
export const Password = z
  .string()
  .min(PASSWORD_LENGTH_MIN, `must have at least ${PASSWORD_LENGTH_MIN} characters`)
  .max(PASSWORD_LENGTH_MAX, `must have at most ${PASSWORD_LENGTH_MAX} characters`);
export const Email = z.email("must be an e-mail address").max(254);
export const PersonName = z
  .string()
  .trim()
  .min(1, "must not be empty")
  .max(80)
  .refine((text) => !text.includes("\0"), "must not contain NUL");

/** Every list is asked for by the page, so that a client cannot ask for all of it at once. */
export const Page = { page: z.int().min(1).max(100_000).default(1), page_size: z.int().min(1).max(200).default(50) };

export const MeDto = z.strictObject({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  role: Role,
  /** Signs in with a second factor. */
  second_factor: z.boolean(),
  /** The owner asks for a second factor and there is none: nothing else can be done until it is set up. */
  second_factor_due: z.boolean(),
});
export type MeDto = z.infer<typeof MeDto>;

export const SetupStatusDto = z.strictObject({ needed: z.boolean() });
export type SetupStatusDto = z.infer<typeof SetupStatusDto>;
export const SetupInput = z.strictObject({
  /** From the one-time link. */
  token: z.string().min(1).max(256),
  name: PersonName,
  email: Email,
  password: Password,
});
export type SetupInput = z.infer<typeof SetupInput>;

export const WindowQuery = z.strictObject({ window: Window.default("24h") });
export const WorkerQuery = z.strictObject({ id: z.int().min(1).max(2_147_483_647), window: Window.default("24h") });

/** Every list is sorted by one of its columns. */
const sortedBy = <const Keys extends readonly [string, ...string[]]>(keys: Keys, first: Keys[number], dir: "asc" | "desc") => ({
  sort: z.enum(keys).default(first as never),
  dir: z.enum(["asc", "desc"]).default(dir),
});
export const BLOCK_SORTS = ["height", "state", "effort", "reward", "worker", "found"] as const;
export type BlockSort = (typeof BLOCK_SORTS)[number];
export const RIG_SORTS = ["name", "state", "hashrate", "temperature", "last_seen", "power", "place", "version", "proof"] as const;
export type RigSort = (typeof RIG_SORTS)[number];
export const BALANCE_SORTS = ["address", "available", "pending", "paid", "workers", "credited"] as const;
export type BalanceSort = (typeof BALANCE_SORTS)[number];

export const BlocksQuery = z.strictObject({
  state: BlockState.nullable().default(null),
  ...sortedBy(BLOCK_SORTS, "found", "desc"),
  ...Page,
});
export const BlockQuery = z.strictObject({ hash: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hex digits in lower case") });
export const CREDITS_PAGE_SIZE = 25;
export const CreditsQuery = BlockQuery.extend({ page: z.int().min(1).max(100_000).default(1) });
export const BlocksPage = z.strictObject({ total: Count, rows: z.array(BlockDto) });
export type BlocksPage = z.infer<typeof BlocksPage>;

export const RigsQuery = RigsFilter.extend({
  ...sortedBy(RIG_SORTS, "name", "asc"),
  ...Page,
});
/** Rigs' reports are kept for a month. */
export const RigQuery = z.strictObject({ id: z.uuid(), window: Window.exclude(["1y"]).default("24h") });
export const RigsPage = z.strictObject({ total: Count, rows: z.array(RigDto) });
export type RigsPage = z.infer<typeof RigsPage>;

/** How many rigs a filter finds, by state and by proof; its own state and proof are not asked about. */
export const RigCountsDto = z.strictObject({
  states: z.record(RigState, Count),
  proofs: z.record(ProofState, Count),
  versions: z.array(z.strictObject({ version: z.string(), rigs: Count })).max(50),
});
export type RigCountsDto = z.infer<typeof RigCountsDto>;

/** All rigs at once, in few words each: for the map. */
export const RIG_MAP_MAX = 20_000;
export const RigMapDto = z.strictObject({
  rigs: z
    .array(
      z.strictObject({
        id: z.uuid(),
        name: z.string(),
        rack_id: z.int().nullable(),
        slot: z.int().nullable(),
        state: RigState,
        proof_state: ProofState.nullable(),
        hashrate_hps: z.number(),
        temperature_c_max: z.number().nullable(),
        power_watts: z.number().nullable(),
      }),
    )
    .max(RIG_MAP_MAX),
  /** More rigs than fit: narrow the filter. */
  truncated: z.boolean(),
});
export type RigMapDto = z.infer<typeof RigMapDto>;

export const BalancesQuery = z.strictObject({
  q: SearchText.default(""),
  ...sortedBy(BALANCE_SORTS, "available", "desc"),
  ...Page,
});
export const AccountQuery = z.strictObject({ account_id: z.int().min(1).max(2_147_483_647) });

/** For the command palette: at most `SEARCH_ROWS_MAX` of each kind. */
export const SEARCH_ROWS_MAX = 6;
export const SearchQuery = z.strictObject({ q: SearchText.refine((text) => text.trim() !== "", "must not be empty") });
export const SearchDto = z.strictObject({
  rigs: z.array(z.strictObject({ id: z.uuid(), name: z.string(), hostname: z.string(), state: RigState })).max(SEARCH_ROWS_MAX),
  workers: z
    .array(z.strictObject({ id: z.int(), name: z.string(), account_address: z.string(), state: WorkerState }))
    .max(SEARCH_ROWS_MAX),
  blocks: z
    .array(z.strictObject({ hash: z.string(), height: Count, state: BlockState, found_at_ms: UnixMs }))
    .max(SEARCH_ROWS_MAX),
  accounts: z.array(z.strictObject({ account_id: z.int(), address: z.string() })).max(SEARCH_ROWS_MAX),
});
export type SearchDto = z.infer<typeof SearchDto>;
