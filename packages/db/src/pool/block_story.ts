/** How a block came about and what became of it at each node. */
import type { Queryable } from "./connect.ts";

export interface BlockStory {
  hash: string;
  coinbase_text: string;
  template_node: string | null;
  template_at_ms: number | null;
  outputs: { script_hex: string; address: string | null; value_sats: bigint }[];
  submissions: {
    node: string;
    result: "accepted" | "rejected" | "unsure" | "away";
    answer: string | null;
    attempts: number;
    first_at_ms: number;
    answered_at_ms: number | null;
    latency_ms: number | null;
  }[];
}

/** Writes what is known now over what was known before. False while the block itself is not in the database; then nothing is written. */
export async function writeBlockStory(db: Queryable, story: BlockStory): Promise<boolean> {
  const written = await db.query(
    `INSERT INTO block_coinbase (block_hash, text, template_node, template_at, outputs)
     SELECT hash, $2, $3, to_timestamp($4::float8 / 1000), $5::jsonb FROM block WHERE hash = $1
     ON CONFLICT (block_hash) DO UPDATE SET text = excluded.text, template_node = excluded.template_node,
       template_at = excluded.template_at, outputs = excluded.outputs`,
    [
      story.hash,
      story.coinbase_text,
      story.template_node,
      story.template_at_ms,
      JSON.stringify(story.outputs.map((output) => ({ ...output, value_sats: Number(output.value_sats) }))),
    ],
  );
  if (!written.rowCount) return false;
  const { submissions } = story;
  await db.query(
    `INSERT INTO block_submission (block_hash, node, result, answer, attempts, first_at, answered_at, latency_ms)
     SELECT $1, node, result::block_submission_result, answer, attempts, to_timestamp(first_ms / 1000), to_timestamp(answered_ms / 1000), latency_ms
       FROM unnest($2::text[], $3::text[], $4::text[], $5::int[], $6::float8[], $7::float8[], $8::float8[])
         AS v (node, result, answer, attempts, first_ms, answered_ms, latency_ms)
     ON CONFLICT (block_hash, node) DO UPDATE SET result = excluded.result, answer = excluded.answer, attempts = excluded.attempts,
       first_at = excluded.first_at, answered_at = excluded.answered_at, latency_ms = excluded.latency_ms`,
    [
      story.hash,
      submissions.map(({ node }) => node),
      submissions.map(({ result }) => result),
      submissions.map(({ answer }) => answer),
      submissions.map(({ attempts }) => attempts),
      submissions.map(({ first_at_ms }) => first_at_ms),
      submissions.map(({ answered_at_ms }) => answered_at_ms),
      submissions.map(({ latency_ms }) => latency_ms),
    ],
  );
  return true;
}
