/**
 * What a miner writes into its user and password fields.
 *
 * user: `ADDRESS` or `ADDRESS.WORKER`, cut at the first dot (no address has one).
 * password: options between commas or semicolons, by the table below; the `x` that most miners send is no option and means nothing.
 */
import type { Network } from "../settings/common.ts";
import { PAYOUT_SCHEMES, type PayoutScheme } from "../settings/policy.ts";
import { AddressError, parseAddress } from "./address.ts";

export const WORKER_NAME_DEFAULT = "default";
export const WORKER_NAME_MAX = 64;

export interface Login {
  address: string;
  script: Uint8Array;
  worker: string;
  options: LoginOptions;
}

export interface LoginOptions {
  /** Difficulty to begin with (`d=` or `diff=`); null leaves it to the pool. */
  difficulty: number | null;
  /** How it wants to be paid (`m=`): "solo", or the pool's scheme by its name; null leaves it to the pool. */
  scheme: PayoutScheme | null;
}

/** `message` is a sentence for the miner's log. */
export class LoginError extends Error {
  readonly code: "worker_name" | "option" | AddressError["code"];
  constructor(code: LoginError["code"], message: string) {
    super(message);
    this.name = "LoginError";
    this.code = code;
  }
}

type Option = (value: string, options: LoginOptions) => void;

const difficulty: Option = (value, options) => {
  const number = /^\d{1,15}(\.\d{1,15})?(e[+-]?\d{1,2})?$/i.test(value) ? Number(value) : Number.NaN;
  if (!(number > 0 && Number.isFinite(number))) {
    throw new LoginError(
      "option",
      `The password option d=${clip(value)} is not a difficulty: write a number above 0, as in d=1024.`,
    );
  }
  options.difficulty = number;
};

const mode: Option = (value, options) => {
  const scheme = PAYOUT_SCHEMES.find((known) => known === value.toLowerCase());
  if (!scheme)
    throw new LoginError("option", `The password option m=${clip(value)} is not known: m=solo mines for yourself alone.`);
  options.scheme = scheme;
};

const OPTIONS: Record<string, Option> = { d: difficulty, diff: difficulty, m: mode };

/** Throws a LoginError. */
export function parseLogin(user: string, password: string, network: Network): Login {
  const dot = user.indexOf(".");
  const address = (dot < 0 ? user : user.slice(0, dot)).trim();
  const worker = dot < 0 ? "" : user.slice(dot + 1);
  if (worker.length > WORKER_NAME_MAX || !/^[\x21-\x7e]*$/.test(worker)) {
    throw new LoginError(
      "worker_name",
      `The worker name after the dot must have at most ${WORKER_NAME_MAX} printable characters without spaces.`,
    );
  }
  try {
    return { ...parseAddress(address, network), worker: worker || WORKER_NAME_DEFAULT, options: parseOptions(password) };
  } catch (error) {
    if (error instanceof AddressError) throw new LoginError(error.code, error.message);
    throw error;
  }
}

function parseOptions(password: string): LoginOptions {
  const options: LoginOptions = { difficulty: null, scheme: null };
  for (const part of password.split(/[,;]/, 32)) {
    const equals = part.indexOf("=");
    if (equals < 0) continue;
    const name = part.slice(0, equals).trim().toLowerCase();
    if (Object.hasOwn(OPTIONS, name)) OPTIONS[name]?.(part.slice(equals + 1).trim(), options);
  }
  return options;
}

function clip(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, "?").slice(0, 24);
}
