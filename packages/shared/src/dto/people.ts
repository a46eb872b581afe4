/** People, their ways of signing in, and the keys of their programs. */
import { z } from "zod";
import { Count, UnixMs } from "../wire/common.ts";
import { Email, Password, PersonName, Role } from "./queries.ts";

/** Of a person; Better Auth's ids are 32 characters, ours are UUIDs. */
export const PersonId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "must be a person's id");
const RowId = z.int().min(1).max(2_147_483_647);

export const PersonDto = z.strictObject({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  role: Role,
  second_factor: z.boolean(),
  created_at_ms: UnixMs,
  disabled_at_ms: UnixMs.nullable(),
  sessions: Count,
  api_keys: Count,
  last_used_at_ms: UnixMs.nullable(),
});
export type PersonDto = z.infer<typeof PersonDto>;

export const InviteDto = z.strictObject({
  id: z.int(),
  email: z.string(),
  role: Role,
  created_by: z.string(),
  created_at_ms: UnixMs,
  expires_at_ms: UnixMs,
});
export type InviteDto = z.infer<typeof InviteDto>;

/** Whose sign-in needs a second factor; `money` are owners and accountants. */
export const SecondFactorFor = z.enum(["nobody", "money", "everybody"]);
export type SecondFactorFor = z.infer<typeof SecondFactorFor>;

/** `invites` are those that can still be used. */
export const PeopleDto = z.strictObject({
  people: z.array(PersonDto),
  invites: z.array(InviteDto),
  second_factor_for: SecondFactorFor,
});
export type PeopleDto = z.infer<typeof PeopleDto>;

export const INVITE_HOURS_MAX = 72;
export const InviteInput = z.strictObject({
  email: Email,
  role: Role,
  hours: z.int().min(1).max(INVITE_HOURS_MAX).default(INVITE_HOURS_MAX),
});
/** The one time that the link is told. */
export const InviteLinkDto = z.strictObject({ invite: InviteDto, link: z.string() });
export type InviteLinkDto = z.infer<typeof InviteLinkDto>;
export const InviteTokenInput = z.strictObject({ token: z.string().min(1).max(256) });
export const InviteOfferDto = z.strictObject({ email: z.string(), role: Role });
export type InviteOfferDto = z.infer<typeof InviteOfferDto>;
export const AcceptInviteInput = z.strictObject({ token: z.string().min(1).max(256), name: PersonName, password: Password });
export const RowInput = z.strictObject({ id: RowId });
export const PersonInput = z.strictObject({ id: PersonId });
export const RoleInput = z.strictObject({ id: PersonId, role: Role });
export const AccessRuleInput = z.strictObject({ second_factor_for: SecondFactorFor });

export const SessionDto = z.strictObject({
  id: z.string(),
  /** The one that asks. */
  current: z.boolean(),
  device: z.string(),
  address: z.string(),
  created_at_ms: UnixMs,
  /** To the minute. */
  last_used_at_ms: UnixMs,
});
export type SessionDto = z.infer<typeof SessionDto>;
export const SessionInput = z.strictObject({ id: PersonId });

const CurrentPassword = z.string().min(1, "must not be empty").max(128);
export const PasswordProof = z.strictObject({ password: CurrentPassword });
export const ChangePasswordInput = z.strictObject({ password: CurrentPassword, new_password: Password });
export const CodeInput = z.strictObject({
  code: z
    .string()
    .max(40)
    .regex(/^[0-9A-Za-z -]+$/, "must be the digits that the device shows"),
});
export const RemoveSecondFactorInput = PasswordProof.extend(CodeInput.shape);

/** What a device needs to make codes: as a picture for its camera and as text for typing. */
export const SecondFactorOfferDto = z.strictObject({
  secret: z.string(),
  uri: z.string(),
  /** A QR code: `path` fills the dark modules of a square of `size` modules, the quiet zone included. */
  qr: z.strictObject({ size: z.int(), path: z.string() }),
});
export type SecondFactorOfferDto = z.infer<typeof SecondFactorOfferDto>;
export const BackupCodesDto = z.strictObject({ codes: z.array(z.string()) });
export type BackupCodesDto = z.infer<typeof BackupCodesDto>;

/** What a key may be allowed; each opens the endpoints that the API's reference lists under it. */
export const API_SCOPES = ["read", "money:read", "payouts:plan", "audit:read"] as const;
export const ApiScope = z.enum(API_SCOPES);
export type ApiScope = z.infer<typeof ApiScope>;
export const ApiKeyDto = z.strictObject({
  id: z.int(),
  name: z.string(),
  /** The beginning of the key. */
  hint: z.string(),
  scopes: z.array(z.string()),
  created_at_ms: UnixMs,
  expires_at_ms: UnixMs.nullable(),
  last_used_at_ms: UnixMs.nullable(),
  last_used_address: z.string().nullable(),
});
export type ApiKeyDto = z.infer<typeof ApiKeyDto>;
export const ApiKeyInput = PasswordProof.extend({
  name: PersonName,
  scopes: z
    .array(ApiScope)
    .min(1, "must name at least one scope")
    .max(API_SCOPES.length)
    .refine((scopes) => new Set(scopes).size === scopes.length, "must not name a scope twice"),
  /** Null: it does not expire. */
  days: z.int().min(1).max(3_650).nullable(),
});
/** The one time that the key is told. */
export const NewApiKeyDto = z.strictObject({ api_key: ApiKeyDto, key: z.string() });
export type NewApiKeyDto = z.infer<typeof NewApiKeyDto>;
