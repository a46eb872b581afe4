/** What the ledger holds against everybody, and corrections of it. */
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import {
  approveCorrection,
  CorrectionError,
  createPolicyVersion,
  type Database,
  ensureAccount,
  isUnavailable,
  listCorrections,
  openDatabase,
  type Posting,
  refuseCorrection,
  transaction,
  writeCorrection,
  writeEntry,
} from "@otedama/db/pool";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

const MINER = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";

let server: TestPostgres;
beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(() => server.stop());
const open: Database[] = [];
afterEach(async () => {
  for (const database of open.splice(0)) await database.end();
});

async function freshDatabase(): Promise<Database> {
  const database = openDatabase({ url: await server.createMigratedDatabase(), application_name: "test", connections_max: 12 });
  open.push(database);
  return database;
}

const deposit = (amount_sats: bigint): Posting[] => [
  { kind: "operator", account_id: null, amount_sats: -amount_sats },
  { kind: "reserve_available", account_id: null, amount_sats },
];

async function balance(database: Database, kind: string): Promise<bigint> {
  const { rows } = await database.query(
    "SELECT coalesce(sum(b.balance_sats), 0) AS sats FROM ledger_balance b JOIN ledger_account l ON l.id = b.ledger_account_id WHERE l.kind = $1::ledger_account_kind",
    [kind],
  );
  return BigInt(rows[0].sats);
}

describe("the ledger", () => {
  test("takes no change and no removal, from its owner or from a role that may write, also while replication is replayed", async () => {
    const database = await freshDatabase();
    await transaction(database, (client) =>
      writeEntry(client, { cause: "fee", cause_key: "two", block_hash: null, postings: deposit(5n) }),
    );
    const role = `writer_${Date.now()}`;
    await database.query(`CREATE ROLE ${role} LOGIN`);
    await database.query(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`);
    const asRole = (name: string | null, statement: string) =>
      transaction(database, async (client) => {
        if (name) await client.query(`SET LOCAL ROLE ${name}`);
        else await client.query("SET LOCAL session_replication_role = replica");
        await client.query(statement);
      });
    for (const table of ["ledger_entry", "ledger_posting", "pool_policy", "audit_log", "block_window_end"]) {
      for (const statement of [
        `UPDATE ${table} SET ${table === "ledger_posting" ? "amount_sats = 0" : table === "block_window_end" ? "segment = 0" : table === "audit_log" ? "actor = ''" : "reason = ''"}`,
        `DELETE FROM ${table}`,
        `TRUNCATE ${table} CASCADE`,
      ]) {
        await expect(asRole(role, statement), statement).rejects.toThrow(/append-only|kept for good/);
        await expect(asRole(null, statement), statement).rejects.toThrow(/append-only|kept for good/);
        await expect(database.query(statement), statement).rejects.toThrow(/append-only|kept for good/);
      }
    }
    await expect(database.query("TRUNCATE account CASCADE")).rejects.toThrow(/append-only/);
    await database.query(`DROP OWNED BY ${role}`);
    await database.query(`DROP ROLE ${role}`);
  });

  test("refuses at commit what does not balance, and postings to an entry that is written", async () => {
    const database = await freshDatabase();
    await transaction(database, (client) =>
      writeEntry(client, { cause: "fee", cause_key: "good", block_hash: null, postings: deposit(5n) }),
    );
    const { rows } = await database.query("SELECT entry_id, ledger_account_id FROM ledger_posting ORDER BY id LIMIT 1");
    const add = (entry: string | null, amount: number) =>
      transaction(database, async (client) => {
        const made = await client.query("INSERT INTO ledger_entry (cause, cause_key) VALUES ('fee', $1) RETURNING id", [
          `bad ${entry} ${amount}`,
        ]);
        await client.query("INSERT INTO ledger_posting (entry_id, ledger_account_id, amount_sats) VALUES ($1, $2, $3)", [
          entry ?? made.rows[0].id,
          rows[0].ledger_account_id,
          amount,
        ]);
      });
    await expect(add(null, 7)).rejects.toThrow(/does not balance/);
    await expect(add(rows[0].entry_id, 7)).rejects.toThrow();
    await expect(
      writeEntry(database, { cause: "fee", cause_key: "uneven", block_hash: null, postings: deposit(5n).slice(1) }),
    ).rejects.toThrow(/out of balance by 5 sats/);
    expect(await balance(database, "reserve_available")).toBe(5n);
  });

  test("of many who book one cause at once, one does; and the balances are the sums", async () => {
    const database = await freshDatabase();
    const account_id = await ensureAccount(database, MINER);
    const book = async (key: number): Promise<boolean> => {
      for (;;) {
        try {
          return await transaction(database, (client) =>
            writeEntry(client, {
              cause: "payout",
              cause_key: String(key),
              block_hash: null,
              postings: [
                { kind: "miner_available", account_id, amount_sats: BigInt(-key) },
                { kind: "miner_paying", account_id, amount_sats: BigInt(key) },
              ],
            }),
          );
        } catch (error) {
          if (!isUnavailable(error)) throw error;
        }
      }
    };
    const keys = Array.from({ length: 120 }, (_, index) => 1 + (index % 20));
    const booked = await Promise.all(keys.map(book));
    expect(booked.filter(Boolean).length).toBe(20);
    expect(await balance(database, "miner_paying")).toBe(210n);
    const { rows } = await database.query(
      `SELECT count(*)::int AS wrong FROM ledger_balance b WHERE balance_sats <>
         (SELECT sum(amount_sats) FROM ledger_posting p WHERE p.ledger_account_id = b.ledger_account_id)`,
    );
    expect(rows[0].wrong).toBe(0);
  });
});

describe("a correction", () => {
  const LIMIT = 1_000;
  async function withLimit(): Promise<Database> {
    const database = await freshDatabase();
    // Only the limit is read of it here.
    await database.query("INSERT INTO pool_policy (policy, created_by, reason) VALUES ($1, 'test', '')", [
      JSON.stringify({ correction_four_eyes_above_sats: LIMIT }),
    ]);
    return database;
  }
  const draft = (amount: number, person = "ann@example.org") => ({
    person,
    reason: "cold wallet top-up",
    postings: deposit(BigInt(amount)),
  });

  test("up to the limit is written at once, with its person and reason", async () => {
    const database = await withLimit();
    const made = await writeCorrection(database, draft(LIMIT));
    expect(made).toMatchObject({ state: "written", amount_sats: 1000n, decided_by: null });
    expect(await balance(database, "reserve_available")).toBe(1000n);
    const { rows } = await database.query("SELECT cause, cause_key, person, approved_by, reason FROM ledger_entry");
    expect(rows).toEqual([
      {
        cause: "correction",
        cause_key: String(made.id),
        person: "ann@example.org",
        approved_by: null,
        reason: "cold wallet top-up",
      },
    ]);
  });

  test("above it waits for another person, and is written once however often it is approved", async () => {
    const database = await withLimit();
    const { id, state } = await writeCorrection(database, draft(LIMIT + 1));
    expect(state).toBe("proposed");
    expect(await balance(database, "reserve_available")).toBe(0n);
    await expect(approveCorrection(database, id, "ANN@example.org ")).rejects.toThrow(/somebody else/);
    const approvals = await Promise.allSettled(
      ["bob", "cat", "dan"].map((name) => approveCorrection(database, id, `${name}@example.org`)),
    );
    expect(approvals.filter((result) => result.status === "fulfilled").length).toBe(1);
    expect(await balance(database, "reserve_available")).toBe(1001n);
    await expect(refuseCorrection(database, id, "eve@example.org", "late")).rejects.toThrow(/is written already/);
    const { rows } = await database.query("SELECT approved_by FROM ledger_entry");
    expect(rows.length).toBe(1);
    expect(rows[0].approved_by).toMatch(/^(bob|cat|dan)@example.org$/);
  });

  test("that was refused says why and stays refused", async () => {
    const database = await withLimit();
    const { id } = await writeCorrection(database, draft(5000));
    await expect(refuseCorrection(database, id, "bob@example.org", " ")).rejects.toThrow(/^refused_why: /);
    expect(await refuseCorrection(database, id, "bob@example.org", "wrong amount")).toMatchObject({
      state: "refused",
      refused_why: "wrong amount",
    });
    await expect(approveCorrection(database, id, "cat@example.org")).rejects.toThrow(/is refused already/);
    expect((await listCorrections(database, "proposed", 10)).length).toBe(0);
    expect((await listCorrections(database, null, 10)).map((correction) => correction.id)).toEqual([id]);
    await expect(database.query("UPDATE ledger_correction SET state = 'proposed'")).rejects.toThrow(/is decided/);
    await expect(database.query("DELETE FROM ledger_correction")).rejects.toThrow(/kept for good/);
  });

  test("takes nothing that is not there", async () => {
    const database = await withLimit();
    const account_id = await ensureAccount(database, MINER);
    await writeCorrection(database, draft(300));
    const take = (amount_sats: bigint) => ({
      person: "ann@example.org",
      reason: "compensation",
      postings: [
        { kind: "reserve_available" as const, account_id: null, amount_sats: -amount_sats },
        { kind: "miner_available" as const, account_id, amount_sats },
      ],
    });
    await expect(writeCorrection(database, take(301n))).rejects.toThrow(
      "reserve_available holds 300 sats, and 301 sats are to be taken",
    );
    const results = await Promise.allSettled([1, 2, 3].map(() => writeCorrection(database, take(200n))));
    expect(results.filter((result) => result.status === "fulfilled").length).toBe(1);
    expect([await balance(database, "reserve_available"), await balance(database, "miner_available")]).toEqual([100n, 200n]);
  });

  test("that is none is refused by the name of its field", async () => {
    const database = await withLimit();
    const refused = async (change: object) =>
      writeCorrection(database, { ...draft(5), ...change }).then(
        () => "written",
        (error) => (error instanceof CorrectionError ? error.message : Promise.reject(error)),
      );
    const [from, to] = deposit(5n) as [Posting, Posting];
    expect(await refused({ reason: " " })).toMatch(/^reason: /);
    expect(await refused({ person: "" })).toMatch(/^person: /);
    expect(await refused({ postings: [from] })).toMatch(/^postings: 2 to 1000 lines, not 1/);
    expect(await refused({ postings: [from, { ...to, amount_sats: 6n }] })).toBe(
      "postings: what is given and what is taken differ by 1 sats.",
    );
    expect(await refused({ postings: [from, { ...to, kind: "miner_paid", account_id: 1 }] })).toMatch(
      /miner_paid is not corrected by hand/,
    );
    expect(await refused({ postings: [from, { ...to, kind: "miner_available" }] })).toMatch(/needs an account/);
    expect(await refused({ postings: [from, { ...to, kind: "miner_available", account_id: 77 }] })).toBe(
      "postings: there is no account 77.",
    );
    expect(await refused({ postings: [from, { ...to, amount_sats: 1n << 70n }] })).toMatch(/will not do/);
    expect(await refused({ postings: [from, to, { ...to }] })).toMatch(/named twice/);
  });

  test("without a policy there is no limit to be under: each waits", async () => {
    const database = await freshDatabase();
    expect((await writeCorrection(database, draft(1))).state).toBe("proposed");
    await expect(
      createPolicyVersion(database, "regtest", { policy: {}, expected_version: 0, person: "ann", reason: "" }),
    ).rejects.toThrow(/^scheme: /);
  });
});
