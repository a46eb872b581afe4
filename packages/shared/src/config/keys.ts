import type { z } from "zod";
import { ConfigSchema } from "./schema.ts";
import type { KeyMeta } from "./values.ts";

/** One setting, read from the schema: what the messages, the environment and the reference page need to know of it. */
export interface ConfigKey {
  /** Dotted: `stratum.min_diff`; elements of a list as `mining.pools[].url`. */
  path: string;
  kind: "section" | "list" | "text" | "number" | "boolean" | "choice";
  description: string;
  /** As written in YAML; null where there is none. */
  default_text: string | null;
  /** Bounds or choices in words. */
  allowed: string;
  not_built: string | null;
  choices_note: string | null;
  default_value: unknown;
}

interface Definition {
  type: string;
  innerType?: z.ZodType;
  element?: z.ZodType;
  shape?: Record<string, z.ZodType>;
  defaultValue?: unknown;
}

const definitionOf = (schema: z.ZodType) => schema._zod.def as unknown as Definition;

/** Strips default, prefault and optional; remembers what they said. */
function unwrap(schema: z.ZodType): { inner: z.ZodType; default_value: unknown; wrapped: boolean } {
  let inner = schema;
  let default_value: unknown;
  let wrapped = false;
  for (let def = definitionOf(inner); def.innerType; def = definitionOf(inner)) {
    if (def.type === "default") default_value = def.defaultValue;
    inner = def.innerType;
    wrapped = true;
  }
  return { inner, default_value, wrapped };
}

function describe(path: string, schema: z.ZodType): ConfigKey {
  const { inner, default_value } = unwrap(schema);
  const meta = (schema.meta() ?? {}) as KeyMeta & { description?: string };
  const { type } = definitionOf(inner);
  const json = inner as unknown as { options?: string[]; minValue?: number | null; maxValue?: number | null; isInt?: boolean };
  const kinds: Record<string, ConfigKey["kind"]> = {
    object: "section",
    array: "list",
    number: "number",
    boolean: "boolean",
    enum: "choice",
  };
  const kind = kinds[type] ?? "text";
  return {
    path,
    kind,
    description: meta.description ?? "",
    default_text: meta.default_text ?? (default_value === undefined ? null : `\`${JSON.stringify(default_value)}\``),
    allowed: kind === "choice" ? (json.options ?? []).join(", ") : kind === "number" ? bounds(json.minValue, json.maxValue) : "",
    not_built: meta.not_built ?? null,
    choices_note: meta.choices_note ?? null,
    default_value,
  };
}

function bounds(min: number | null | undefined, max: number | null | undefined): string {
  const low = min === null || min === undefined || Math.abs(min) >= Number.MAX_SAFE_INTEGER ? null : min;
  const high = max === null || max === undefined || Math.abs(max) >= Number.MAX_SAFE_INTEGER ? null : max;
  if (low !== null && high !== null) return `${low} to ${high}`;
  return low !== null ? `${low} or more` : high !== null ? `up to ${high}` : "";
}

function collect(path: string, schema: z.ZodType, into: ConfigKey[]): void {
  if (path !== "") into.push(describe(path, schema));
  const { inner } = unwrap(schema);
  const { shape, element } = definitionOf(inner);
  if (shape) for (const [key, child] of Object.entries(shape)) collect(path === "" ? key : `${path}.${key}`, child, into);
  if (element && definitionOf(element).shape) {
    for (const [key, child] of Object.entries(definitionOf(element).shape ?? {})) collect(`${path}[].${key}`, child, into);
  }
}

/** Every setting, in the schema's order, sections before their keys. */
export function configKeys(): ConfigKey[] {
  const keys: ConfigKey[] = [];
  collect("", ConfigSchema, keys);
  return keys;
}

/** `stratum.min_diff` → `OTEDAMA_STRATUM_MIN_DIFF`. */
export function environmentName(path: string): string {
  return `OTEDAMA_${path.replaceAll(".", "_").toUpperCase()}`;
}
