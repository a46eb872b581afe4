/**
 * Lets programs in by their key (`Authorization: Bearer otedama_…`). Keys are looked up by their hash, so the time of an answer says
 * nothing about how near a guess was. Each key has a rate of its own; look-ups under way are bounded, so that a flood of wrong keys
 * leaves the database to the others.
 */
import type { IncomingMessage } from "node:http";
import { API_KEY_PREFIX, findApiKey, personStanding, type Sql, touchApiKey } from "@otedama/db/web";
import type { MeDto } from "@otedama/shared";
import { meOf } from "../../auth/me.ts";
import { RateBound } from "../../hub/rate_bound.ts";

export interface ApiKeysOptions {
  rate: { per_s: number; burst: number };
  /** Keys whose rate is counted; the one used longest ago makes room. */
  counted_max: number;
  lookups_max: number;
}

export interface KeyHolder {
  id: number;
  scopes: readonly string[];
  me: MeDto;
  address: string;
}

export interface KeyRefusal {
  status: 401 | 403 | 429 | 503;
  code: string;
  message: string;
  headers: Record<string, string>;
}

const refusal = (status: KeyRefusal["status"], code: string, message: string, headers: Record<string, string> = {}) => ({
  refused: { status, code, message, headers: status === 401 ? { "www-authenticate": "Bearer", ...headers } : headers },
});
const HOW = "Make a key under Settings, API keys, and send it as `Authorization: Bearer KEY`.";
const KEY = new RegExp(`^Bearer (${API_KEY_PREFIX}[A-Za-z0-9_-]{43})$`, "i");

export class ApiKeys {
  readonly #options: ApiKeysOptions;
  readonly #sql: Sql;
  readonly #now: () => number;
  readonly #rates = new Map<number, RateBound>();
  #lookups = 0;

  constructor(options: ApiKeysOptions, dependencies: { sql: Sql; now: () => number }) {
    this.#options = options;
    this.#sql = dependencies.sql;
    this.#now = dependencies.now;
  }

  /** Throws what the database said when it is away. */
  async admit(request: IncomingMessage, address: string): Promise<{ holder: KeyHolder } | { refused: KeyRefusal }> {
    const header = request.headers.authorization;
    if (header === undefined) return refusal(401, "key_needed", `This endpoint needs an API key. ${HOW}`);
    const key = KEY.exec(header)?.[1];
    if (key === undefined) return refusal(401, "bad_key", `This is no API key. ${HOW}`);
    if (this.#lookups >= this.#options.lookups_max) {
      return refusal(503, "busy", "Too many keys are being looked up at once. Try again soon.", { "retry-after": "1" });
    }
    this.#lookups++;
    try {
      const row = await findApiKey(this.#sql, key);
      if (row === null) return refusal(401, "bad_key", `This key is not known here. ${HOW}`);
      if (row.state === "revoked") return refusal(401, "key_revoked", "This key was revoked. Make a new one.");
      if (row.state === "expired") return refusal(401, "key_expired", "This key has expired. Make a new one.");
      if (!this.#take(row.id)) {
        const { per_s, burst } = this.#options.rate;
        return refusal(429, "too_many_requests", `This key may ask ${per_s} times a second, ${burst} times at once.`, {
          "retry-after": "1",
        });
      }
      const standing = await personStanding(this.#sql, row.user_id);
      if (standing === null || standing.disabled) {
        return refusal(401, "key_revoked", "The person whose key this is may not sign in any more.");
      }
      await touchApiKey(this.#sql, row.id, address);
      return { holder: { id: row.id, scopes: row.scopes, me: meOf(standing), address } };
    } finally {
      this.#lookups--;
    }
  }

  #take(id: number): boolean {
    const rate = this.#rates.get(id) ?? new RateBound(this.#options.rate, this.#now());
    this.#rates.delete(id);
    this.#rates.set(id, rate);
    const oldest = this.#rates.keys().next().value;
    if (this.#rates.size > this.#options.counted_max && oldest !== undefined) this.#rates.delete(oldest);
    return rate.take(this.#now());
  }
}
