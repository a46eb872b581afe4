/** The public API, one line an endpoint; the OpenAPI document is made from the same table. */
import { StatisticsDto } from "@otedama/shared";
import { prometheusText, statisticsCsv } from "@otedama/shared/statistics";
import type { z } from "zod";
import type { PublicFigures } from "./public_figures.ts";
import { HealthAnswer, PoolStatsAnswer, StatsAnswer, StatusAnswer, StratumStatsAnswer } from "./schemas.ts";

export interface Route {
  path: string;
  summary: string;
  description: string;
  answer: z.ZodType;
  read(figures: PublicFigures): Promise<unknown>;
}

/** Answers that are not JSON. */
export interface TextRoute {
  path: string;
  summary: string;
  description: string;
  content_type: string;
  /** Name of the file that a browser saves it as; null where it is not for saving. */
  file_name: string | null;
  write(figures: PublicFigures): Promise<string>;
}

export const TEXT_ROUTES: readonly TextRoute[] = [
  {
    path: "/api/v1/statistics.csv",
    summary: "The statistics as a table",
    description: "The figures of `/api/v1/statistics`, one a line, and then the last blocks with their efforts.",
    content_type: "text/csv; charset=utf-8; header=present",
    file_name: "otedama-statistics.csv",
    write: async (figures) => statisticsCsv(await figures.statistics()),
  },
  {
    path: "/api/v1/metrics",
    summary: "The statistics for Prometheus",
    description:
      "The figures of `/api/v1/statistics` in Prometheus's text format. They are the whole pool's; what one pool process counts is on its own metrics port.",
    content_type: "text/plain; version=0.0.4; charset=utf-8",
    file_name: null,
    write: async (figures) => prometheusText(await figures.statistics()),
  },
];

export const ROUTES: readonly Route[] = [
  {
    path: "/health",
    summary: "Is the control plane alive",
    description:
      "Answers 200 as long as the process serves requests. `status` is degraded while the database or the pool is away.",
    answer: HealthAnswer,
    read: (figures) => figures.health(),
  },
  {
    path: "/api/v1/status",
    summary: "Versions, uptime and the health of every part",
    description: "Says since when a part has been in its state, and why, in words.",
    answer: StatusAnswer,
    read: (figures) => figures.status(),
  },
  {
    path: "/api/v1/stats",
    summary: "The main figures",
    description: "Hashrate, shares, workers, blocks and rigs. `WS /ws` pushes the same figures.",
    answer: StatsAnswer,
    read: (figures) => figures.stats(),
  },
  {
    path: "/api/v1/pool/stats",
    summary: "The pool",
    description: "Hashrate, round, luck, the wait for the next block and the blocks found.",
    answer: PoolStatsAnswer,
    read: (figures) => figures.poolStats(),
  },
  {
    path: "/api/v1/stratum/stats",
    summary: "The Stratum server",
    description: "Connections, shares by result, answer times and the current job.",
    answer: StratumStatsAnswer,
    read: (figures) => figures.stratumStats(),
  },
  {
    path: "/api/v1/statistics",
    summary: "Luck, refused shares and what to expect",
    description:
      "Luck over blocks and days with 95 % bounds, shares by result over time, the last blocks' efforts, and how many workers find fewer blocks than chance explains.",
    answer: StatisticsDto,
    read: (figures) => figures.statistics(),
  },
];
