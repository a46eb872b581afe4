/** The page, the API, the CSV and the metrics say the same. */
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { StatisticsDto } from "@otedama/shared";
import { figuresOf, statisticsCsv } from "@otedama/shared/statistics";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StatisticsKeeper } from "../src/server/live/statistics_keeper.ts";
import { addressOf, seedFarm } from "./fixtures/seed.ts";
import { type RunningWeb, startTestWeb } from "./fixtures/web_server.ts";

let postgres: TestPostgres;
let web: RunningWeb;
let client: ReturnType<RunningWeb["client"]>;
beforeAll(async () => {
  postgres = await startTestPostgres();
  web = await startTestWeb(await postgres.createMigratedDatabase());
  client = web.client(await web.signIn());
});
afterAll(async () => {
  await web.stop();
  await postgres.stop();
});

const text = async (path: string) => {
  const answer = await fetch(web.origin + path);
  expect(answer.status).toBe(200);
  return { type: answer.headers.get("content-type"), body: await answer.text() };
};

/** Asked until all four come from one reading: a reading is kept for some seconds. */
async function allFour() {
  for (;;) {
    const [page, api, csv, metrics] = await Promise.all([
      client.statistics.get.query(),
      text("/api/v1/statistics"),
      text("/api/v1/statistics.csv"),
      text("/api/v1/metrics"),
    ]);
    const statistics = StatisticsDto.parse(JSON.parse(api.body));
    const same = new Date(page.statistics.at_ms).toISOString();
    if (statistics.at_ms === page.statistics.at_ms && csv.body.includes(`at,,,${same}`))
      return { page, statistics, csv, metrics };
  }
}

describe("statistics", () => {
  test("of a pool that nobody has used are there, and empty", async () => {
    const { statistics, suspects } = await client.statistics.get.query();
    expect(statistics).toMatchObject({ network: null, hashrate_h1_hps: null, next_block_s: null, efforts: [] });
    expect(statistics.luck.every((one) => one.value === null && one.blocks === 0)).toBe(true);
    expect(suspects).toEqual([]);
  });

  test("agree in page, API, CSV and metrics", async () => {
    const now_ms = Date.now();
    // Work of 600 blocks a worker: the last two workers find too few of them.
    await web.sql.query("INSERT INTO network_difficulty (at, height, difficulty) VALUES (now() - interval '1 day', 207, 10)");
    await seedFarm(web.sql, { accounts: 2, workers_per_account: 2, history_s: 3_600, blocks: 6, rigs: 1, now_ms });
    await expect.poll(async () => (await client.statistics.get.query()).statistics.efforts.length).toBe(6);
    const { page, statistics, csv, metrics } = await allFour();

    expect(page.statistics).toEqual(statistics);
    expect(csv.type).toContain("text/csv");
    expect(csv.body).toBe(statisticsCsv(statistics));
    expect(metrics.type).toBe("text/plain; version=0.0.4; charset=utf-8");
    const exposed = new Map(
      metrics.body
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("#"))
        .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
    );
    const known = figuresOf(statistics).filter((figure) => figure.value !== null);
    expect(exposed.size).toBe(known.length);
    for (const { name, labels, value } of known) {
      const pairs = Object.entries(labels).map(([key, label]) => `${key}="${label}"`);
      expect(exposed.get(`otedama_${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`}`), name).toBe(value);
    }

    // And they are right: six blocks with an effort of a half each; shares of difficulty 2 for an hour.
    expect(statistics.luck[0]).toMatchObject({ window: "10 blocks", blocks: 6, expected: 3, value: 2 });
    expect(statistics.network).toEqual({ height: 207, difficulty: 10 });
    // Whole minutes up to ten seconds ago, from the first share on.
    const end_s = Math.floor((statistics.at_ms - 10_000) / 60_000) * 60;
    const measured = await web.sql.query<{ work: number; first_s: number }>(
      `SELECT coalesce(sum(work_hashes) FILTER (WHERE bucket_at >= to_timestamp($1) AND bucket_at < to_timestamp($2)), 0)::float8 AS work,
              (floor(extract(epoch FROM min(bucket_at)) / 60) * 60)::float8 AS first_s FROM share_bucket`,
      [end_s - 3_600, end_s],
    );
    const { work, first_s } = measured.rows[0] ?? { work: 0, first_s: 0 };
    expect(work).toBeGreaterThan(0);
    expect(statistics.hashrate_h1_hps).toBeCloseTo(work / (end_s - Math.max(first_s, end_s - 3_600)), 3);
    expect(statistics.next_block_s?.mean).toBeCloseTo((10 * 2 ** 32) / (statistics.hashrate_h1_hps ?? 0), 6);
    const week = statistics.luck.find((one) => one.window === "7 d");
    expect(week).toMatchObject({ blocks: 6 });
    const { rows } = await web.sql.query<{ work: number }>("SELECT sum(work_hashes)::float8 AS work FROM share_bucket");
    expect(week?.expected).toBeCloseTo((rows[0]?.work ?? 0) / (10 * 2 ** 32), 3);
    // Overview tells the same luck.
    expect((await client.overview.get.query({})).luck).toEqual({ blocks: 6, value: 2 });

    // Each worker did the work of some seventy blocks and more, and six were found in all: everybody is short of them.
    expect(statistics.withholding).toMatchObject({ tested: 4, alarms: 4, watched: 0 });
    expect(page.suspects.map((suspect) => suspect.suspicion)).toEqual(["alarm", "alarm", "alarm", "alarm"]);
    expect(page.suspects[0]?.worker_name).toBe("w2");
    // What is public names nobody.
    expect(csv.body + metrics.body + JSON.stringify(statistics)).not.toContain(addressOf(1));
  });

  test("are read once however many ask, again when they are old, and again after a failure", async () => {
    let [reads, now, fails] = [0, 0, false];
    const keeper = new StatisticsKeeper(
      { ttl_ms: 100 },
      {
        now: () => now,
        read: async () => {
          reads += 1;
          if (fails) throw new Error("away");
          return { statistics: {} as never, suspects: [] };
        },
      },
    );
    await Promise.all([keeper.read(), keeper.read(), keeper.read()]);
    expect(reads).toBe(1);
    now = 99;
    await keeper.read();
    expect(reads).toBe(1);
    now = 100;
    await keeper.read();
    expect(reads).toBe(2);
    now = 300;
    fails = true;
    await expect(keeper.read()).rejects.toThrow("away");
    fails = false;
    await keeper.read();
    expect(reads).toBe(4);
  });
});
