import { type Algorithm, hash, verify } from "@node-rs/argon2";

/** OWASP's recommendation for argon2id: 19 MiB, 2 passes, 1 lane. */
const COST = { algorithm: 2 satisfies Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

export class PasswordsBusyError extends Error {
  constructor() {
    super("too many people are signing in at once; try again in a moment");
  }
}

export interface PasswordHasherOptions {
  /** Hashes computed at once: each takes 19 MiB and a core for some 20 ms. */
  parallel_max: number;
  waiting_max: number;
}

/** Hashes and checks passwords, a bounded number at once, so that a flood of sign-ins cannot take the whole machine. */
export class PasswordHasher {
  readonly #options: PasswordHasherOptions;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: PasswordHasherOptions) {
    this.#options = options;
  }

  hash(password: string): Promise<string> {
    return this.#bounded(() => hash(password, COST));
  }

  /** False for a wrong password and for a stored value that is no hash. */
  verify(stored: string, password: string): Promise<boolean> {
    return this.#bounded(() => verify(stored, password).catch(() => false));
  }

  async #bounded<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#options.parallel_max) {
      if (this.#waiting.length >= this.#options.waiting_max) throw new PasswordsBusyError();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
