/** Miners are told of what is theirs: payouts, credits, workers; each of its own only, within bounds, and nobody who has not agreed. */
import { createHmac } from "node:crypto";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { openDatabase, transaction, writeEntry } from "@otedama/db/pool";
import {
  applySignedChange,
  confirmMinerChannel,
  createNoticeChannel,
  listDeliveries,
  MINER_NOTICES_PER_DAY_MAX,
  openWebDatabase,
  readMinerSettings,
  type WebDatabase,
} from "@otedama/db/web";
import type { MinerNoticeGroup } from "@otedama/shared";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Sealer } from "../src/server/auth/seal.ts";
import { Counters } from "../src/server/counters.ts";
import { ATTEMPTS_MAX } from "../src/server/notices/backoff.ts";
import { MinerLinks } from "../src/server/notices/miner_links.ts";
import { minerWordsOf } from "../src/server/notices/miner_words.ts";
import { Notices } from "../src/server/notices/notices.ts";
import { resolveBySystem } from "../src/server/notices/targets.ts";
import { type HttpReceiver, type MailReceiver, startHttpReceiver, startMailReceiver } from "./fixtures/receivers.ts";
import { hashOf } from "./fixtures/seed.ts";

const SECRET = "6".repeat(64);
const ALICE = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
const BOB = "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn";
const LINKS = new MinerLinks({ public_url: "http://pool.example.org", secret: SECRET });

let postgres: TestPostgres;
let http: HttpReceiver;
let mail: MailReceiver;
let database: WebDatabase;
let alice: number;
let bob: number;
beforeAll(async () => {
  [postgres, http, mail] = await Promise.all([startTestPostgres(), startHttpReceiver(), startMailReceiver()]);
});
afterAll(async () => {
  await Promise.all([http.stop(), mail.stop()]);
  await postgres.stop();
});
beforeEach(async () => {
  const url = await postgres.createMigratedDatabase();
  database = openWebDatabase(
    { url, connections_max: 4, connect_timeout_ms: 5_000, statement_timeout_ms: 10_000 },
    { onError: () => {} },
  );
  const { rows } = await database.sql.query<{ id: number }>("INSERT INTO account (address) VALUES ($1), ($2) RETURNING id", [
    ALICE,
    BOB,
  ]);
  [alice, bob] = rows.map((row) => row.id) as [number, number];
  http.posts.length = 0;
  http.answer = { status: 200, body: "ok" };
  mail.mails.length = 0;
  const notices = new Notices(
    {
      public_url: "http://pool.example.org",
      smtp: { host: "127.0.0.1", port: mail.port, security: "none", user: "", password: "", from: "pool@example.org" },
      allow_private_targets: true,
      telegram_origin: http.origin,
      discord_origins: [http.origin],
      interval_ms: 50,
      workers_ms: 0,
      secret: SECRET,
    },
    {
      database,
      sealer: new Sealer({ secret: SECRET }),
      resolve: resolveBySystem,
      counters: new Counters(),
      log: pino({ level: "silent" }),
      now: Date.now,
    },
  );
  notices.start();
  return async () => {
    await notices.stop();
    await database.close();
  };
});

let nonces = 0;
/** As if the account's key had signed it. */
async function set(
  account_id: number,
  change: { email?: string | null; webhook_url?: string | null; notices?: MinerNoticeGroup[] },
): Promise<number> {
  nonces += 1;
  const address = account_id === alice ? ALICE : BOB;
  const nonce = String(nonces).padStart(32, "0");
  const done = await applySignedChange(database.sql, { account_id, address, nonce, expires_at_ms: Date.now() + 60_000, change });
  return done?.webhook_channel_id ?? 0;
}

const posted = () => http.posts.map(({ path, body }) => ({ path, ...(JSON.parse(body) as { event: string; text: string }) }));
const eventsAt = (path: string) => posted().flatMap((post) => (post.path === path ? [post.event] : []));
const channels = async () =>
  (await database.sql.query<{ id: number; enabled: boolean }>("SELECT id, enabled FROM notice_channel ORDER BY id")).rows;

async function payBatch(items: [number, string, number][], pays = "miners"): Promise<void> {
  const { rows } = await database.sql.query<{ id: number }>(
    `INSERT INTO payout_batch (pays, plan_key, created_by, policy_version, fee_payer, approvals_required, amount_sats)
     VALUES ($1::payout_batch_pays, gen_random_uuid()::text, 'schedule', 1, 'miners', 0, 1) RETURNING id`,
    [pays],
  );
  const id = rows[0]?.id;
  for (const [account_id, address, sats] of items) {
    await database.sql.query(
      "INSERT INTO payout_item (batch_id, account_id, address, amount_sats, fee_part_sats) VALUES ($1, $2, $3, $4, 100)",
      [id, account_id, address, sats],
    );
  }
  await database.sql.query(
    `INSERT INTO payout_transaction (batch_id, attempt, state, psbt, unsigned_txid, txid, raw_hex, fee_sats, vsize, block_hash)
     VALUES ($1, 1, 'broadcast', '', 'u', 'mined' || $1::int, '00', 100, 100, 'b'), ($1, 2, 'broadcast', '', 'u', 'late' || $1::int, '00', 100, 100, NULL)`,
    [id],
  );
  for (const state of ["broadcast", "settled"]) {
    await database.sql.query("UPDATE payout_batch SET state = $2::payout_batch_state WHERE id = $1", [id, state]);
  }
}

async function credit(hash: string, parts: [number, bigint][]): Promise<void> {
  await database.sql.query(
    `INSERT INTO block (hash, height, state, instance_id, round_id, prev_hash, coinbase_txid, found_at, reward_sats, fees_sats, network_difficulty, share_difficulty, effort, transactions, size_bytes)
     VALUES ($1, 7, 'pending', 'pool-1', 1, $1, $1, now(), 312500000, 0, 1, 1, 0.83, 1, 300)`,
    [hash],
  );
  const { url } = { url: (database.sql.options as { connectionString: string }).connectionString };
  const ledger = openDatabase({ url, application_name: "test" });
  try {
    for (const cause of ["block_credit", "block_orphan"] as const) {
      const sign = cause === "block_credit" ? 1n : -1n;
      const total = parts.reduce((sum, [, sats]) => sum + sats, 0n);
      await transaction(ledger, (tx) =>
        writeEntry(tx, {
          cause,
          cause_key: hash,
          block_hash: hash,
          postings: [
            { kind: "coinbase", account_id: null, amount_sats: -total * sign },
            ...parts.map(([account_id, sats]) => ({ kind: "miner_pending" as const, account_id, amount_sats: sats * sign })),
          ],
        }),
      );
    }
  } finally {
    await ledger.end();
  }
}

test("each gets what is about its own account, signed with its own secret, and the operator's channels none of it", async () => {
  await createNoticeChannel(
    database.prisma,
    { id: "tester", address: null },
    {
      kind: "webhook",
      name: "operator",
      events: ["payout_sent"],
      target: "",
      seal: (id) =>
        new Sealer({ secret: SECRET }).seal(
          "notice channel",
          String(id),
          JSON.stringify({ kind: "webhook", url: `${http.origin}/operator`, secret: "s" }),
        ),
    },
  );
  const channel_id = await set(alice, { webhook_url: `${http.origin}/alice` });
  await set(bob, { webhook_url: `${http.origin}/bob`, notices: ["payouts"] });
  await credit(hashOf("a block"), [
    [alice, 12_345n],
    [bob, 54_321n],
  ]);
  await payBatch([
    [alice, ALICE, 5_100],
    [bob, BOB, 7_100],
  ]);
  // The operator's own fees are no miner's payout, though its address may be one.
  await payBatch([[alice, ALICE, 99_999]], "fees");
  await expect.poll(() => eventsAt("/alice")).toHaveLength(5);
  await expect.poll(() => eventsAt("/bob")).toHaveLength(3);
  await expect.poll(() => eventsAt("/operator")).toEqual(["payout_sent", "payout_sent"]);
  expect(eventsAt("/alice")).toEqual([
    "miner_settings_changed",
    "miner_block_credited",
    "miner_block_orphaned",
    "miner_payout_sent",
    "miner_payout_settled",
  ]);
  expect(eventsAt("/bob")).toEqual(["miner_settings_changed", "miner_payout_sent", "miner_payout_settled"]);
  const texts = posted().flatMap((post) => (post.path === "/alice" ? [post.text] : []));
  expect(texts[1]).toContain(`0.00012345 BTC of its reward of 3.12500000 BTC are credited to ${ALICE}`);
  expect(texts[4]).toBe(`A payout is deep enough in the chain: 0.00005000 BTC for ${ALICE}, transaction mined1.`);
  expect(JSON.stringify(http.posts.filter((post) => post.path === "/alice"))).not.toContain(BOB);
  const [post] = http.posts.filter(({ path }) => path === "/alice");
  const timestamp = post?.headers["otedama-timestamp"];
  expect(post?.headers["otedama-signature"]).toBe(
    `v1=${createHmac("sha256", LINKS.webhookSecret(channel_id, alice)).update(`${timestamp}.${post?.body}`).digest("hex")}`,
  );
});

test("nothing but the question goes to an e-mail address that has not agreed", async () => {
  await set(alice, { email: "alice@example.org" });
  await payBatch([[alice, ALICE, 5_100]]);
  await expect.poll(() => mail.mails).toHaveLength(1);
  const unrouted = async () =>
    (await database.sql.query("SELECT 1 FROM notice_event WHERE routed_at IS NULL AND account_id IS NOT NULL")).rows;
  await expect.poll(unrouted).toEqual([]);
  const [channel] = await channels();
  expect(await confirmMinerChannel(database.sql, channel?.id ?? 0, alice)).toBe(true);
  await payBatch([[alice, ALICE, 6_100]]);
  await expect
    .poll(() => mail.mails.map(({ data }) => /Subject: (.*)/.exec(data)?.[1]))
    .toEqual(["Otedama: Confirm your e-mail address", "Otedama: Payout sent", "Otedama: Payout settled"]);
});

test("a day has an end for each account, and the others go on", async () => {
  await set(alice, { webhook_url: `${http.origin}/alice` });
  await set(bob, { webhook_url: `${http.origin}/bob` });
  await database.sql.query(
    `INSERT INTO notice_event (kind, key, subject, at, details, account_id)
     SELECT 'miner_payout_sent', 'test ' || n, n::text, now(), '{}', $1 FROM generate_series(1, $2::int) n`,
    [alice, MINER_NOTICES_PER_DAY_MAX + 20],
  );
  await payBatch([[bob, BOB, 5_100]]);
  await expect.poll(() => eventsAt("/bob")).toHaveLength(3);
  await expect.poll(() => eventsAt("/alice")).toHaveLength(MINER_NOTICES_PER_DAY_MAX);
  const { rows } = await database.sql.query("SELECT 1 FROM notice_event WHERE routed_at IS NULL");
  expect(rows).toEqual([]);
});

test("what does not answer is tried again, given up, listed as a dead letter, and in the end left alone", async () => {
  http.answer = { status: 500, body: "broken" };
  await set(alice, { webhook_url: `${http.origin}/alice` });
  await payBatch([[alice, ALICE, 5_100]]);
  await expect.poll(() => eventsAt("/alice").length).toBeGreaterThanOrEqual(3);
  const dead = async () => (await listDeliveries(database.sql, { state: "dead", channel_id: null, page: 1, page_size: 10 })).rows;
  await expect
    .poll(async () => {
      await database.sql.query(
        "UPDATE notice_delivery SET attempts = greatest(attempts, $1), next_at = now() WHERE state = 'waiting'",
        [ATTEMPTS_MAX - 1],
      );
      return dead();
    })
    .toHaveLength(3);
  expect((await dead())[0]).toMatchObject({ channel_name: ALICE, attempts: ATTEMPTS_MAX });
  expect((await listDeliveries(database.sql, { state: null, channel_id: null, page: 1, page_size: 10 })).total).toBe(0);
  await expect.poll(async () => (await channels())[0]?.enabled).toBe(false);
  expect(await readMinerSettings(database.sql, alice, { email_ready: true })).toMatchObject({ webhook: "stopped" });
  await set(alice, { webhook_url: `${http.origin}/alice` });
  expect(await readMinerSettings(database.sql, alice, { email_ready: true })).toMatchObject({ webhook: "on" });
});

test("workers that went away are told of together, once; connected and long-gone ones are not", async () => {
  await set(alice, { webhook_url: `${http.origin}/alice` });
  const worker = (name: string, minutes: number, connections: number, account_id = alice) =>
    database.sql.query(
      `WITH w AS (INSERT INTO worker (account_id, name) VALUES ($1, $2) RETURNING id)
       INSERT INTO worker_state (worker_id, connections, last_share_at) SELECT id, $3, now() - make_interval(mins => $4) FROM w`,
      [account_id, name, connections, minutes],
    );
  await worker("silent but here", 20, 1);
  await worker("long gone", 300, 0);
  await worker("just gone", 2, 0);
  await worker("of somebody else", 20, 0, bob);
  await transaction(database.sql, async (tx) => {
    for (const [name, minutes] of [
      ["rig1", 20],
      ["rig2", 30],
    ] as const) {
      await tx.query(
        `WITH w AS (INSERT INTO worker (account_id, name) VALUES ($1, $2) RETURNING id)
         INSERT INTO worker_state (worker_id, connections, last_share_at) SELECT id, 0, now() - make_interval(mins => $3) FROM w`,
        [alice, name, minutes],
      );
    }
  });
  await expect.poll(() => eventsAt("/alice")).toEqual(["miner_settings_changed", "miner_worker_offline"]);
  expect(posted().at(-1)?.text).toBe(
    `2 workers are offline (rig1, rig2) of ${ALICE}: no connection, and no share for ten minutes.`,
  );
  const told = "SELECT 1 FROM notice_event WHERE kind = 'miner_worker_offline'";
  // Ten minutes on, without another one that went: no news.
  await database.sql.query(
    "UPDATE notice_event SET created_at = now() - interval '11 minutes' WHERE kind = 'miner_worker_offline'",
  );
  await worker("rig3", 15, 0);
  await expect.poll(async () => (await database.sql.query(told)).rows.length).toBe(2);
  await expect.poll(() => posted().at(-1)?.text).toMatch(/^3 workers are offline \(rig3, rig1, rig2\)/);
});

test("links are good for what they were made for, and nothing else", () => {
  const token = LINKS.token("stop", 7, 3);
  expect(LINKS.read("stop", token, 3)).toBe(7);
  expect(LINKS.read("confirm", token, 3)).toBeNull();
  expect(LINKS.read("stop", token, 4)).toBeNull();
  expect(LINKS.read("stop", `8${token.slice(1)}`, 3)).toBeNull();
  expect(new MinerLinks({ public_url: "", secret: "other" }).read("stop", token, 3)).toBeNull();
  for (const text of ["", ".", "7", "7.", "-1.x", "99999999999.x"]) expect(LINKS.read("stop", text, 3)).toBeNull();
});

test("the words bear with details that are not there", () => {
  const text = minerWordsOf({
    kind: "miner_settings_changed",
    subject: ALICE,
    details: { account: ALICE, threshold_sats: null, email: "removed", notices: [] },
  }).text;
  expect(text).toContain("the threshold is the pool's; e-mail removed; notices: none.");
  expect(minerWordsOf({ kind: "miner_payout_sent", subject: "1", details: {} }).text).toContain("an unknown amount");
});
