/** Runs every page's queries and says how long the database took for each page. */
import { performance } from "node:perf_hooks";
import type { Sql } from "../web/index.ts";
import type { Page } from "./page.ts";

export interface PageTime {
  name: string;
  /** Queries of one look at the page. */
  queries: number;
  /** The quickest look: what the others come down to on a machine that does nothing else. */
  min_ms: number;
  p50_ms: number;
  p95_ms: number;
  max_ms: number;
}

/** What was asked for, with its values: to look at the plan of. */
export interface Asked {
  text: string;
  values: unknown[];
}

/**
 * One query after the other on one connection, so that a page's time is the sum of its queries' and none waits for another. It
 * counts from sending the query to having the rows: a little more than the database's own time.
 */
export class QueryClock {
  readonly #sql: Sql;
  readonly #now: string;
  #last: Promise<unknown> = Promise.resolve();
  #ms = 0;
  #asked: Asked[] = [];

  /** `now_ms` stands for the database's own clock: what was mined in a database that was made a while ago is not long past. */
  constructor(sql: Sql, now_ms: number) {
    this.#sql = sql;
    this.#now = `to_timestamp(${now_ms / 1000})`;
  }

  readonly sql = {
    query: (written: string, values: unknown[] = []) => {
      const text = written.replaceAll(/\bnow\(\)/g, this.#now);
      const result = this.#last.then(async () => {
        const began = performance.now();
        const answer = await this.#sql.query(text, values);
        this.#ms += performance.now() - began;
        this.#asked.push({ text, values });
        return answer;
      });
      this.#last = result.catch(() => {});
      return result;
    },
  } as Sql;

  /** What was asked since the last call, and how long it took together. */
  take(): { ms: number; asked: Asked[] } {
    const taken = { ms: this.#ms, asked: this.#asked };
    this.#ms = 0;
    this.#asked = [];
    return taken;
  }
}

export async function measurePages(
  sql: Sql,
  pages: readonly Page[],
  options: { rounds: number; now_ms: number },
  onPage: (time: PageTime) => void,
): Promise<PageTime[]> {
  const { rounds, now_ms } = options;
  const clock = new QueryClock(sql, now_ms);
  const times: PageTime[] = [];
  for (const page of pages) {
    const taken: number[] = [];
    let queries = 0;
    // The first look fills the caches and is not counted, as with any page that somebody keeps open.
    for (let round = -1; round < rounds; round++) {
      await page.run(clock.sql, Math.max(0, round));
      const { ms, asked } = clock.take();
      if (round < 0) continue;
      taken.push(ms);
      queries = asked.length;
    }
    taken.sort((a, b) => a - b);
    const at = (part: number) => taken[Math.min(taken.length - 1, Math.ceil(part * taken.length) - 1)] ?? 0;
    const time = {
      name: page.name,
      queries,
      min_ms: taken[0] ?? 0,
      p50_ms: at(0.5),
      p95_ms: at(0.95),
      max_ms: taken.at(-1) ?? 0,
    };
    times.push(time);
    onPage(time);
  }
  return times;
}

/** The tables that grow with the shares: none of them may be read from end to end for a page. */
const GROWING = ["share_bucket", "pool_work", "round_work", "worker_work", "account_work", "ledger_posting", "agent_sample"];

interface Plan {
  "Node Type": string;
  "Relation Name"?: string;
  Plans?: Plan[];
}

/** Growing tables that a page reads from end to end, as the planner sees it: "page: table". */
export async function findScans(sql: Sql, pages: readonly Page[], now_ms: number): Promise<string[]> {
  const clock = new QueryClock(sql, now_ms);
  const found = new Set<string>();
  for (const page of pages) {
    for (let round = 0; round < 4; round++) await page.run(clock.sql, round);
    for (const { text, values } of clock.take().asked) {
      const { rows } = await sql.query<{ "QUERY PLAN": { Plan: Plan }[] }>(`EXPLAIN (FORMAT JSON) ${text}`, values);
      for (const table of scanned(rows[0]?.["QUERY PLAN"][0]?.Plan)) found.add(`${page.name}: ${table}`);
    }
  }
  return [...found];
}

function scanned(plan: Plan | undefined): string[] {
  if (plan === undefined) return [];
  const own =
    plan["Node Type"] === "Seq Scan" && GROWING.includes(plan["Relation Name"] ?? "") ? [plan["Relation Name"] ?? ""] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(scanned)];
}
