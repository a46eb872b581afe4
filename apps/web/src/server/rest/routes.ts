/** The public API, one line an endpoint; the OpenAPI document is made from the same table. */
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
];
