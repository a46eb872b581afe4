/** Payouts as they are watched from outside: read from the database now and then, and what went wrong with signers and nodes counted as it does. */
import { PayoutError, type PayoutFigures, readPayoutFigures } from "@otedama/db/payouts";
import type { Database } from "@otedama/db/pool";
import type { Network } from "@otedama/shared";

/** Who said no, or did not answer. */
export type PayoutFailure = "signer" | "broadcast";

export interface PayoutWatchDependencies {
  database: Database;
  databaseUp: () => boolean;
  onTrouble: (error: Error) => void;
}

export class PayoutWatch {
  readonly #options: { every_ms: number; network: Network };
  readonly #d: PayoutWatchDependencies;
  readonly failures: Record<PayoutFailure, number> = { signer: 0, broadcast: 0 };
  /** As they were read last; null before that. */
  figures: PayoutFigures | null = null;
  #timer: NodeJS.Timeout | null = null;
  #reading: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: { every_ms: number; network: Network }, dependencies: PayoutWatchDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  start(): void {
    const tick = () => {
      this.#reading = this.read();
      void this.#reading.then(() => {
        if (!this.#stopped) this.#timer = setTimeout(tick, this.#options.every_ms);
      });
    };
    tick();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#reading;
  }

  failed(who: PayoutFailure): void {
    this.failures[who] += 1;
  }

  /** Never throws: what cannot be read now stays as it was. */
  async read(): Promise<void> {
    if (!this.#d.databaseUp()) return;
    try {
      this.figures = await readPayoutFigures(this.#d.database, this.#options);
    } catch (error) {
      if (!(error instanceof PayoutError && error.code === "no_policy")) this.#d.onTrouble(error as Error);
    }
  }
}
