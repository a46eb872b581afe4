import { isDatabaseAway } from "@otedama/db/web";
import type { LiveDto, MinerDto } from "@otedama/shared";
import { DATABASE_AWAY } from "../trpc/procedure.ts";
import { BusyError } from "./bounded_cache.ts";
import { MinerError, type Miners } from "./miners.ts";

export type FoundMiner =
  | { kind: "found"; miner: MinerDto }
  /** An address of this network to which nobody has mined. */
  | { kind: "unknown"; address: string; stratum_port: number | null }
  | { kind: "refused" | "away"; message: string };

/** What a miner's page begins with. */
export async function findMiner(
  address: string,
  { miners, live }: { miners: Pick<Miners, "find">; live: () => LiveDto },
): Promise<FoundMiner> {
  try {
    const miner = await miners.find(address);
    if (miner !== null) return { kind: "found", miner };
    return { kind: "unknown", address, stratum_port: live().pool?.stratum_port ?? null };
  } catch (error) {
    if (error instanceof MinerError) return { kind: "refused", message: error.message };
    if (error instanceof BusyError) return { kind: "away", message: error.message };
    if (isDatabaseAway(error)) return { kind: "away", message: DATABASE_AWAY };
    throw error;
  }
}
