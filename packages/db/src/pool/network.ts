/** The network's difficulty as the pool mined at it: what the expected number of blocks is reckoned by. */
import type { Queryable } from "./connect.ts";

/** Writes a row when height or difficulty are others than the newest row's. Safe from several instances: they write the same. */
export async function writeNetworkDifficulty(
  db: Queryable,
  now: { at_ms: number; height: number; difficulty: number },
): Promise<void> {
  await db.query(
    `INSERT INTO network_difficulty (at, height, difficulty) SELECT to_timestamp($1::float8 / 1000), $2::int, $3::float8
      WHERE NOT EXISTS (SELECT 1 FROM (SELECT height, difficulty FROM network_difficulty ORDER BY at DESC LIMIT 1) newest
                         WHERE newest.height = $2 AND newest.difficulty = $3)
     ON CONFLICT (at) DO NOTHING`,
    [now.at_ms, now.height, now.difficulty],
  );
}
