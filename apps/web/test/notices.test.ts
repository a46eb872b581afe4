/** From an event to the channels that want it: signed, tried again, given up, tried again by hand; and never to where it may not go. */
import { createHmac } from "node:crypto";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { openWebDatabase, type WebDatabase } from "@otedama/db/web";
import type { NewNoticeChannelInput, NoticeKind, SmtpSettings } from "@otedama/shared";
import type { TRPCClientError } from "@trpc/client";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Sealer } from "../src/server/auth/seal.ts";
import { Counters } from "../src/server/counters.ts";
import { ATTEMPTS_MAX } from "../src/server/notices/backoff.ts";
import { Notices, type NoticesOptions } from "../src/server/notices/notices.ts";
import { resolveBySystem } from "../src/server/notices/targets.ts";
import { type HttpReceiver, type MailReceiver, startHttpReceiver, startMailReceiver } from "./fixtures/receivers.ts";
import { hashOf } from "./fixtures/seed.ts";
import { BEHIND_PROXY, OWNER, type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

const SECRET = "5".repeat(64);
const ACTOR = { id: "tester", address: null };
let postgres: TestPostgres;
let url: string;
let database: WebDatabase;
let http: HttpReceiver;
let mail: MailReceiver;
const counters = new Counters();
beforeAll(async () => {
  [postgres, http, mail] = await Promise.all([startTestPostgres(), startHttpReceiver(), startMailReceiver()]);
});
afterAll(async () => {
  await Promise.all([http.stop(), mail.stop()]);
  await postgres.stop();
});
beforeEach(async () => {
  url = await postgres.createMigratedDatabase();
  database = openWebDatabase(
    { url, connections_max: 4, connect_timeout_ms: 5_000, statement_timeout_ms: 10_000 },
    { onError: () => {} },
  );
  http.posts.length = 0;
  http.answer = { status: 200, body: "ok" };
  mail.mails.length = 0;
  return () => database.close();
});

const smtp = (): SmtpSettings => ({
  host: "127.0.0.1",
  port: mail.port,
  security: "none",
  user: "aki",
  password: "pw",
  from: "pool@example.org",
});

function makeNotices(changes: Partial<NoticesOptions> = {}): Notices {
  return new Notices(
    {
      public_url: "http://pool.example.org",
      smtp: smtp(),
      allow_private_targets: true,
      telegram_origin: http.origin,
      discord_origins: [http.origin],
      interval_ms: 50,
      workers_ms: 0,
      secret: SECRET,
      ...changes,
    },
    {
      database: refusing(),
      sealer: new Sealer({ secret: SECRET }),
      resolve: resolveBySystem,
      counters,
      log: pino({ level: "silent" }),
      now: Date.now,
    },
  );
}

/** While true every query fails as it does when nothing listens. */
let away = false;
const refusing = (): WebDatabase => ({
  ...database,
  sql: {
    query: (...words: Parameters<WebDatabase["sql"]["query"]>) =>
      away ? Promise.reject(Object.assign(new Error("connect refused"), { code: "ECONNREFUSED" })) : database.sql.query(...words),
  } as unknown as WebDatabase["sql"],
});

/** Runs the worker while `during` does, as the control plane would. */
async function running(notices: Notices, during: () => Promise<void>): Promise<void> {
  notices.start();
  try {
    await during();
  } finally {
    await notices.stop();
  }
}

const webhook = (events: NoticeKind[], path = "/hook"): NewNoticeChannelInput => ({
  name: "A webhook",
  events,
  destination: { kind: "webhook", url: `${http.origin}${path}` },
});
async function addBlock(number: number, state = "found"): Promise<string> {
  const hash = hashOf(`block ${number}`);
  await database.sql.query(
    `INSERT INTO block (hash, height, state, instance_id, round_id, prev_hash, coinbase_txid, found_at, reward_sats, fees_sats, network_difficulty, share_difficulty, effort, transactions, size_bytes)
     VALUES ($1, $2::int, $3::block_state, 'pool-1', $2::int, $1, $1, now(), 312500000, 0, 1, 1, 0.83, 1, 300)`,
    [hash, number, state],
  );
  return hash;
}
const setState = (hash: string, state: string) =>
  database.sql.query("UPDATE block SET state = $2::block_state, confirmations = confirmations + 1 WHERE hash = $1", [
    hash,
    state,
  ]);
const deliveries = async () =>
  (
    await database.sql.query<{ state: string; attempts: number; answer: string | null; kind: string }>(
      "SELECT d.state, d.attempts, d.answer, e.kind FROM notice_delivery d JOIN notice_event e ON e.id = d.event_id ORDER BY d.id",
    )
  ).rows;
const until = <T>(read: () => T | Promise<T>) => expect.poll(read);
const makeDue = () => database.sql.query("UPDATE notice_delivery SET next_at = now() WHERE state = 'waiting'");

describe("events", () => {
  test("of blocks are written with their cause, once each, and not undone by a rolled-back cause", async () => {
    const hash = await addBlock(1);
    for (const state of ["pending", "pending", "confirmed"]) await setState(hash, state);
    const other = await addBlock(2);
    for (const state of ["pending", "orphaned", "pending", "orphaned"]) await setState(other, state);
    await database.prisma
      .$transaction(async (tx) => {
        await tx.$executeRaw`UPDATE block SET state = 'rejected' WHERE hash = ${other}`;
        throw new Error("rolled back");
      })
      .catch(() => {});
    const events = await database.sql.query<{ kind: string; subject: string }>(
      "SELECT kind, subject FROM notice_event ORDER BY id",
    );
    expect(events.rows).toEqual([
      { kind: "block_found", subject: hash },
      { kind: "block_confirmed", subject: hash },
      { kind: "block_found", subject: other },
      { kind: "block_orphaned", subject: other },
    ]);
  });

  test("of payouts are written when a batch is sent and when it is settled", async () => {
    await database.sql.query("INSERT INTO account (address) VALUES ('bcrt1qminer')");
    await database.sql.query(
      `INSERT INTO payout_batch (plan_key, created_by, policy_version, fee_payer, approvals_required, amount_sats) VALUES ('p1', 'schedule', 1, 'pool', 0, 5000)`,
    );
    await database.sql.query(
      "INSERT INTO payout_item (batch_id, account_id, address, amount_sats) VALUES (1, 1, 'bcrt1qminer', 5000)",
    );
    await database.sql.query(
      "INSERT INTO payout_transaction (batch_id, attempt, psbt, unsigned_txid, txid, fee_sats, vsize) VALUES (1, 1, 'x', 'x', 'abcd', 10, 100)",
    );
    for (const state of ["approved", "broadcast", "broadcast", "settled"]) {
      await database.sql.query("UPDATE payout_batch SET state = $1::payout_batch_state", [state]);
    }
    const events = await database.sql.query("SELECT kind, subject, details FROM notice_event ORDER BY id");
    expect(events.rows).toEqual([
      { kind: "payout_sent", subject: "1", details: { amount_sats: 5000, accounts: 1, txid: "abcd" } },
      { kind: "payout_settled", subject: "1", details: { amount_sats: 5000, accounts: 1, txid: "abcd" } },
    ]);
  });
});

describe("a webhook", () => {
  test("gets what it wants, signed so that the receiver can check it, and says what it is", async () => {
    const notices = makeNotices();
    const made = await notices.create(ACTOR, webhook(["block_found", "block_orphaned"]));
    const hash = await addBlock(7);
    await setState(hash, "confirmed");
    await running(notices, () =>
      until(deliveries).toMatchObject([{ state: "delivered", kind: "block_found", attempts: 1, answer: "HTTP 200 OK: ok" }]),
    );
    expect(http.posts).toHaveLength(1);
    const { headers, body, path } = http.posts[0] ?? { headers: {}, body: "", path: "" };
    expect(path).toBe("/hook");
    expect(headers["otedama-event"]).toBe("block_found");
    const signed = createHmac("sha256", made?.signing_secret ?? "")
      .update(`${headers["otedama-timestamp"]}.${body}`)
      .digest("hex");
    expect(headers["otedama-signature"]).toBe(`v1=${signed}`);
    expect(JSON.parse(body)).toMatchObject({
      delivery: headers["otedama-delivery"],
      event: "block_found",
      subject: hash,
      title: "Block found",
      text: expect.stringContaining("3.12500000 BTC, effort 83 %"),
      details: { height: 7 },
    });
  });

  test("is tried again with the same number while it fails, each time later, then is a dead letter; by hand it begins anew", async () => {
    const notices = makeNotices();
    await notices.create(ACTOR, webhook(["block_found"]));
    http.answer = { status: 500, body: "no" };
    await addBlock(1);
    await running(notices, async () => {
      await until(deliveries).toMatchObject([{ state: "waiting", attempts: 1, answer: "HTTP 500 Internal Server Error: no" }]);
      const waits = await database.sql.query<{ wait_s: number }>(
        "SELECT extract(epoch FROM next_at - answered_at)::float8 AS wait_s FROM notice_delivery",
      );
      expect(waits.rows[0]?.wait_s).toBeCloseTo(10, 0);
      await makeDue();
      await until(deliveries).toMatchObject([{ state: "waiting", attempts: 2 }]);
      expect(http.posts[1]?.headers["otedama-delivery"]).toBe(http.posts[0]?.headers["otedama-delivery"]);
      await database.sql.query("UPDATE notice_delivery SET attempts = $1, next_at = now()", [ATTEMPTS_MAX - 1]);
      await until(deliveries).toMatchObject([{ state: "dead", attempts: ATTEMPTS_MAX }]);
    });

    const web = await startTestWeb(url, { ...BEHIND_PROXY, notices: { allow_private_targets: true, smtp: null } });
    try {
      const owner = web.client(await web.signIn()).notices;
      expect(await owner.deliveries.query({ state: "dead" })).toMatchObject({
        total: 1,
        rows: [{ kind: "block_found", channel_name: "A webhook" }],
      });
      expect((await owner.get.query()).channels).toMatchObject([{ dead: 1, waiting: 0 }]);
      expect(await owner.retry.mutate({ id: null })).toEqual({ retried: 1 });
      expect(await owner.retry.mutate({ id: null })).toEqual({ retried: 0 });
    } finally {
      await web.stop();
    }
    http.answer = { status: 204 };
    await database.sql.query("UPDATE notice_delivery SET next_at = now()");
    await running(makeNotices(), () => until(deliveries).toMatchObject([{ state: "delivered" }]));
  });

  test("that hangs or is gone holds up no other channel", async () => {
    const notices = makeNotices();
    const hanging = await startHttpReceiver();
    hanging.answer = "hang";
    try {
      await notices.create(ACTOR, { ...webhook(["block_found"]), destination: { kind: "webhook", url: `${hanging.origin}/x` } });
      await notices.create(ACTOR, webhook(["block_found"]));
      await addBlock(1);
      await running(notices, async () => {
        await until(() => http.posts.length).toBe(1);
        await hanging.stop();
        await until(deliveries).toMatchObject([{ state: "waiting" }, { state: "delivered" }]);
      });
    } finally {
      await hanging.stop().catch(() => {});
    }
  });

  test("is waited for as long as it asks, up to an hour, and its redirects lead nowhere", async () => {
    const notices = makeNotices();
    await notices.create(ACTOR, webhook(["block_found"]));
    http.answer = { status: 302, headers: { location: `${http.origin}/elsewhere`, "retry-after": "120" } };
    await addBlock(1);
    await running(notices, () => until(deliveries).toMatchObject([{ state: "waiting", answer: "HTTP 302 Found" }]));
    expect(http.posts.map((post) => post.path)).toEqual(["/hook"]);
    const waits = await database.sql.query<{ wait_s: number }>(
      "SELECT extract(epoch FROM next_at - answered_at)::float8 AS wait_s FROM notice_delivery",
    );
    expect(waits.rows[0]?.wait_s).toBeCloseTo(120, 0);
  });

  test("what was claimed by a process that died is sent by the next", async () => {
    const notices = makeNotices();
    await notices.create(ACTOR, webhook(["block_found"]));
    await addBlock(1);
    await running(notices, () => until(deliveries).toMatchObject([{ state: "delivered" }]));
    // As the dead process left it: claimed, the lease over, nothing written down.
    await database.sql.query(
      "UPDATE notice_delivery SET state = 'waiting', answer = NULL, next_at = now() - interval '1 second'",
    );
    await running(makeNotices(), () => until(deliveries).toMatchObject([{ state: "delivered", attempts: 2 }]));
    expect(new Set(http.posts.map((post) => post.headers["otedama-delivery"])).size).toBe(1);
  });

  test("two control planes at once send each notice once", async () => {
    const [one, two] = [makeNotices(), makeNotices()];
    await one.create(ACTOR, webhook(["block_found"]));
    for (let n = 1; n <= 12; n++) await addBlock(n);
    await running(one, () =>
      running(two, () => until(async () => (await deliveries()).filter((row) => row.state === "delivered").length).toBe(12)),
    );
    expect(http.posts).toHaveLength(12);
  });
});

describe("chats and mail", () => {
  test("Telegram gets plain text by its bot, and its wish to be left alone is heard", async () => {
    const notices = makeNotices();
    const token = "123456:ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    await notices.create(ACTOR, {
      name: "Chat",
      events: ["block_found"],
      destination: { kind: "telegram", token, chat_id: "-100200" },
    });
    http.answer = { status: 429, body: '{"ok":false,"description":"Too Many Requests","parameters":{"retry_after":35}}' };
    await addBlock(1);
    await running(notices, async () => {
      await until(deliveries).toMatchObject([{ state: "waiting", answer: expect.stringContaining("Too Many Requests") }]);
      const waits = await database.sql.query<{ wait_s: number }>(
        "SELECT extract(epoch FROM next_at - answered_at)::float8 AS wait_s FROM notice_delivery",
      );
      expect(waits.rows[0]?.wait_s).toBeCloseTo(35, 0);
      http.answer = { status: 200, body: '{"ok":true}' };
      await makeDue();
      await until(deliveries).toMatchObject([{ state: "delivered" }]);
    });
    expect(http.posts[0]?.path).toBe(`/bot${token}/sendMessage`);
    expect(JSON.parse(http.posts[0]?.body ?? "")).toMatchObject({
      chat_id: "-100200",
      text: expect.stringMatching(/^Block found\nBlock 1 .*pool\.example\.org\/blocks\//s),
    });
  });

  test("Discord gets a message that mentions nobody, at Discord's own address only", async () => {
    const notices = makeNotices();
    const destination = { kind: "discord", url: `${http.origin}/api/webhooks/1/abc` } as const;
    await notices.create(ACTOR, { name: "Chat", events: ["block_found"], destination });
    await expect(
      notices.create(ACTOR, {
        name: "Chat",
        events: ["block_found"],
        destination: { kind: "discord", url: "https://evil.example/api/webhooks/1/a" },
      }),
    ).rejects.toMatchObject({ field: "destination.url" });
    await addBlock(1);
    await running(notices, () => until(deliveries).toMatchObject([{ state: "delivered" }]));
    expect(JSON.parse(http.posts[0]?.body ?? "")).toMatchObject({
      content: expect.stringContaining("**Block found**"),
      allowed_mentions: { parse: [] },
    });
  });

  test("mail is left at the configured server, logged in, and its refusal is told in its own words", async () => {
    const notices = makeNotices();
    await notices.create(ACTOR, { name: "Mail", events: ["block_found"], destination: { kind: "email", to: "aki@example.org" } });
    await addBlock(1);
    await running(notices, () => until(deliveries).toMatchObject([{ state: "delivered", answer: "250 2.0.0 queued as 7F3A" }]));
    expect(mail.logins.at(-1)).toBe("\0aki\0pw");
    expect(mail.mails).toMatchObject([{ from: "pool@example.org", to: ["aki@example.org"] }]);
    expect(mail.mails[0]?.data).toMatch(/Subject: Otedama: Block found/);
    mail.refuse_recipients = true;
    try {
      expect(await notices.test(1)).toMatchObject({
        delivered: false,
        answer: expect.stringContaining("550 5.1.1 no such mailbox"),
      });
    } finally {
      mail.refuse_recipients = false;
    }
  });

  test("mail is not sent in the clear to a server that offers no encryption, unless that was asked for", async () => {
    const notices = makeNotices({ smtp: { ...smtp(), security: "starttls" } });
    await notices.create(ACTOR, { name: "Mail", events: ["block_found"], destination: { kind: "email", to: "aki@example.org" } });
    expect(await notices.test(1)).toMatchObject({ delivered: false });
    expect(mail.mails).toEqual([]);
  });
});

describe("trouble that the database does not know of", () => {
  const event = (kind: "node_down" | "node_up" | "database_down", at_ms: number) => ({
    at_ms,
    kind,
    subject: "node-1",
    message: "No answer for 30 s.",
  });

  test("is written down once, and told", async () => {
    const notices = makeNotices();
    await notices.create(ACTOR, webhook(["node_lost", "node_back"]));
    notices.live.poolEvent("pool-1", event("node_down", 1_000));
    notices.live.poolEvent("pool-1", event("node_down", 1_000));
    notices.live.poolEvent("pool-1", event("node_up", 2_000));
    await running(notices, () =>
      until(async () => (await deliveries()).map(({ kind, state }) => `${kind} ${state}`)).toEqual([
        "node_lost delivered",
        "node_back delivered",
      ]),
    );
    expect(JSON.parse(http.posts.find((post) => post.headers["otedama-event"] === "node_lost")?.body ?? "{}").text).toContain(
      "node-1. No answer for 30 s.",
    );
  });

  test("is bounded: a part that comes and goes all the time floods nobody", () => {
    const notices = makeNotices();
    const before = counters.read().notices_dropped;
    for (let n = 0; n < 5_000; n++) notices.live.poolEvent("pool-1", event("node_down", n));
    expect(notices.live.waiting.length).toBeLessThanOrEqual(200);
    expect(counters.read().notices_dropped - before).toBeGreaterThan(4_000);
  });

  test("about the database is told while the database is away, and not a second time when it is back", async () => {
    const notices = makeNotices();
    await notices.create(ACTOR, webhook(["database_behind", "database_back"]));
    await running(notices, async () => {
      // Once round with the database, so that the channels are known.
      notices.live.poolEvent("pool-1", event("node_down", 1));
      await until(() => notices.live.waiting.length).toBe(0);
      away = true;
      notices.live.database({ state: "down", since_ms: 0, message: "The database does not answer." });
      await until(() => http.posts.map((post) => post.headers["otedama-event"])).toEqual(["database_behind"]);
      away = false;
      notices.live.database({ state: "ok", since_ms: 0, message: null });
      await until(async () => (await deliveries()).map(({ kind, state }) => `${kind} ${state}`)).toEqual([
        "database_behind delivered",
        "database_back delivered",
      ]);
    });
    expect(http.posts.map((post) => post.headers["otedama-event"])).toEqual(["database_behind", "database_back"]);
  });
});

describe("the screen's procedures", () => {
  let web: RunningWeb;
  let cookie: string;
  const api = () => web.client(cookie).notices;
  const fieldOf = (attempt: Promise<unknown>) =>
    attempt.then(
      () => "none",
      (error: TRPCClientError<never>) => (error.data as { field?: string } | null)?.field ?? error.message,
    );
  beforeEach(async () => {
    web = await startTestWeb(url, BEHIND_PROXY);
    cookie = await web.signIn();
    return () => web.stop();
  });

  test.each([
    ["http://127.0.0.1/x"],
    ["http://[::1]/x"],
    ["http://169.254.169.254/latest/meta-data"],
    ["http://10.1.2.3/x"],
    ["http://[::ffff:192.168.0.1]/x"],
    ["http://0x7f000001/x"],
    ["http://2130706433/x"],
    ["https://user:password@example.org/x"],
    ["ftp://example.org/x"],
    ["not an address"],
  ])("refuse a webhook to %s, naming the field", async (target) => {
    const input = { name: "x", events: ["block_found"] as NoticeKind[], destination: { kind: "webhook" as const, url: target } };
    expect(await fieldOf(api().createChannel.mutate(input))).toBe("destination.url");
  });

  test("never give a secret back, neither to a browser nor to the log", async () => {
    const url_with_secret = "https://hooks.example.org/services/T0KEN-IN-PATH";
    const made = await api().createChannel.mutate({
      name: "Hook",
      events: ["block_found"],
      destination: { kind: "webhook", url: url_with_secret },
    });
    expect(made.signing_secret).toMatch(/^whsec_[\w-]{43}$/);
    const shown = JSON.stringify([
      await api().get.query(),
      await api().deliveries.query({}),
      await web.client(cookie).audit.list.query({}),
    ]);
    const stored = JSON.stringify((await web.sql.query("SELECT * FROM notice_channel")).rows);
    for (const secret of ["T0KEN-IN-PATH", made.signing_secret ?? ""]) {
      expect(shown).not.toContain(secret);
      expect(stored).not.toContain(secret);
      expect(web.log()).not.toContain(secret);
    }
    expect((await api().get.query()).channels).toMatchObject([
      { target: "hooks.example.org", events: ["block_found"], enabled: true },
    ]);
  });

  test("change, test and remove a channel, each with its line in the audit log", async () => {
    expect(
      await fieldOf(
        api().createChannel.mutate({ name: "Mail", events: ["block_found"], destination: { kind: "email", to: OWNER.email } }),
      ),
    ).toBe("destination.kind");
    const { id } = await api().createChannel.mutate({
      name: "Hook",
      events: ["block_found"],
      destination: { kind: "webhook", url: "https://localhost/hook" },
    });
    await api().changeChannel.mutate({ id, name: "Other", events: ["node_lost"], enabled: false });
    // A name is judged when it is looked up.
    expect(await api().testChannel.mutate({ id })).toMatchObject({
      delivered: false,
      answer: expect.stringContaining("private network"),
    });
    await api().removeChannel.mutate({ id });
    expect((await api().get.query()).channels).toEqual([]);
    expect(await fieldOf(api().removeChannel.mutate({ id }))).toMatch(/no such channel/);
    const audit = await web.sql.query("SELECT action, details FROM audit_log WHERE action LIKE 'notice_channel.%' ORDER BY id");
    expect(audit.rows).toMatchObject([
      { action: "notice_channel.create" },
      {
        action: "notice_channel.change",
        details: { before: { name: "Hook", enabled: true }, after: { name: "Other", enabled: false } },
      },
      { action: "notice_channel.remove" },
    ]);
  });
});
