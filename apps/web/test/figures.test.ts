/** What the screens show of a farm whose every number is known. */
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { writeBlockStory } from "@otedama/db/pool";
import {
  AccountDetailDto,
  BalancesDto,
  BlockDetailDto,
  BlocksPage,
  OverviewDto,
  RigDetailDto,
  RigsPage,
  SearchDto,
  WorkerDetailDto,
  WorkersPage,
} from "@otedama/shared";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  addressOf,
  type FarmOptions,
  FEE_SATS,
  hashOf,
  REWARD_SATS,
  rigId,
  SHARE_DIFFICULTY,
  seedFarm,
} from "./fixtures/seed.ts";
import { type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

const HASHES_PER_SHARE = SHARE_DIFFICULTY * 2 ** 32;
const WORKERS = 12;

let postgres: TestPostgres;
let web: RunningWeb;
let client: ReturnType<RunningWeb["client"]>;
let farm: FarmOptions;
beforeAll(async () => {
  postgres = await startTestPostgres();
  web = await startTestWeb(await postgres.createMigratedDatabase());
  farm = { accounts: 4, workers_per_account: 3, history_s: 1_800, blocks: 6, rigs: 5, now_ms: Date.now() };
  await seedFarm(web.sql, farm);
  // The server learns which rigs there are when it starts.
  await web.stop();
  web = await startTestWeb(web.database_url);
  client = web.client(await web.signIn());
});
afterAll(async () => {
  await web.stop();
  await postgres.stop();
});

describe("hashrate over time", () => {
  test("is the accepted work over the seconds measured, null before anything was", async () => {
    const series = await client.pool.series.query({ window: "1h" });
    expect(series.step_s).toBe(30);
    expect(series.at_ms).toHaveLength(120);
    expect(series.hashrate_hps).toHaveLength(120);
    expect(series.at_ms.every((at, index) => at === (series.at_ms[0] ?? 0) + index * 30_000)).toBe(true);
    const shares_per_bucket = (WORKERS * (WORKERS + 1)) / 2;
    const whole = series.hashrate_hps.slice(70, 110);
    for (const hashrate of whole) expect(hashrate).toBeCloseTo((shares_per_bucket * HASHES_PER_SHARE) / 10, 3);
    expect(series.hashrate_hps.slice(0, 55).every((hashrate) => hashrate === null)).toBe(true);
  });

  test("of one worker, and 0 where it was measured without a share", async () => {
    const silent_from = new Date(farm.now_ms - 600_000);
    await web.sql.query("DELETE FROM share_bucket WHERE worker_id = 2 AND bucket_at >= $1", [silent_from]);
    const { series } = await client.workers.get.query({ id: 2, window: "1h" });
    expect(series.hashrate_hps[80]).toBeCloseTo((2 * HASHES_PER_SHARE) / 10, 3);
    expect(series.hashrate_hps.slice(105, 118)).toEqual(Array(13).fill(0));
  });

  test("a longer window has coarser steps and the same rate", async () => {
    const series = await client.pool.series.query({ window: "24h" });
    expect(series.step_s).toBe(600);
    expect(series.at_ms).toHaveLength(144);
    const measured = series.hashrate_hps.filter((hashrate) => hashrate !== null);
    expect(measured.length).toBeGreaterThanOrEqual(3);
    expect(measured.length).toBeLessThanOrEqual(4);
    expect(measured[1]).toBeGreaterThan(0);
  });
});

describe("workers", () => {
  test("states, counts and rates", async () => {
    const page = WorkersPage.parse(await client.workers.list.query({ sort: "hashrate", dir: "desc" }));
    expect(page.total).toBe(WORKERS);
    const worker = page.rows.find((row) => row.id === 4);
    expect(worker).toMatchObject({
      account_id: 2,
      account_address: addressOf(2),
      name: "w1",
      state: "mining",
      connections: 1,
      user_agent: "cgminer/4.12",
      difficulty: SHARE_DIFFICULTY,
      hashrate_hps: { m1: 4e6, m15: 4e6, d1: 4e6 },
      shares: { accepted: 400, stale: 4, duplicate: 0, low_difficulty: 2, unauthorized: 0, invalid: 0 },
    });
    expect(page.rows.map((row) => row.id).slice(0, 4)).toEqual([10, 7, 4, 1]);
    // Silent for an hour: its old rate is not shown as if it were one.
    expect(page.rows.find((row) => row.id === 2)).toMatchObject({ state: "idle", hashrate_hps: { m1: 0, m15: 0, d1: 2e6 } });
    expect(page.rows.find((row) => row.id === 3)).toMatchObject({ state: "offline", connections: 0 });
  });

  test("search, filter, sort and pages happen in the database", async () => {
    const byAddress = await client.workers.list.query({ q: `${addressOf(3)}.W2` });
    expect(byAddress.rows.map((row) => row.id)).toEqual([8]);
    const offline = await client.workers.list.query({ state: "offline", sort: "name", dir: "asc" });
    expect(offline.total).toBe(4);
    expect(offline.rows.every((row) => row.state === "offline")).toBe(true);
    const account = await client.workers.list.query({ account_id: 2, sort: "rejected", dir: "asc" });
    expect(account.rows.map((row) => row.id)).toEqual([4, 5, 6]);
    const pages = await Promise.all(
      [1, 2, 3].map((page) => client.workers.list.query({ sort: "accepted", dir: "asc", page, page_size: 5 })),
    );
    expect(pages.map((page) => page.rows.length)).toEqual([5, 5, 2]);
    expect(pages.flatMap((page) => page.rows.map((row) => row.id))).toEqual(
      Array.from({ length: WORKERS }, (_, index) => index + 1),
    );
    for (const sort of ["name", "account", "state", "hashrate", "accepted", "rejected", "last_share"] as const) {
      expect((await client.workers.list.query({ sort, dir: "asc" })).rows).toHaveLength(WORKERS);
    }
  });

  test("one worker with its blocks", async () => {
    const worker = WorkerDetailDto.parse(await client.workers.get.query({ id: 3, window: "6h" }));
    expect(worker.window).toBe("6h");
    expect(worker.blocks.map((block) => block.hash)).toEqual([hashOf("block 2")]);
  });
});

describe("blocks", () => {
  test("newest first, by state, in pages", async () => {
    const all = BlocksPage.parse(await client.blocks.list.query({}));
    expect(all.total).toBe(6);
    expect(all.rows.map((row) => row.height)).toEqual([206, 205, 204, 203, 202, 201]);
    expect(all.rows[2]).toMatchObject({ state: "orphaned", note: "replaced by another block" });
    expect(all.rows[0]).toMatchObject({
      state: "pending",
      confirmations: 1,
      maturity_confirmations: 100,
      reward_sats: REWARD_SATS,
      worker_name: "w1",
      account_address: addressOf(3),
    });
    const confirmed = await client.blocks.list.query({ state: "confirmed", page: 2, page_size: 2 });
    expect(confirmed).toMatchObject({ total: 3, rows: [{ height: 201 }] });
  });

  test("one block with who was credited, to the satoshi", async () => {
    const block = BlockDetailDto.parse(await client.blocks.get.query({ hash: hashOf("block 6") }));
    expect(block.credits).toMatchObject({ total: 5, sum_sats: REWARD_SATS });
    expect(block.credits.rows.reduce((sum, credit) => sum + credit.amount_sats, 0)).toBe(REWARD_SATS);
    expect(block.credits.rows.filter((credit) => credit.kind === "fee")).toEqual([
      { kind: "fee", account_id: null, account_address: "", amount_sats: FEE_SATS },
    ]);
    expect(block.round_work_hashes).toBe(4_294_967_296_000);
    // Nothing is known yet of how it came about; its entries are.
    expect(block).toMatchObject({ policy: null, coinbase: null, submissions: [], moves: [] });
    expect(block.entries.map(({ cause }) => cause)).toEqual(["block_credit"]);
  });

  test("one block with its story: its coinbase, what the nodes answered, each change of state, and credits by the page", async () => {
    const hash = hashOf("block 1");
    await writeBlockStory(web.sql, {
      hash,
      coinbase_text: "/Otedama/",
      template_node: "node-1:8332",
      template_at_ms: farm.now_ms - 5_000,
      outputs: [{ script_hex: "0014", address: null, value_sats: BigInt(REWARD_SATS) }],
      submissions: [
        {
          node: "b",
          result: "away",
          answer: "not reached",
          attempts: 3,
          first_at_ms: farm.now_ms,
          answered_at_ms: null,
          latency_ms: null,
        },
        {
          node: "a",
          result: "accepted",
          answer: null,
          attempts: 1,
          first_at_ms: farm.now_ms,
          answered_at_ms: farm.now_ms + 20,
          latency_ms: 20,
        },
      ],
    });
    await web.sql.query("INSERT INTO block_move (block_hash, from_state, to_state) VALUES ($1, 'found', 'pending')", [hash]);
    const block = BlockDetailDto.parse(await client.blocks.get.query({ hash }));
    expect(block.coinbase).toEqual({
      text: "/Otedama/",
      template_node: "node-1:8332",
      template_at_ms: farm.now_ms - 5_000,
      outputs: [{ script_hex: "0014", address: null, value_sats: REWARD_SATS }],
    });
    expect(block.submissions.map(({ node, result, latency_ms }) => [node, result, latency_ms])).toEqual([
      ["a", "accepted", 20],
      ["b", "away", null],
    ]);
    expect(block.moves).toMatchObject([{ from_state: "found", to_state: "pending", note: null }]);
    expect(block.entries.map(({ cause }) => cause)).toEqual(["block_credit", "block_mature"]);
    expect(await client.blocks.credits.query({ hash, page: 2 })).toEqual({ total: 5, sum_sats: REWARD_SATS, rows: [] });
    expect(await client.blocks.credits.query({ hash: hashOf("none") })).toEqual({ total: 0, sum_sats: 0, rows: [] });
  });
});

describe("rigs", () => {
  test("with their devices; a silent one is offline and counts for nothing", async () => {
    const page = RigsPage.parse(await client.rigs.list.query({}));
    expect(page.total).toBe(5);
    expect(page.rows[0]).toMatchObject({
      id: rigId(1),
      name: "rig-1",
      hostname: "host-1",
      site: "home",
      state: "mining",
      hashrate_hps: { s10: 1e6, s60: 1e6, m15: 1e6 },
      temperature_c_max: 51,
      cpu_cores: 4,
      shares: { accepted: 100 },
    });
    expect(page.rows[4]).toMatchObject({ id: rigId(5), state: "offline", hashrate_hps: { s10: 0, s60: 0, m15: 0 } });
    expect((await client.rigs.list.query({ state: "offline" })).total).toBe(1);
    expect((await client.rigs.list.query({ q: "HOST-3" })).rows.map((row) => row.id)).toEqual([rigId(3)]);
    expect((await client.rigs.list.query({ page: 2, page_size: 4 })).rows).toHaveLength(1);
  });

  test("one rig over time, with a gap where nobody measured", async () => {
    const rig = RigDetailDto.parse(await client.rigs.get.query({ id: rigId(2), window: "1h" }));
    expect(rig.series.hashrate_hps).toHaveLength(120);
    expect(rig.temperature_c).toHaveLength(120);
    expect(rig.series.hashrate_hps[110]).toBeCloseTo(2e6, 6);
    expect(rig.temperature_c[110]).toBe(60);
    expect(rig.series.hashrate_hps[50]).toBeNull();
    expect(rig.temperature_c[50]).toBeNull();
  });
});

describe("balances", () => {
  const share = (REWARD_SATS - FEE_SATS) / 4;

  test("are sums of the ledger, and the ledger's own sum is zero", async () => {
    const balances = BalancesDto.parse(await client.balances.list.query({}));
    expect(balances).toMatchObject({
      total: 4,
      pool_fee_pending_sats: 2 * FEE_SATS,
      pool_fee_available_sats: 3 * FEE_SATS,
      ledger_sum_sats: 0,
    });
    for (const row of balances.rows) {
      expect(row).toMatchObject({ pending_sats: 2 * share, available_sats: 3 * share, paid_sats: 0, workers: 3 });
      expect(row.last_credit_at_ms).toBe(farm.now_ms);
    }
    expect((await client.balances.list.query({ q: addressOf(2) })).rows.map((row) => row.account_id)).toEqual([2]);
  });

  test("one account line by line", async () => {
    const account = AccountDetailDto.parse(await client.balances.get.query({ account_id: 1 }));
    // Six credits, three maturities of two lines each, one orphan.
    expect(account.lines).toHaveLength(6 + 3 * 2 + 1);
    const sum = (bucket: string) =>
      account.lines.filter((line) => line.bucket === bucket).reduce((total, line) => total + line.amount_sats, 0);
    expect(sum("pending")).toBe(account.pending_sats);
    expect(sum("available")).toBe(account.available_sats);
    expect(account.lines.find((line) => line.cause === "block_orphan")).toMatchObject({ block_height: 204, amount_sats: -share });
  });
});

test("search finds a part of anything", async () => {
  const find = async (q: string) => SearchDto.parse(await client.search.find.query({ q }));
  expect(await find("rig-2")).toMatchObject({ rigs: [{ id: rigId(2), state: "mining" }], workers: [], blocks: [], accounts: [] });
  expect((await find("203")).blocks.map((block) => block.height)).toContain(203);
  expect((await find(hashOf("block 3").slice(0, 12))).blocks.map((block) => block.height)).toEqual([203]);
  expect((await find(addressOf(4).slice(6, 20))).accounts).toEqual([{ account_id: 4, address: addressOf(4) }]);
  const many = await find("bcrt1q");
  expect(many.workers).toHaveLength(6);
  expect(many.accounts).toHaveLength(4);
});

test("the overview in one answer", async () => {
  const overview = OverviewDto.parse(await client.overview.get.query({ window: "6h" }));
  expect(overview).toMatchObject({ window: "6h", blocks_total: 6, luck: { blocks: 6, value: 2 }, next_block_s: null });
  expect(overview.blocks.map((block) => block.height)).toEqual([206, 205, 204, 203, 202, 201]);
  expect(overview.series.step_s).toBe(120);
  expect(overview.live.database.state).toBe("ok");
  // Rigs are known from the database; none has reported to this process.
  await expect.poll(async () => (await client.overview.get.query({})).live.agents.total).toBe(5);
  expect((await client.overview.get.query({})).live.agents).toEqual({
    total: 5,
    mining: 0,
    offline: 5,
    hashrate_hps: 0,
    temperature_c_max: null,
  });
});
