import { parseAsString, parseAsStringLiteral } from "nuqs/server";
import { parseAsSearch } from "@/lib/list_search.ts";

/** What is chosen on the audit log's screen, as it stands in the address. Days are UTC's, as the log's own times are. */
export const auditSearch = {
  q: parseAsSearch,
  actor: parseAsString,
  action: parseAsString,
  since: parseAsStringLiteral(["24h", "7d", "30d", "days"] as const),
  from: parseAsString,
  to: parseAsString,
};

type Chosen = {
  readonly q: string;
  readonly actor: string | null;
  readonly action: string | null;
  readonly since: "24h" | "7d" | "30d" | "days" | null;
  readonly from: string | null;
  readonly to: string | null;
};

const HOUR_MS = 3_600_000;
const LENGTHS_MS = { "24h": 24 * HOUR_MS, "7d": 168 * HOUR_MS, "30d": 720 * HOUR_MS } as const;

/** Unix milliseconds at which a day such as 2026-11-21 begins; null for what is no day. */
export function dayStart_ms(day: string | null): number | null {
  const at_ms = day !== null && /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  return Number.isFinite(at_ms) && at_ms >= 0 ? at_ms : null;
}

/** As a query of the control plane. The window's edge moves by the minute, so that a screen which stays open asks for the same. */
export function auditQuery(chosen: Chosen, now_ms = Date.now()) {
  const { since } = chosen;
  const to_ms = since === "days" ? dayStart_ms(chosen.to) : null;
  return {
    q: chosen.q.slice(0, 128),
    actor: chosen.actor?.slice(0, 254) ?? null,
    action: chosen.action !== null && /^[a-z_]{1,40}(\.[a-z_]{1,20})?$/.test(chosen.action) ? chosen.action : null,
    from_ms:
      since === null
        ? null
        : since === "days"
          ? dayStart_ms(chosen.from)
          : Math.floor((now_ms - LENGTHS_MS[since]) / 60_000) * 60_000,
    // The last day is meant whole.
    to_ms: to_ms === null ? null : to_ms + 24 * HOUR_MS,
  };
}
