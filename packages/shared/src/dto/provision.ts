/** Putting agents on rigs over SSH, and taking them away. Secrets travel in one direction only: nothing here gives one back. */
import { z } from "zod";
import { StratumUrl } from "../settings/agent.ts";
import { Count, UnixMs } from "../wire/common.ts";

export const PROVISION_TARGETS_MAX = 1_024;
export const PROVISION_PARALLEL_MAX = 32;

const Id = z.int().min(1).max(2_147_483_647);
const Secret = z
  .string()
  .max(1_024)
  .refine((text) => !text.includes("\0") && !/[\r\n]/.test(text), "must be one line");

export const ProvisionCredential = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("key"),
    private_key: z.string().min(1, "must not be empty").max(65_536),
    /** Empty for a key without one. */
    passphrase: Secret,
  }),
  /** The SSH agent of the control plane's machine. */
  z.strictObject({ kind: z.literal("agent") }),
  z.strictObject({ kind: z.literal("password"), password: Secret.min(1, "must not be empty") }),
]);
export type ProvisionCredential = z.infer<typeof ProvisionCredential>;

export const ProvisionPurpose = z.enum(["install", "uninstall"]);
export type ProvisionPurpose = z.infer<typeof ProvisionPurpose>;

export const OpenProvisionInput = z.strictObject({
  purpose: ProvisionPurpose,
  /** Addresses, host names and networks, separated by commas, spaces or lines; `host:port` where the port is another. */
  targets: z.string().max(65_536),
  port: z.int().min(1).max(65_535).default(22),
  user: z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/, "must be a user's name on the rigs, such as root or operator"),
  credential: ProvisionCredential,
  /** For sudo, where it asks; empty takes the password of the sign-in, if there is one. */
  sudo_password: Secret.default(""),
  /** The control plane as the rigs reach it; null takes its public address. */
  control_url: z
    .url({ protocol: /^https?$/, error: "must be an address such as https://otedama.example.org" })
    .max(200)
    .nullable()
    .default(null),
  /** Where the rigs stand; only an installation needs it. */
  site_id: Id.nullable().default(null),
  /** What they mine until a flight sheet says otherwise; only an installation needs it. */
  mining: z
    .strictObject({ pool_url: StratumUrl, user: z.string().trim().min(1, "must not be empty").max(256) })
    .nullable()
    .default(null),
  /** How many rigs are worked on at once. */
  parallel: z.int().min(1).max(PROVISION_PARALLEL_MAX).default(8),
});
export type OpenProvisionInput = z.input<typeof OpenProvisionInput>;

export const PROVISION_RIG_STATES = [
  /** Its host key is being asked for. */
  "asking",
  "unreachable",
  /** Its host key is new: a person has to confirm it. */
  "unknown_key",
  /** Its host key is another one than the pinned one. Nothing is sent to it. */
  "changed_key",
  "trusted",
  "checking",
  /** It cannot be done on this rig; `message` says why. */
  "refused",
  "ready",
  "waiting",
  "running",
  "done",
  "failed",
  "cancelled",
] as const;
export const ProvisionRigState = z.enum(PROVISION_RIG_STATES);
export type ProvisionRigState = z.infer<typeof ProvisionRigState>;

export const HostKeyDto = z.strictObject({
  type: z.string(),
  /** `SHA256:…`, as ssh-keygen -l prints it. */
  fingerprint: z.string(),
});
export type HostKeyDto = z.infer<typeof HostKeyDto>;

export const ProvisionFinding = z.strictObject({ level: z.enum(["fact", "warning", "stop"]), text: z.string() });
export type ProvisionFinding = z.infer<typeof ProvisionFinding>;

export const ProvisionStepState = z.enum(["waiting", "running", "done", "failed"]);
export type ProvisionStepState = z.infer<typeof ProvisionStepState>;
export const ProvisionStep = z.strictObject({
  name: z.string(),
  word: z.string(),
  state: ProvisionStepState,
  message: z.string(),
});
export type ProvisionStep = z.infer<typeof ProvisionStep>;

export const ProvisionLogLine = z.strictObject({ number: Count, at_ms: UnixMs, text: z.string() });
export type ProvisionLogLine = z.infer<typeof ProvisionLogLine>;

export const ProvisionRigDto = z.strictObject({
  index: Count,
  host: z.string(),
  port: z.int(),
  state: ProvisionRigState,
  message: z.string().nullable(),
  hostname: z.string().nullable(),
  host_key: HostKeyDto.nullable(),
  /** What is pinned, where that is not what came. */
  pinned: z.array(HostKeyDto),
  findings: z.array(ProvisionFinding),
  plan: z.array(z.string()),
  steps: z.array(ProvisionStep),
  agent_id: z.string().nullable(),
});
export type ProvisionRigDto = z.infer<typeof ProvisionRigDto>;

export const ProvisionRunDto = z.strictObject({
  id: Id,
  purpose: ProvisionPurpose,
  site: z.string().nullable(),
  user: z.string(),
  credential: z.enum(["key", "agent", "password"]),
  /** False from the moment on at which it was forgotten; then nothing more can be done in this run. */
  secret_held: z.boolean(),
  /** When it is forgotten by itself. */
  forgotten_at_ms: UnixMs.nullable(),
  parallel: z.int(),
  opened_at_ms: UnixMs,
  opened_by: z.string(),
  ended_at_ms: UnixMs.nullable(),
  rigs: z.array(ProvisionRigDto),
});
export type ProvisionRunDto = z.infer<typeof ProvisionRunDto>;

export const ProvisionRunRow = z.strictObject({
  id: Id,
  purpose: ProvisionPurpose,
  site: z.string().nullable(),
  user: z.string(),
  rigs: Count,
  done: Count,
  failed: Count,
  opened_at_ms: UnixMs,
  opened_by: z.string(),
  ended_at_ms: UnixMs.nullable(),
});
export type ProvisionRunRow = z.infer<typeof ProvisionRunRow>;

export const HostKeyPinDto = z.strictObject({
  id: Id,
  host: z.string(),
  port: z.int(),
  type: z.string(),
  fingerprint: z.string(),
  source: z.enum(["confirmed", "known_hosts"]),
  pinned_by: z.string(),
  pinned_at_ms: UnixMs,
});
export type HostKeyPinDto = z.infer<typeof HostKeyPinDto>;

export const ProvisionOverviewDto = z.strictObject({
  /** The release that would be installed; null while there is none, and then nothing can be installed. */
  release: z.strictObject({ number: Count, version: z.string(), platforms: z.array(z.string()) }).nullable(),
  /** Whether the control plane's machine has an SSH agent. */
  ssh_agent: z.boolean(),
  sites: z.array(z.strictObject({ id: Id, name: z.string() })),
  runs: z.array(ProvisionRunRow),
  pins: z.array(HostKeyPinDto),
});
export type ProvisionOverviewDto = z.infer<typeof ProvisionOverviewDto>;

export const ProvisionRunInput = z.strictObject({ id: Id });
export const ProvisionLogQuery = z.strictObject({ id: Id, rig: z.int().min(0).max(PROVISION_TARGETS_MAX) });
export const ConfirmHostKeysInput = z.strictObject({
  id: Id,
  keys: z
    .array(z.strictObject({ rig: z.int().min(0).max(PROVISION_TARGETS_MAX), fingerprint: z.string().max(100) }))
    .min(1)
    .max(PROVISION_TARGETS_MAX),
});
export const ConfirmedHostKeysDto = z.strictObject({ pinned: Count });
export const ImportKnownHostsInput = z.strictObject({ id: Id, text: z.string().min(1).max(1_048_576) });
export const ImportedKnownHostsDto = z.strictObject({
  /** Rigs of this run whose key stands in the file, and those whose key is another there. */
  trusted: Count,
  changed: Count,
  /** Lines that could not be read, as sentences; at most ten. */
  problems: z.array(z.string()),
});
export const StartProvisionInput = z.strictObject({
  id: Id,
  rigs: z.array(z.int().min(0).max(PROVISION_TARGETS_MAX)).min(1).max(PROVISION_TARGETS_MAX),
});
export const ForgetPinInput = z.strictObject({ id: Id, reason: z.string().trim().min(3, "must say why").max(300) });

/** Pushed to those who may provision while a run changes: the rigs that changed, whole, and their new log lines. */
export const ProvisionNews = z.strictObject({
  id: Id,
  secret_held: z.boolean(),
  ended_at_ms: UnixMs.nullable(),
  rigs: z.array(ProvisionRigDto),
  lines: z.array(ProvisionLogLine.extend({ rig: Count })),
});
export type ProvisionNews = z.infer<typeof ProvisionNews>;
