/**
 * Asks for the password again before somebody changes how they sign in: an unlocked screen or a stolen cookie is not enough for that. A
 * few tries a minute for each person, so that a stolen cookie cannot be used for guessing either.
 */
import { passwordHash, type WebDatabase } from "@otedama/db/web";
import { RateBound } from "../hub/rate_bound.ts";
import type { PasswordHasher } from "./password.ts";

const TRIES = { per_s: 5 / 60, burst: 5 };
/** People whose tries are counted; the one who tried longest ago makes room. */
const COUNTED_MAX = 1_000;

export type PasswordVerdict = "right" | "wrong" | "too_often";

export class PasswordProofs {
  readonly #database: WebDatabase;
  readonly #passwords: PasswordHasher;
  readonly #now: () => number;
  readonly #tries = new Map<string, RateBound>();

  constructor(dependencies: { database: WebDatabase; passwords: PasswordHasher; now: () => number }) {
    this.#database = dependencies.database;
    this.#passwords = dependencies.passwords;
    this.#now = dependencies.now;
  }

  async judge(user_id: string, password: string): Promise<PasswordVerdict> {
    const tries = this.#tries.get(user_id) ?? new RateBound(TRIES, this.#now());
    this.#tries.delete(user_id);
    this.#tries.set(user_id, tries);
    const oldest = this.#tries.keys().next().value;
    if (this.#tries.size > COUNTED_MAX && oldest !== undefined) this.#tries.delete(oldest);
    if (!tries.take(this.#now())) return "too_often";
    const stored = await passwordHash(this.#database.sql, user_id);
    return stored !== null && (await this.#passwords.verify(stored, password)) ? "right" : "wrong";
  }
}
