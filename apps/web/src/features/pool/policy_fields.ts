/** The pool's settings as a form: what each field is called, what it means and how it is typed. */
import { formatSats } from "@otedama/shared/units";

export type FieldKind =
  | { readonly as: "number" | "percent"; readonly unit?: string }
  | { readonly as: "sats" }
  | { readonly as: "text" }
  | { readonly as: "switch" }
  | { readonly as: "addresses" }
  | { readonly as: "choice"; readonly choices: readonly { readonly value: string; readonly label: string }[] };

export type PolicyField = {
  readonly path: string;
  readonly label: string;
  readonly hint: string;
  /** What the form offers while the part that it belongs to is not set. */
  readonly offered?: string;
} & FieldKind;
export type PolicyGroup = { readonly name: string; readonly note: string; readonly fields: readonly PolicyField[] };

export const SCHEME_WORDS: Readonly<Record<string, string>> = {
  solo: "SOLO: the finder takes the block",
  pplns: "PPLNS: by the work of a window before the block",
  prop: "PROP: by the work since the block before",
  pps: "PPS: each share is paid its expected part of the subsidy",
  fpps: "FPPS: each share is paid its expected part of subsidy and fees",
};

export const POLICY_GROUPS: readonly PolicyGroup[] = [
  {
    name: "How a block is shared out",
    note: "holds for blocks found from now on",
    fields: [
      {
        path: "scheme",
        label: "Scheme",
        hint: "PPS and FPPS pay from the pool's reserve: look at the risk first.",
        as: "choice",
        choices: Object.entries(SCHEME_WORDS).map(([value, label]) => ({ value, label })),
      },
      { path: "pplns_window", label: "PPLNS window", hint: "In units of network difficulty.", as: "number" },
      { path: "solo_allowed", label: "Miners may choose SOLO", hint: "By m=solo in the password.", as: "switch" },
      { path: "finder_bonus_percent", label: "Finder's bonus", hint: "Of each reward, under PPLNS and PROP.", as: "percent" },
    ],
  },
  {
    name: "Fees",
    note: "of each reward, by scheme",
    fields: [
      { path: "fee_percent.solo", label: "Fee under SOLO", hint: "", as: "percent" },
      { path: "fee_percent.pplns", label: "Fee under PPLNS", hint: "", as: "percent" },
      { path: "fee_percent.prop", label: "Fee under PROP", hint: "", as: "percent" },
      { path: "fee_percent.pps", label: "Fee under PPS", hint: "", as: "percent" },
      { path: "fee_percent.fpps", label: "Fee under FPPS", hint: "", as: "percent" },
      { path: "fee_exempt_addresses", label: "Accounts without a fee", hint: "One address a line.", as: "addresses" },
      { path: "donation.address", label: "Donation goes to", hint: "Empty: no donation.", as: "text" },
      { path: "donation.percent", label: "Donation", hint: "Of each reward.", as: "percent" },
    ],
  },
  {
    name: "Work given to miners",
    note: "the text goes into the next job, the bounds to connections from now on",
    fields: [
      { path: "coinbase_text", label: "Text in each block", hint: "At most 40 printable ASCII characters.", as: "text" },
      { path: "difficulty.initial", label: "First difficulty", hint: "That a connection begins with.", as: "number" },
      { path: "difficulty.min", label: "Lowest difficulty", hint: "", as: "number" },
      { path: "difficulty.max", label: "Highest difficulty", hint: "", as: "number" },
      {
        path: "difficulty.target_time_s",
        label: "Time between shares",
        hint: "Wanted for each connection.",
        as: "number",
        unit: "s",
      },
    ],
  },
  {
    name: "Payouts",
    note: "hold for batches planned from now on",
    fields: [
      { path: "payouts.scheduled", label: "Plan by themselves", hint: "A person can always plan.", as: "switch" },
      { path: "payouts.every_hours", label: "Every", hint: "", as: "number", unit: "h" },
      { path: "payouts.threshold_sats", label: "Threshold", hint: "Of accounts that set none of their own.", as: "sats" },
      { path: "payouts.threshold_min_sats", label: "Lowest own threshold", hint: "That a miner may set.", as: "sats" },
      {
        path: "payouts.fee_payer",
        label: "Network fee paid by",
        hint: "",
        as: "choice",
        choices: [
          { value: "pool", label: "the pool" },
          { value: "miners", label: "the miners, in equal parts of the transaction" },
        ],
      },
      { path: "payouts.fee_rate_min", label: "Lowest fee rate", hint: "", as: "number", unit: "sat/vB" },
      {
        path: "payouts.fee_rate_max",
        label: "Highest fee rate",
        hint: "A batch waits while the network asks more.",
        as: "number",
        unit: "sat/vB",
      },
      {
        path: "payouts.fee_target_blocks",
        label: "To be mined within",
        hint: "What the node's estimate is asked for.",
        as: "number",
        unit: "blocks",
      },
      { path: "payouts.outputs_max", label: "Accounts in a batch", hint: "More are split.", as: "number" },
      { path: "payouts.unattended_max_sats", label: "Without approval up to", hint: "", as: "sats" },
      { path: "payouts.four_eyes_above_sats", label: "Two people above", hint: "", as: "sats" },
      { path: "payouts.confirmations", label: "Settled after", hint: "", as: "number", unit: "confirmations" },
      {
        path: "payouts.bump_after_minutes",
        label: "Offer a higher fee after",
        hint: "0: never by itself.",
        as: "number",
        unit: "min",
      },
      {
        path: "payouts.fee_payout.address",
        label: "The pool's own fees go to",
        hint: "Empty: they stay where they are.",
        as: "text",
      },
      {
        path: "payouts.fee_payout.threshold_sats",
        label: "Fees are paid out from",
        hint: "Beyond what is kept.",
        as: "sats",
        offered: "1000000",
      },
      {
        path: "payouts.fee_payout.keep_sats",
        label: "Fees that are kept",
        hint: "For the network's fees, where the pool pays them.",
        as: "sats",
        offered: "100000",
      },
      { path: "correction_four_eyes_above_sats", label: "Corrections need two people above", hint: "", as: "sats" },
    ],
  },
];

const FIELDS = new Map(POLICY_GROUPS.flatMap((group) => group.fields.map((field) => [field.path, field] as const)));

export const fieldName = (path: string): string => FIELDS.get(path)?.label ?? path;

/** A value as people read it. */
export function fieldText(path: string, value: unknown): string {
  const field = FIELDS.get(path);
  if (value === null || value === undefined || value === "") return "none";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (field?.as === "sats" && typeof value === "number") return `${formatSats(value)} BTC`;
  if (field?.as === "percent") return `${String(value)} %`;
  if (field?.as === "choice") return field.choices.find((choice) => choice.value === value)?.label ?? String(value);
  return field?.as === "number" && field.unit !== undefined ? `${String(value)} ${field.unit}` : String(value);
}

/** Parts of the policy that are there only when they name an address. */
const OPTIONAL_PARTS = ["donation", "payouts.fee_payout"];

export type FormValues = Readonly<Record<string, string | boolean>>;

/** What the form begins with. */
export function toForm(policy: object): FormValues {
  const values: Record<string, string | boolean> = {};
  for (const { path, as, offered } of FIELDS.values()) {
    const value = at(policy, path);
    values[path] =
      as === "switch"
        ? value === true
        : as === "addresses"
          ? (value as string[]).join("\n")
          : value === null || value === undefined
            ? (offered ?? "")
            : String(value);
  }
  return values;
}

/** What the form says, in the policy's shape; what is not a number stays as it was typed, so that the server names the field. */
export function fromForm(policy: object, values: FormValues): Record<string, unknown> {
  const made = structuredClone(policy) as Record<string, unknown>;
  const without = OPTIONAL_PARTS.filter((part) => String(values[`${part}.address`] ?? "").trim() === "");
  for (const part of OPTIONAL_PARTS) put(made, part, without.includes(part) ? null : {});
  for (const { path, as } of FIELDS.values()) {
    if (without.some((part) => path.startsWith(`${part}.`))) continue;
    const value = values[path];
    put(
      made,
      path,
      as === "switch"
        ? value === true
        : as === "addresses"
          ? String(value)
              .split(/\s+/)
              .filter((line) => line !== "")
          : as === "text" || as === "choice"
            ? String(value ?? "").trim()
            : typed(String(value)),
    );
  }
  return made;
}

function typed(text: string): number | string {
  const trimmed = text.trim();
  const value = Number(trimmed);
  return trimmed === "" || Number.isNaN(value) ? trimmed : value;
}

function at(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((part, key) => (part as Record<string, unknown> | null | undefined)?.[key], value);
}

function put(target: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  const parent = keys.reduce<Record<string, unknown>>((part, key) => part[key] as Record<string, unknown>, target);
  parent[last] = value;
}
