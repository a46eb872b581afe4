/** The ledger as the accountant reads it, of a farm whose every entry is known. */
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { AccountDetailDto, LedgerEntryDetailDto, LedgerPage } from "@otedama/shared";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addressOf, type FarmOptions, FEE_SATS, hashOf, REWARD_SATS, seedFarm } from "./fixtures/seed.ts";
import { type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

let postgres: TestPostgres;
let web: RunningWeb;
let client: ReturnType<RunningWeb["client"]>;
let farm: FarmOptions;
beforeAll(async () => {
  postgres = await startTestPostgres();
  web = await startTestWeb(await postgres.createMigratedDatabase());
  // Six blocks: three confirmed, one orphaned, two pending.
  farm = { accounts: 4, workers_per_account: 1, history_s: 600, blocks: 6, rigs: 1, now_ms: Date.now() };
  await seedFarm(web.sql, farm);
  client = web.client(await web.signIn());
});
afterAll(async () => {
  await web.stop();
  await postgres.stop();
});

const share = (REWARD_SATS - FEE_SATS) / 4;

describe("the ledger", () => {
  test("is read newest first, with what each entry moved and sums that cancel out", async () => {
    const page = LedgerPage.parse(await client.ledger.list.query({}));
    expect(page.total).toBe(6 + 3 + 1);
    expect(page.rows.map((row) => Number(row.entry_id))).toEqual(
      page.rows.map((row) => Number(row.entry_id)).sort((a, b) => b - a),
    );
    for (const row of page.rows.filter((one) => one.cause === "block_credit"))
      expect(row).toMatchObject({ moved_sats: REWARD_SATS, lines: 6 });
    expect(page.ledger_sum_sats).toBe(0);
    expect(Object.fromEntries(page.sums.map((sum) => [sum.kind, sum.balance_sats]))).toEqual({
      coinbase: -5 * REWARD_SATS,
      miner_pending: 2 * 4 * share,
      miner_available: 3 * 4 * share,
      fee_pending: 2 * FEE_SATS,
      fee_available: 3 * FEE_SATS,
    });
  });

  test("is filtered by account, cause and time", async () => {
    const list = async (query: Parameters<typeof client.ledger.list.query>[0]) => (await client.ledger.list.query(query)).total;
    expect(await list({ address: addressOf(2) })).toBe(10);
    expect(await list({ address: addressOf(99) })).toBe(0);
    expect(await list({ cause: "block_orphan" })).toBe(1);
    expect(await list({ cause: "block_mature", address: addressOf(1) })).toBe(3);
    expect(await list({ from_ms: farm.now_ms + 60_000 })).toBe(0);
    expect(await list({ to_ms: farm.now_ms + 60_000 })).toBe(10);
    await expect(client.ledger.list.query({ address: "bc1q' OR 1=1" })).rejects.toThrow(/^address: must be a whole address/);
    await expect(client.ledger.list.query({ from_ms: -1 })).rejects.toThrow(/^from_ms:/);
  });

  test("shows an entry's lines, which add up to nothing", async () => {
    const [newest] = (await client.ledger.list.query({ cause: "block_orphan" })).rows;
    const entry = LedgerEntryDetailDto.parse(await client.ledger.get.query({ entry_id: newest?.entry_id ?? "" }));
    expect(entry).toMatchObject({ cause: "block_orphan", block_hash: hashOf("block 4"), block_height: 204, lines: 6 });
    expect(entry.postings).toHaveLength(6);
    expect(entry.postings.reduce((sum, posting) => sum + posting.amount_sats, 0)).toBe(0);
    await expect(client.ledger.get.query({ entry_id: "999999" })).rejects.toThrow("There is no such ledger entry.");
    await expect(client.ledger.get.query({ entry_id: "1; --" })).rejects.toThrow(/^entry_id:/);
  });

  test("explains every balance of an account by its causes, to the satoshi", async () => {
    const { account_id } = (await client.balances.list.query({ q: addressOf(1) })).rows[0] ?? { account_id: 0 };
    const account = AccountDetailDto.parse(await client.balances.get.query({ account_id }));
    for (const balance of account.explained) {
      expect(balance.causes.reduce((sum, cause) => sum + cause.amount_sats, 0)).toBe(balance.balance_sats);
    }
    const pending = account.explained.find((balance) => balance.kind === "miner_pending");
    expect(pending?.causes).toEqual(
      expect.arrayContaining([
        { cause: "block_credit", entries: 6, amount_sats: 6 * share },
        { cause: "block_mature", entries: 3, amount_sats: -3 * share },
        { cause: "block_orphan", entries: 1, amount_sats: -share },
      ]),
    );
    expect(account).toMatchObject({ pending_sats: 2 * share, available_sats: 3 * share, paying_sats: 0, paid_sats: 0 });
  });

  test("takes no postings after its entry was written, and no entry that does not balance", async () => {
    await expect(
      web.sql.query(
        "INSERT INTO ledger_posting (entry_id, ledger_account_id, amount_sats) SELECT min(e.id), max(l.id) + 0, 1 FROM ledger_entry e, ledger_account l WHERE l.kind = 'fee_available'",
      ),
    ).rejects.toThrow(/was written before/);
    await expect(web.sql.query("INSERT INTO ledger_entry (cause, cause_key) VALUES ('correction', 'alone')")).rejects.toThrow(
      /does not balance/,
    );
    expect((await client.ledger.list.query({ cause: "correction" })).total).toBe(0);
  });
});
