/** After the faults: everything runs, nothing is in the way, and what is under way comes to its end. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { formatSats } from "@otedama/shared/units";
import { logEnd } from "./check/share_log.ts";
import type { Accountant } from "./stack/accountant.ts";
import type { Stack } from "./stack/stack.ts";

const WAIT_MS = 120_000;
/** Past the ten minutes of a share window and its minute of grace. */
const PAST_WINDOW_MS = 13 * 60_000;

export class Settler {
  readonly #stack: Stack;
  readonly #accountant: Accountant;
  readonly #problems: string[] = [];

  constructor(dependencies: { stack: Stack; accountant: Accountant }) {
    this.#stack = dependencies.stack;
    this.#accountant = dependencies.accountant;
  }

  /** What did not come to its end, in sentences. */
  async settle(): Promise<string[]> {
    await this.#until("both nodes to agree", () => this.#stack.chain.agree());
    await this.#until("the blocks on disk to be in the database", () => this.#blocksAreKnown());
    await this.#until("the share logs to be applied", () => this.#logsAreApplied());
    await this.#payQuietWindows();
    await this.#until("the blocks to be settled", () => this.#blocksAreSettled());
    await this.#accountant.stop();
    await this.#until("the last payout", async () => {
      await this.#accountant.pay();
      return (await this.#count("SELECT count(*)::int AS n FROM payout_batch WHERE state = 'planned'")) === 0;
    });
    await this.#until("the payouts to be settled", () => this.#payoutsAreSettled());
    await this.#until("the newest block to be looked at", () => this.#chainIsSearched());
    return this.#problems;
  }

  /** What a full disk kept out of a share log comes into it late. */
  async #blocksAreKnown(): Promise<boolean> {
    const stored = this.#stack.pools.flatMap(({ data_dir }) =>
      readdirSync(join(data_dir, "blocks")).flatMap((name) => /^([0-9a-f]{64})\.json$/.exec(name)?.[1] ?? []),
    );
    const { rows } = await this.#stack.database.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM block WHERE hash = ANY($1)",
      [stored],
    );
    return rows[0]?.n === stored.length;
  }

  async #logsAreApplied(): Promise<boolean> {
    for (const { instance_id, data_dir } of this.#stack.pools) {
      const end = logEnd(join(data_dir, "shares"), instance_id);
      const { rows } = await this.#stack.database.query<{ segment: string; offset: string }>(
        'SELECT segment, "offset" FROM share_log_cursor WHERE instance_id = $1',
        [instance_id],
      );
      const [at] = rows;
      if (!at && end.records === 0) continue;
      if (!at || Number(at.segment) < end.segment) return false;
      if (Number(at.segment) === end.segment && Number(at.offset) < end.offset) return false;
    }
    return true;
  }

  /**
   * The last share window is paid a minute after its ten: the pools' clocks are put there, so that everything is paid that was earned.
   * A window of shares from when a clock was ahead begins in the future.
   */
  async #payQuietWindows(): Promise<void> {
    const open = "SELECT count(*)::int AS n FROM share_log_cursor WHERE window_at IS NOT NULL";
    if ((await this.#count(open)) === 0) return;
    const ahead_ms = await this.#count(
      "SELECT greatest(0, max(extract(epoch FROM window_at - now())) * 1000)::int AS n FROM share_log_cursor",
    );
    for (const { clock } of this.#stack.pools) clock?.set(ahead_ms + PAST_WINDOW_MS);
    await this.#until("the last share windows to be paid", async () => (await this.#count(open)) === 0);
    for (const { clock } of this.#stack.pools) clock?.set(0);
  }

  async #blocksAreSettled(): Promise<boolean> {
    const { chain } = this.#stack;
    if ((await this.#count("SELECT count(*)::int AS n FROM block WHERE state IN ('found', 'pending')")) === 0) return true;
    // The deepest branch is six blocks; nothing is decided below the maturity.
    const { rows } = await this.#stack.database.query<{ top: number | null }>(
      "SELECT max(height + maturity_confirmations)::int AS top FROM block WHERE state IN ('found', 'pending')",
    );
    if ((await chain.height()) <= (rows[0]?.top ?? 0)) await chain.mine(2);
    return false;
  }

  async #payoutsAreSettled(): Promise<boolean> {
    const { rows } = await this.#stack.database.query<{ id: number; amount: string; stopped_why: string | null }>(
      "SELECT id, amount_sats::text AS amount, stopped_why FROM payout_batch WHERE state NOT IN ('settled', 'cancelled')",
    );
    const stopped = rows.find((row) => row.stopped_why !== null);
    if (stopped)
      throw new Error(`batch ${stopped.id} of ${formatSats(BigInt(stopped.amount))} BTC was stopped: ${stopped.stopped_why}`);
    if (rows.length === 0) return true;
    const { chain } = this.#stack;
    const mempool = (await chain.rpc<string[]>(0, "getrawmempool")).length;
    const deep = await this.#count(
      "SELECT count(*)::int AS n FROM payout_transaction WHERE block_hash IS NOT NULL AND state = 'broadcast'",
    );
    if (mempool > 0 || deep > 0) await chain.mine(1);
    return false;
  }

  async #chainIsSearched(): Promise<boolean> {
    const top = await this.#stack.chain.height();
    return (await this.#count(`SELECT count(*)::int AS n FROM wallet_block WHERE height = ${top}`)) === 1;
  }

  async #count(sql: string): Promise<number> {
    const { rows } = await this.#stack.database.query<{ n: number }>(sql);
    return rows[0]?.n ?? 0;
  }

  /** What does not come is a problem, and the rest is looked at all the same. */
  async #until(what: string, look: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + WAIT_MS;
    let trouble = "";
    while (performance.now() < end) {
      try {
        if (await look()) return;
        trouble = "";
      } catch (error) {
        trouble = (error as Error).message;
        if (/was stopped/.test(trouble)) break;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    this.#problems.push(`still waiting for ${what}${trouble ? ` (${trouble})` : ""}`);
  }
}
