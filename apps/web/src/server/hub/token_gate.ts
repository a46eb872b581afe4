/**
 * Lets machines in by their access token. The token is looked up by its SHA-256, so the time of an answer says nothing about how near
 * a guess was. A token that was good lately is good while the database is away; revoking one ends its connections at the next check.
 */
import { type AccessTokenKind, deadAccessTokens, findAccessToken, isDatabaseAway, type Sql, tokenHash } from "@otedama/db/web";

export interface TokenGateOptions {
  /** Tokens remembered for when the database is away. */
  remembered_max: number;
  /** Look-ups under way at once; a flood of handshakes is refused beyond it. */
  lookups_max: number;
}

export type Admission = { token_id: number } | { code: "bad_token" | "revoked" | "unavailable"; message: string };

const BAD = { code: "bad_token", message: "The token is not known here. Take the one that the control plane gave out." } as const;
const REVOKED = { code: "revoked", message: "The token was revoked. Ask the operator for a new one." } as const;
const AWAY = {
  code: "unavailable",
  message: "The database does not answer, so the token cannot be checked. Try again soon.",
} as const;
const BUSY = { code: "unavailable", message: "Too many connections are being opened. Try again soon." } as const;

export class TokenGate {
  readonly #options: TokenGateOptions;
  readonly #sql: Sql;
  readonly #good = new Map<string, number>();
  #lookups = 0;

  constructor(options: TokenGateOptions, dependencies: { sql: Sql }) {
    this.#options = options;
    this.#sql = dependencies.sql;
  }

  async admit(kind: AccessTokenKind, token: string): Promise<Admission> {
    if (this.#lookups >= this.#options.lookups_max) return BUSY;
    const hash = tokenHash(token);
    const key = `${kind}:${hash}`;
    this.#lookups++;
    try {
      const found = await findAccessToken(this.#sql, hash);
      this.#good.delete(key);
      if (found === null || found.kind !== kind) return BAD;
      if (found.revoked) return REVOKED;
      this.#remember(key, found.id);
      return { token_id: found.id };
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      const remembered = this.#good.get(key);
      return remembered === undefined ? AWAY : { token_id: remembered };
    } finally {
      this.#lookups--;
    }
  }

  /** Of these token ids, the ones whose connections must end. */
  async dead(token_ids: number[]): Promise<Set<number>> {
    const dead = new Set(await deadAccessTokens(this.#sql, token_ids));
    for (const [key, id] of this.#good) if (dead.has(id)) this.#good.delete(key);
    return dead;
  }

  #remember(key: string, id: number): void {
    this.#good.set(key, id);
    const oldest = this.#good.keys().next().value;
    if (this.#good.size > this.#options.remembered_max && oldest !== undefined) this.#good.delete(oldest);
  }
}
