/** Receipts of blocks as they are published, with an account's proofs and shares. */
import {
  bytesToHex,
  type MinerReceiptDto,
  PoolPolicy,
  type ReceiptDto,
  type ReceiptInclusionDto,
  workHashes,
} from "@otedama/shared";
import {
  RECEIPT_SHARE_BYTES,
  type ReceiptLeaf,
  SUBTREE_LEAVES,
  storedProof,
  unpackNodes,
  writeTreeNode,
} from "@otedama/shared/receipt";
import type { Sql } from "./database.ts";

/** How far back the window of a block is followed. */
const WINDOW_RECEIPTS_MAX = 500;
/** Pieces that one answer is put together from; each has 10,000 shares at most. */
const PIECES_MAX = 4;

interface ReceiptRow extends Omit<ReceiptDto, "digest" | "previous_digest" | "root"> {
  digest: Buffer;
  previous_digest: Buffer;
  root: Buffer;
  shares: string;
  pooled_hashes: string;
  solo_hashes: string;
}

const COLUMNS = `r.block_hash, b.height AS block_height, r.instance_id, r.number, r.digest, r.previous_digest,
  r.first_sequence::text, r.last_sequence::text, r.started_at AS started_at_ms, r.ended_at AS ended_at_ms, r.complete,
  r.leaf_count AS leaves, r.root, r.shares::text, r.pooled_hashes::text, r.solo_hashes::text`;

/** Null when the block has none, or there is no such block. */
export async function getReceipt(sql: Sql, block_hash: string): Promise<ReceiptDto | null> {
  const { rows } = await sql.query<ReceiptRow>(
    `SELECT ${COLUMNS} FROM receipt r JOIN block b ON b.hash = r.block_hash WHERE r.block_hash = $1`,
    [block_hash],
  );
  return rows[0] ? toReceipt(rows[0]) : null;
}

function toReceipt({ digest, previous_digest, root, shares, pooled_hashes, solo_hashes, ...row }: ReceiptRow): ReceiptDto {
  return {
    ...row,
    digest: bytesToHex(digest),
    previous_digest: bytesToHex(previous_digest),
    root: { hash: bytesToHex(root), shares, pooled_hashes, solo_hashes },
  };
}

/** A block's receipt with the account's proofs; null when the block has none. */
export async function getMinerReceipt(sql: Sql, account_id: number, block_hash: string): Promise<MinerReceiptDto | null> {
  const receipt = await getReceipt(sql, block_hash);
  if (receipt === null) return null;
  const [inclusions, workers, draws_on] = await Promise.all([
    readInclusions(sql, account_id, receipt),
    sql.query<{ id: number; name: string }>("SELECT id, name FROM worker WHERE account_id = $1 ORDER BY id LIMIT 1000", [
      account_id,
    ]),
    readDrawsOn(sql, receipt),
  ]);
  return { receipt, inclusions, workers: workers.rows, draws_on };
}

interface LeafRow {
  position: number;
  address: string;
  solo: boolean;
  shares: string;
  work_hashes: string;
  chain: Buffer;
}

async function readInclusions(sql: Sql, account_id: number, receipt: ReceiptDto): Promise<ReceiptInclusionDto[]> {
  const own = await sql.query<{ position: number; solo: boolean; kept: number }>(
    `SELECT f.position, f.solo, coalesce((SELECT sum(s.count) FROM receipt_shares s WHERE s.instance_id = $3 AND s.number = $4
        AND s.account_id = f.account_id AND s.solo = f.solo), 0)::bigint AS kept
       FROM receipt_leaf f WHERE f.account_id = $1 AND f.block_hash = $2 ORDER BY f.position`,
    [account_id, receipt.block_hash, receipt.instance_id, receipt.number],
  );
  if (own.rows.length === 0) return [];
  const kept = await sql.query<{ subtrees: Buffer }>("SELECT subtrees FROM receipt WHERE block_hash = $1", [receipt.block_hash]);
  const subtrees = unpackNodes(kept.rows[0]?.subtrees ?? new Uint8Array());
  const inclusions: ReceiptInclusionDto[] = [];
  for (const mine of own.rows) {
    const part = await readPart(sql, receipt.block_hash, mine.position);
    const leaf = part[mine.position % SUBTREE_LEAVES];
    if (leaf === undefined) throw new Error(`the receipt of ${receipt.block_hash} lacks leaf ${mine.position}`);
    inclusions.push({
      index: mine.position,
      leaf: {
        address: leaf.address,
        solo: leaf.solo,
        shares: leaf.shares.toString(),
        work_hashes: leaf.work_hashes.toString(),
        chain: bytesToHex(leaf.chain),
      },
      siblings: storedProof(part, mine.position, subtrees).map(writeTreeNode),
      shares_kept: mine.kept,
    });
  }
  return inclusions;
}

async function readPart(sql: Sql, block_hash: string, position: number): Promise<ReceiptLeaf[]> {
  const from = position - (position % SUBTREE_LEAVES);
  const { rows } = await sql.query<LeafRow>(
    `SELECT f.position, a.address, f.solo, f.shares::text, f.work_hashes::text, f.chain
       FROM receipt_leaf f JOIN account a ON a.id = f.account_id
      WHERE f.block_hash = $1 AND f.position >= $2 AND f.position < $2 + ${SUBTREE_LEAVES} ORDER BY f.position`,
    [block_hash, from],
  );
  return rows.map((row) => ({ ...row, shares: BigInt(row.shares), work_hashes: BigInt(row.work_hashes) }));
}

/**
 * Which receipts hold the shares that a block's reward was divided by, over the receipts of every instance that ran then. PROP goes back to
 * the last block below it that the pool mined together and that is in the chain, PPLNS until there is a window's worth of work. The other
 * schemes do not pay by block.
 */
async function readDrawsOn(sql: Sql, receipt: ReceiptDto): Promise<MinerReceiptDto["draws_on"]> {
  const found = await sql.query<{ network_difficulty: number; policy: unknown }>(
    "SELECT b.network_difficulty, p.policy FROM block b JOIN pool_policy p ON p.version = b.policy_version WHERE b.hash = $1",
    [receipt.block_hash],
  );
  const policy = PoolPolicy.safeParse(found.rows[0]?.policy);
  if (!policy.success) return null;
  const { scheme, pplns_window } = policy.data;
  if (scheme !== "pplns" && scheme !== "prop") return null;
  const { rows } = await sql.query<{ hash: string; height: number; ended_at_ms: number; started_at_ms: number; work: string }>(
    `SELECT r.block_hash AS hash, b.height, r.started_at AS started_at_ms, r.ended_at AS ended_at_ms, r.pooled_hashes::text AS work
       FROM receipt r JOIN block b ON b.hash = r.block_hash
      WHERE r.started_at <= to_timestamp($1::float8 / 1000) ORDER BY r.ended_at DESC, r.number DESC LIMIT ${WINDOW_RECEIPTS_MAX}`,
    [receipt.ended_at_ms],
  );
  if (scheme === "prop") {
    const begin_ms = await readRoundBegin(sql, receipt);
    const blocks = rows.filter((row) => begin_ms === null || row.ended_at_ms > begin_ms);
    return { blocks: blocks.map(named), whole: begin_ms !== null };
  }
  const needed = workHashes(pplns_window * (found.rows[0]?.network_difficulty ?? 0) || 1);
  let work = 0n;
  let begin_ms = receipt.started_at_ms;
  for (const row of rows.filter((one) => one.ended_at_ms <= receipt.ended_at_ms)) {
    if (work >= needed) break;
    work += BigInt(row.work);
    begin_ms = Math.min(begin_ms, row.started_at_ms);
  }
  return { blocks: rows.filter((row) => row.ended_at_ms >= begin_ms).map(named), whole: work >= needed };
}

const named = ({ hash, height }: { hash: string; height: number }) => ({ hash, height });

/** Null for the pool's first round. */
async function readRoundBegin(sql: Sql, receipt: ReceiptDto): Promise<number | null> {
  const { rows } = await sql.query<{ at_ms: number }>(
    `SELECT coalesce(r.ended_at, b.found_at) AS at_ms FROM block b LEFT JOIN receipt r ON r.block_hash = b.hash
       LEFT JOIN worker w ON w.id = b.worker_id
      WHERE b.height < $1 AND b.state IN ('pending', 'confirmed') AND NOT coalesce(w.solo, false) ORDER BY b.height DESC LIMIT 1`,
    [receipt.block_height],
  );
  return rows[0]?.at_ms ?? null;
}

/** The account's packed shares from the `from`-th on; null when the block has no receipt. Empty at the end, or where they are no longer kept. */
export async function readReceiptShares(
  sql: Sql,
  account_id: number,
  block_hash: string,
  solo: boolean,
  from: number,
): Promise<Uint8Array | null> {
  const { rows } = await sql.query<{ position: number | null; packed: Buffer | null }>(
    `SELECT s.position, s.packed FROM receipt r LEFT JOIN receipt_shares s ON s.instance_id = r.instance_id AND s.number = r.number
        AND s.account_id = $1 AND s.solo = $3 AND s.position + s.count > $4
      WHERE r.block_hash = $2 ORDER BY s.position LIMIT ${PIECES_MAX}`,
    [account_id, block_hash, solo, from],
  );
  if (rows.length === 0) return null;
  const pieces: Uint8Array[] = [];
  let next = from;
  for (const { position, packed } of rows) {
    // A gap is not bridged: what is there ends before it.
    if (position === null || packed === null || position > next) break;
    const piece = packed.subarray((next - position) * RECEIPT_SHARE_BYTES);
    pieces.push(piece);
    next += piece.length / RECEIPT_SHARE_BYTES;
  }
  return Buffer.concat(pieces);
}
