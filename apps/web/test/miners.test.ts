import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { openDatabase } from "@otedama/db/pool";
import {
  HashrateSeries,
  MinerChallengeDto,
  MinerDto,
  MinerReceiptDto,
  MinerSettingsChange,
  MinerSettingsChangedDto,
  ReceiptDto,
  workHashes,
} from "@otedama/shared";
import { checkInclusion, RECEIPT_SHARE_BYTES, readInclusion, readReceipt, ShareCheck } from "@otedama/shared/receipt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ClientBounds } from "../src/server/http/client_bounds.ts";
import { BoundedCache, BusyError } from "../src/server/miners/bounded_cache.ts";
import { CHALLENGE_MS, makeChallenge, refuseChallenge } from "../src/server/miners/challenge.ts";
import { Miners } from "../src/server/miners/miners.ts";
import { MinerLinks } from "../src/server/notices/miner_links.ts";
import { ALICE, BOB, blockHash, DIFFICULTY, seedMined, signAsAlice } from "./fixtures/mined.ts";
import { type MailReceiver, startMailReceiver } from "./fixtures/receivers.ts";
import { BEHIND_PROXY, elsewhere, type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

const MINERS = { network: "regtest", pool: "test", secret: "s", email_ready: false } as const;
const LINKS = new MinerLinks({ public_url: "http://localhost:8080", secret: "s" });

let postgres: TestPostgres;
let mail: MailReceiver;
let web: RunningWeb;
beforeAll(async () => {
  postgres = await startTestPostgres();
  const url = await postgres.createMigratedDatabase();
  const database = openDatabase({ url, application_name: "test" });
  await seedMined(database, { blocks: 3, shares_each: 12_345, now_ms: Date.now() });
  await database.end();
  mail = await startMailReceiver();
  const smtp = {
    host: "127.0.0.1",
    port: mail.port,
    security: "none",
    user: "",
    password: "",
    from: "pool@example.org",
  } as const;
  web = await startTestWeb(url, { ...BEHIND_PROXY, notices: { allow_private_targets: false, smtp } });
});
afterAll(async () => {
  await web.stop();
  await mail.stop();
  await postgres.stop();
});

const get = async (path: string) => {
  const answer = await fetch(web.origin + path);
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
};
const miner = async () => MinerDto.parse((await get(`/api/v1/miners/${ALICE}`)).body);
const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
  const answer = await web.post(path, body, headers);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};

describe("what anybody may see of a miner", () => {
  test("its figures, and nothing of anybody else or of its settings", async () => {
    const { body, headers } = await get(`/api/v1/miners/${ALICE}`);
    const seen = MinerDto.parse(body);
    expect(seen).toMatchObject({
      address: ALICE,
      hashrate_hps: { m1: 100, m15: 200, d1: 300 },
      workers_total: 1,
      workers_mining: 1,
      workers: [{ name: "rig1", solo: false, state: "mining", difficulty: DIFFICULTY }],
      shares: { accepted: 90, stale: 3 },
      balance: { pending_sats: 1_200_000_000, available_sats: 0, paying_sats: 0, paid_sats: 0 },
      payouts: [],
      settings: { threshold_sats: null, email: "none", webhook: "none", notices: ["payouts", "blocks", "workers"] },
    });
    expect(seen.blocks.map((block) => [block.height, block.credit_sats, block.own, block.receipt])).toEqual([
      [103, 400_000_000, true, true],
      [102, 400_000_000, true, true],
      [101, 400_000_000, true, true],
    ]);
    // A share in each ten seconds of ten minutes.
    expect(seen.hashrate_hps.h1).toBeCloseTo(Number(workHashes(DIFFICULTY)) / 10, -9);
    expect(headers.get("x-robots-tag")).toBe("noindex");
    expect(JSON.stringify(body)).not.toContain(BOB);
    expect(JSON.stringify(body)).not.toContain("secret-agent");
  });

  test("its payouts with their transactions: the mined one counts, what was excluded or cancelled does not", async () => {
    await web.sql.query(
      `INSERT INTO payout_batch (id, state, plan_key, created_by, policy_version, fee_payer, approvals_required, amount_sats)
       SELECT n, (ARRAY['settled', 'broadcast', 'cancelled', 'settled', 'planned'])[n]::payout_batch_state, 'k' || n, 'schedule', 1, 'pool', 0, 5000
         FROM generate_series(1, 5) n`,
    );
    await web.sql.query(
      `INSERT INTO payout_item (batch_id, account_id, address, amount_sats, fee_part_sats, excluded_by)
       SELECT n, 1, $1, 1000 * n, n, CASE WHEN n = 4 THEN 'somebody' END FROM generate_series(1, 5) n`,
      [ALICE],
    );
    await web.sql.query(
      `INSERT INTO payout_transaction (batch_id, attempt, state, psbt, unsigned_txid, txid, fee_sats, vsize, confirmations, raw_hex)
       VALUES (1, 1, 'confirmed', '', 'u1', 'mined', 1, 100, 7, '00'), (1, 2, 'replaced', '', 'u2', 'late', 1, 100, 0, '00'),
              (2, 1, 'broadcast', '', 'u3', 'first', 1, 100, 0, '00'), (2, 2, 'broadcast', '', 'u4', 'bumped', 1, 100, 0, '00')`,
    );
    await expect.poll(async () => (await miner()).payouts.length).toBe(3);
    expect(
      (await miner()).payouts.map((payout) => [
        payout.batch_id,
        payout.state,
        payout.amount_sats,
        payout.txid,
        payout.confirmations,
      ]),
    ).toEqual([
      [5, "planned", 5000, null, 0],
      [2, "broadcast", 2000, "bumped", 0],
      [1, "settled", 1000, "mined", 7],
    ]);
  });

  test("its hashrate over each window", async () => {
    for (const window of ["1h", "6h", "24h", "7d", "30d"]) {
      const { body } = await get(`/api/v1/miners/${ALICE}/hashrate?window=${window}`);
      expect(HashrateSeries.parse(body).hashrate_hps.some((value) => value !== null && value > 0)).toBe(true);
    }
  });

  test.each([
    ["/api/v1/miners/bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202", 404, "unknown_miner"],
    ["/api/v1/miners/bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", 400, "bad_address"],
    ["/api/v1/miners/nonsense", 400, "bad_address"],
    ["/api/v1/miners/%ff", 400, "bad_address"],
    [`/api/v1/miners/${"x".repeat(500)}`, 400, "bad_request"],
    [`/api/v1/miners/${ALICE}/hashrate?window=10y`, 400, "bad_request"],
    [`/api/v1/miners/${ALICE}/receipts/xyz`, 400, "bad_request"],
    [`/api/v1/miners/${ALICE}/receipts/${"9".repeat(64)}`, 404, "no_receipt"],
    [`/api/v1/miners/${ALICE}/receipts/${"9".repeat(64)}/shares`, 404, "no_receipt"],
    [`/api/v1/miners/${ALICE}/receipts/${blockHash(1)}/shares?from=-1`, 400, "bad_request"],
    [`/api/v1/blocks/${"9".repeat(64)}/receipt`, 404, "no_receipt"],
    [`/api/v1/miners/${ALICE}/nothing`, 404, "not_found"],
    [`/api/v1/miners/${ALICE}/settings`, 405, "method_not_allowed"],
  ])("%s answers %i with a sentence", async (path, status, code) => {
    const answer = await get(path);
    expect(answer).toMatchObject({ status, body: { code } });
    expect(String(answer.body.message)).toMatch(/\w+ \w+/);
  });

  test("a page whose address is not well encoded is refused before any page is made", async () => {
    expect((await fetch(`${web.origin}/m/%ff`)).status).toBe(400);
    const page = await fetch(`${web.origin}/m/${ALICE}`);
    expect([page.status, page.headers.get("x-robots-tag")]).toEqual([200, "noindex"]);
  });

  test("an address in capitals is the same account", async () => {
    expect((await get(`/api/v1/miners/${ALICE.toUpperCase()}`)).body.address).toBe(ALICE);
  });
});

describe("receipts", () => {
  async function shares(hash: string): Promise<Uint8Array[]> {
    const pieces: Uint8Array[] = [];
    for (let from = 0; ; ) {
      const answer = await fetch(`${web.origin}/api/v1/miners/${ALICE}/receipts/${hash}/shares?from=${from}`);
      expect(answer.headers.get("content-type")).toBe("application/octet-stream");
      const piece = new Uint8Array(await answer.arrayBuffer());
      if (piece.length === 0) return pieces;
      pieces.push(piece);
      from += piece.length / RECEIPT_SHARE_BYTES;
    }
  }

  test("a miner checks, with the API alone, that its shares and the total are what the block's receipt says", async () => {
    const published = ReceiptDto.parse((await get(`/api/v1/blocks/${blockHash(2)}/receipt`)).body);
    const own = MinerReceiptDto.parse((await get(`/api/v1/miners/${ALICE}/receipts/${blockHash(2)}`)).body);
    expect(own.receipt).toEqual(published);
    expect(own.workers).toEqual([{ id: 1, name: "rig1" }]);
    expect(own.inclusions).toHaveLength(1);
    const proof = own.inclusions[0];
    if (!proof) throw new Error("no proof");
    const { head, digest } = readReceipt(published);
    const inclusion = readInclusion(proof);
    checkInclusion(head, digest, inclusion);
    expect(head.root).toMatchObject({ shares: 12_347n, pooled_hashes: 12_347n * workHashes(DIFFICULTY) });
    const check = new ShareCheck(inclusion.leaf);
    const pieces = await shares(blockHash(2));
    for (const piece of pieces) check.add(piece);
    check.finish();
    expect(check.tally.shares).toBe(12_345n);

    const altered = new ShareCheck(inclusion.leaf);
    const first = pieces[0]?.slice() ?? new Uint8Array();
    first[0] = (first[0] as number) ^ 1;
    for (const piece of [first, ...pieces.slice(1)]) altered.add(piece);
    expect(() => altered.finish()).toThrow(/not the ones/);
    // Of another block's receipt: the tree is the same shape, the digest is not.
    const other = MinerReceiptDto.parse((await get(`/api/v1/miners/${ALICE}/receipts/${blockHash(1)}`)).body);
    expect(() => checkInclusion(head, digest, readInclusion(other.inclusions[0] ?? proof))).toThrow();
    expect(other.receipt.digest).toBe(published.previous_digest);
  });

  test("nobody else's shares are to be had by a miner's address", async () => {
    const bob = MinerReceiptDto.parse((await get(`/api/v1/miners/${BOB}/receipts/${blockHash(2)}`)).body);
    expect(bob.inclusions.map((one) => one.leaf.shares)).toEqual(["2"]);
    expect(JSON.stringify(bob)).not.toContain(ALICE);
    const answer = await fetch(`${web.origin}/api/v1/miners/${BOB}/receipts/${blockHash(2)}/shares`);
    expect((await answer.arrayBuffer()).byteLength).toBe(2 * RECEIPT_SHARE_BYTES);
  });

  test("says which receipts a credit draws on: as many as make the window's work", async () => {
    const read = async () => MinerReceiptDto.parse((await get(`/api/v1/miners/${ALICE}/receipts/${blockHash(3)}`)).body).draws_on;
    expect(await read()).toBeNull();
    const policy = {
      scheme: "pplns",
      solo_allowed: false,
      fee_percent: { solo: 1, pplns: 1, prop: 1, pps: 1, fpps: 1 },
      fee_exempt_addresses: [],
      donation: null,
      finder_bonus_percent: 0,
      // 12,347 shares of 8 a round are 2,469.4 of the network's difficulty of 40.
      pplns_window: 900,
      coinbase_text: "",
      difficulty: { initial: 8, min: 1, max: 100, target_time_s: 10 },
      payouts: {
        scheduled: false,
        every_hours: 24,
        threshold_sats: 1_000_000,
        threshold_min_sats: 100_000,
        fee_payer: "pool",
        fee_rate_min: 1,
        fee_rate_max: 50,
        fee_target_blocks: 6,
        outputs_max: 100,
        unattended_max_sats: 0,
        four_eyes_above_sats: 0,
        confirmations: 6,
        bump_after_minutes: 0,
        fee_payout: null,
      },
      correction_four_eyes_above_sats: 0,
    };
    const { rows } = await web.sql.query<{ version: number }>(
      "INSERT INTO pool_policy (policy, created_by, reason) VALUES ($1, 'test', 'test') RETURNING version",
      [JSON.stringify(policy)],
    );
    await web.sql.query("UPDATE block SET policy_version = $1", [rows[0]?.version]);
    const miners = new Miners(MINERS, { sql: web.sql, links: LINKS, now: Date.now });
    expect((await miners.minerReceipt(ALICE, blockHash(3))).draws_on).toEqual({
      blocks: [{ hash: blockHash(3), height: 103 }],
      whole: true,
    });
    await web.sql.query("UPDATE block SET network_difficulty = 200");
    const wider = new Miners(MINERS, { sql: web.sql, links: LINKS, now: Date.now });
    expect((await wider.minerReceipt(ALICE, blockHash(3))).draws_on).toEqual({
      blocks: [3, 2].map((n) => ({ hash: blockHash(n), height: 100 + n })),
      whole: true,
    });
    expect((await wider.minerReceipt(ALICE, blockHash(1))).draws_on?.whole).toBe(false);

    // PROP: since the last block of the pool's own that is in the chain.
    await web.sql.query("INSERT INTO pool_policy (policy, created_by, reason) VALUES ($1, 'test', 'test')", [
      JSON.stringify({ ...policy, scheme: "prop" }),
    ]);
    await web.sql.query("UPDATE block SET policy_version = (SELECT max(version) FROM pool_policy)");
    await web.sql.query("UPDATE block SET state = 'orphaned' WHERE height = 102");
    const prop = new Miners(MINERS, { sql: web.sql, links: LINKS, now: Date.now });
    expect((await prop.minerReceipt(ALICE, blockHash(3))).draws_on).toEqual({
      blocks: [3, 2].map((n) => ({ hash: blockHash(n), height: 100 + n })),
      whole: true,
    });
  });
});

describe("settings by a signed message", () => {
  const settings = `/api/v1/miners/${ALICE}/settings`;
  const challenged = async (change: unknown) => {
    const answer = await post(`/api/v1/miners/${ALICE}/challenge`, change);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return MinerChallengeDto.parse(answer.body);
  };

  test("are changed once by the address's key, audited, and shown as set without what they are", async () => {
    const challenge = await challenged({
      threshold_sats: 250_000,
      email: "alice@example.org",
      webhook_url: "https://hooks.example.org/x?y=1",
    });
    expect(challenge.message).toMatch(
      /^Otedama pool localhost:8080, account bcrt1q\w+, set payout threshold: 0\.00250000 BTC, e-mail: alice@example\.org, webhook: https:\/\/hooks\.example\.org\/x\?y=1\. Valid once until [\d-]+ [\d:]+ UTC, challenge [0-9a-f]{32}\.$/,
    );
    const signature = signAsAlice(challenge.message);
    const changed = await post(settings, { challenge, signature });
    expect(changed.status, JSON.stringify(changed.body)).toBe(200);
    expect(MinerSettingsChangedDto.parse(changed.body)).toMatchObject({
      threshold_sats: 250_000,
      email: "unconfirmed",
      webhook: "on",
    });
    expect((await miner()).settings).toMatchObject({ threshold_sats: 250_000, email: "unconfirmed" });
    expect(JSON.stringify(await get(`/api/v1/miners/${ALICE}`))).not.toContain("example.org");

    expect(await post(settings, { challenge, signature })).toMatchObject({ status: 409, body: { code: "challenge_refused" } });
    const back = await challenged({ email: null });
    expect((await post(settings, { challenge: back, signature: signAsAlice(back.message) })).body).toMatchObject({
      threshold_sats: 250_000,
      email: "none",
      webhook: "on",
    });
    const audit = await web.sql.query(
      "SELECT action, subject, details FROM audit_log WHERE action = 'miner.settings' ORDER BY id",
    );
    expect(audit.rows).toEqual([
      {
        action: "miner.settings",
        subject: `account:${ALICE}`,
        details: { threshold_sats: { before: null, after: 250_000 }, email: "set", webhook_url: "set" },
      },
      { action: "miner.settings", subject: `account:${ALICE}`, details: { email: "removed" } },
    ]);
    const stored = await web.sql.query("SELECT threshold_sats, email, webhook_url FROM account_setting");
    expect(stored.rows).toEqual([{ threshold_sats: 250_000, email: null, webhook_url: "https://hooks.example.org/x?y=1" }]);
  });

  test("an e-mail address is asked first, by a link that does nothing before a button is pressed, and can be stopped by another", async () => {
    mail.mails.length = 0;
    // Changes are counted by where they come from, over all tests.
    const from = elsewhere();
    const set = async (change: unknown) => {
      const challenge = MinerChallengeDto.parse((await post(`/api/v1/miners/${ALICE}/challenge`, change, from)).body);
      return post(settings, { challenge, signature: signAsAlice(challenge.message) }, from);
    };
    expect((await set({ email: "Alice@mail.example.org", notices: ["workers"] })).body).toMatchObject({ email: "unconfirmed" });
    await expect.poll(() => mail.mails).toHaveLength(1);
    // Quoted-printable: lines that end in "=" go on.
    const text = () => (mail.mails.at(-1)?.data ?? "").replaceAll("=\n", "").replaceAll("=3D", "=");
    expect(mail.mails[0]?.to).toEqual(["Alice@mail.example.org"]);
    const link = (purpose: string) =>
      new RegExp(`http://localhost:8080/m/${ALICE}#${purpose}=([\\w.-]+)`).exec(text())?.[1] ?? "";
    const one_click = /List-Unsubscribe:\s*<http:\/\/localhost:8080([^>]+)>/.exec(text())?.[1] ?? "";
    expect(text()).toMatch(/List-Unsubscribe-Post: List-Unsubscribe=One-Click/);
    // The settings that were changed are not told to an address that has not agreed.
    expect(mail.mails).toHaveLength(1);
    const confirm = `/api/v1/miners/${ALICE}/notices/confirm`;
    const yes = { token: link("confirm") };
    expect(await post(confirm, { token: link("stop") }, from)).toMatchObject({ status: 409, body: { code: "link_refused" } });
    expect(await post(confirm, { token: "nonsense" }, from)).toMatchObject({ status: 400, body: { field: "token" } });
    expect(await post(`/api/v1/miners/${BOB}/notices/confirm`, yes, from)).toMatchObject({ status: 409 });
    expect((await miner()).settings.email).toBe("unconfirmed");
    expect(await post(confirm, yes, from)).toMatchObject({
      status: 200,
      body: { email: "on", notices: ["workers"] },
    });
    expect(await post(confirm, yes, from)).toMatchObject({ status: 200 });

    // Set again to the same address: nobody is asked again, and the reader is told.
    expect((await set({ threshold_sats: null, email: "alice@mail.example.org" })).body).toMatchObject({ email: "on" });
    await expect.poll(() => mail.mails).toHaveLength(2);
    expect(text()).toMatch(/Subject: Otedama: Settings changed/);
    const stopped = await fetch(web.origin + one_click, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", ...from },
      body: "List-Unsubscribe=One-Click",
    });
    expect(stopped.status).toBe(200);
    expect((await miner()).settings.email).toBe("stopped");
    expect(await post(confirm, yes, from)).toMatchObject({ status: 409 });

    // Asked three times today, once by the test before: a fourth is refused, and nothing of it is written.
    expect((await set({ email: "alice@mail.example.org" })).body).toMatchObject({ email: "unconfirmed" });
    expect(await set({ email: "other@example.org", threshold_sats: 777_777 })).toMatchObject({
      status: 429,
      body: { code: "too_many_emails", field: "email" },
    });
    expect((await miner()).settings).toMatchObject({ email: "unconfirmed", threshold_sats: null });
    expect((await set({ email: null, notices: ["payouts", "blocks", "workers"] })).body).toMatchObject({ email: "none" });
  });

  test.each<[string, (c: MinerChallengeDto) => { challenge: MinerChallengeDto; signature: string }, number, string]>([
    ["another key", (c) => ({ challenge: c, signature: signAsAlice(`${c.message} `) }), 403, "bad_signature"],
    ["no signature", (c) => ({ challenge: c, signature: "x" }), 403, "bad_signature"],
    [
      "a change that was not challenged",
      (c) => ({ challenge: { ...c, change: { threshold_sats: 200_000 } }, signature: signAsAlice(c.message) }),
      409,
      "challenge_refused",
    ],
    [
      "a message of one's own",
      (c) => ({ challenge: { ...c, message: "hello" }, signature: signAsAlice("hello") }),
      409,
      "challenge_refused",
    ],
    [
      "a longer life",
      (c) => ({ challenge: { ...c, expires_at_ms: c.expires_at_ms + 1_000 }, signature: signAsAlice(c.message) }),
      409,
      "challenge_refused",
    ],
  ])("%s changes nothing", async (_name, make, status, code) => {
    const before = (await miner()).settings;
    const challenge = makeChallenge(
      { pool: "localhost:8080", secret: "5e55104".padEnd(64, "0") },
      ALICE,
      { threshold_sats: 300_000 },
      Date.now(),
    );
    expect(await post(settings, make(challenge))).toMatchObject({ status, body: { code } });
    expect((await miner()).settings).toEqual(before);
  });

  test.each([
    [{ threshold_sats: -1 }, "threshold_sats"],
    [{ threshold_sats: 1.5 }, "threshold_sats"],
    [{ threshold_sats: Number.NaN }, "threshold_sats"],
    [{ threshold_sats: 545 }, "threshold_sats"],
    [{}, ""],
    [{ email: "nobody" }, "email"],
    [{ webhook_url: "http://example.org" }, "webhook_url"],
    [{ webhook_url: "https://127.0.0.1/x" }, "webhook_url"],
    [{ webhook_url: "https://[::1]/x" }, "webhook_url"],
    [{ webhook_url: "https://router.local" }, "webhook_url"],
    [{ webhook_url: "https://localhost/x" }, "webhook_url"],
    [{ webhook_url: "https://user:pass@example.org" }, "webhook_url"],
    [{ webhook_url: "https://example.org/a b" }, "webhook_url"],
    [{ other: 1 }, ""],
  ])("%j is refused, naming the field", (change, field) => {
    expect(MinerSettingsChange.safeParse(change).error?.issues[0]?.path.join(".")).toBe(field);
  });

  test("what is refused is refused over HTTP with a sentence", async () => {
    const path = `/api/v1/miners/${BOB}/challenge`;
    expect(await post(path, { threshold_sats: 50_000 })).toMatchObject({
      status: 400,
      body: {
        code: "bad_threshold",
        field: "threshold_sats",
        message: expect.stringMatching(/lowest threshold at this pool is 0\.00100000 BTC/),
      },
    });
    expect(await post(path, { email: "nobody" })).toMatchObject({
      status: 400,
      body: { code: "bad_request", field: "email", message: "email: must be an e-mail address" },
    });
    const nonsense = await fetch(web.origin + path, { method: "POST", body: "{" });
    expect([nonsense.status, await nonsense.json()]).toMatchObject([400, { message: "the request: must be JSON" }]);
    const long = await fetch(web.origin + path, { method: "POST", body: "x".repeat(40_000) });
    expect(long.status).toBe(413);
  });

  test("a challenge ends after fifteen minutes, and is for its account alone", () => {
    const options = { pool: "p", secret: "s" };
    const challenge = makeChallenge(options, ALICE, { threshold_sats: null }, 1_000);
    expect(challenge.message).toContain("payout threshold: the pool's");
    expect(refuseChallenge(options, ALICE, challenge, 1_000 + CHALLENGE_MS - 1)).toBeNull();
    expect(refuseChallenge(options, ALICE, challenge, 1_000 + CHALLENGE_MS)).toBe("expired");
    expect(refuseChallenge(options, BOB, challenge, 1_000)).toBe("not_ours");
    expect(refuseChallenge({ ...options, secret: "t" }, ALICE, challenge, 1_000)).toBe("not_ours");
  });
});

describe("bounds", () => {
  test("a client that asks too often is told to wait, others are not held up", () => {
    let now = 0;
    const bounds = new ClientBounds({ per_s: 1, burst: 3, clients_max: 2 }, { now: () => now });
    expect([1, 2, 3, 4].map(() => bounds.take("10.0.0.1"))).toEqual([true, true, true, false]);
    expect(bounds.take("10.0.0.2")).toBe(true);
    now += 1_000;
    expect([bounds.take("10.0.0.1"), bounds.take("10.0.0.1")]).toEqual([true, false]);
    // All of a /64 is one client.
    for (const address of ["2001:db8::1", "2001:db8:0:0:1::", "2001:db8:0:0:ffff:1:2:3"]) expect(bounds.take(address)).toBe(true);
    expect(bounds.take("2001:db8::9")).toBe(false);
    expect(bounds.take("2001:db8:1::9")).toBe(true);
    expect(bounds.size).toBe(2);
  });

  test("a flood over HTTP ends in 429", async () => {
    const answers = await Promise.all(
      Array.from({ length: 150 }, () => fetch(`${web.origin}/api/v1/blocks/${blockHash(1)}/receipt`)),
    );
    const statuses = new Set(answers.map((answer) => answer.status));
    expect(statuses).toContain(429);
    expect([...statuses].every((status) => status === 200 || status === 429)).toBe(true);
  });

  test("an answer is fetched once however many ask, few are fetched at a time, and a failed one is not kept", async () => {
    let now = 0;
    const cache = new BoundedCache({ ttl_ms: 100, entries_max: 2, fetching_max: 1 }, { now: () => now });
    let fetched = 0;
    const { promise, resolve } = Promise.withResolvers<number>();
    const slow = () => {
      fetched += 1;
      return promise;
    };
    const both = [cache.get("a", slow), cache.get("a", slow)];
    await expect(cache.get("b", async () => 1)).rejects.toThrow(BusyError);
    resolve(5);
    expect(await Promise.all(both)).toEqual([5, 5]);
    expect(fetched).toBe(1);
    now = 100;
    await expect(cache.get("a", async () => Promise.reject(new Error("away")))).rejects.toThrow("away");
    expect(await cache.get("a", async () => 6)).toBe(6);
  });
});
