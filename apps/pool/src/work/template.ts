/**
 * A node's block template (BIP 22, 23, 145), checked before anything is built on it.
 */
import { nbitsToTarget } from "@otedama/shared";
import { z } from "zod";
import { wireHash } from "./bytes.ts";
import { witnessCommitment } from "./merkle.ts";

const HASH = /^[0-9a-f]{64}$/;
const Hash = z.string().regex(HASH);
const Hex = z.string().regex(/^(?:[0-9a-f]{2})*$/);

const TemplateReply = z.object({
  version: z.int(),
  rules: z.array(z.string()).max(64).default([]),
  previousblockhash: Hash,
  height: z.int().min(1).max(0x7fffffff),
  bits: z.string().regex(/^[0-9a-f]{8}$/),
  curtime: z.int().min(0).max(0xffffffff),
  mintime: z.int().min(0).max(0xffffffff).optional(),
  coinbasevalue: z.int().min(0).max(21e14),
  coinbaseaux: z.record(z.string(), Hex).default({}),
  longpollid: z.string().max(1024).optional(),
  default_witness_commitment: Hex.optional(),
  // By hand below: there are thousands, and a new tip waits for them.
  transactions: z.array(z.unknown()).max(100_000),
});

export interface TemplateTransaction {
  /** Serialised with witness, hex. */
  data: string;
  txid: string;
  hash: string;
}

/** A fee that is not told is not known (BIP 22), and without it nobody can say what the block may pay. */
function readTransaction(item: unknown, index: number): TemplateTransaction & { fee: number } {
  const { data, txid, hash, fee } = (item ?? {}) as { [key in "data" | "txid" | "hash" | "fee"]?: unknown };
  const fault =
    typeof data !== "string" || data.length < 20 || data.length % 2 !== 0
      ? "data"
      : typeof txid !== "string" || !HASH.test(txid)
        ? "txid"
        : typeof hash !== "string" || !HASH.test(hash)
          ? "hash"
          : !Number.isSafeInteger(fee) || (fee as number) < 0
            ? "fee"
            : null;
  if (fault) throw new TemplateError(`The node's block template has a wrong transactions.${index}.${fault}.`);
  return { data: data as string, txid: txid as string, hash: hash as string, fee: fee as number };
}

export interface Template {
  version: number;
  prev_hash: string;
  height: number;
  nbits: number;
  ntime: number;
  /** The node's clock, Unix seconds; null where the chain's last blocks hold its template's time up. */
  clock_s: number | null;
  coinbasevalue_sats: bigint;
  fees_sats: bigint;
  aux: Uint8Array[];
  longpollid: string | null;
  segwit: boolean;
  witness_commitment: Uint8Array | null;
  transactions: TemplateTransaction[];
}

export class TemplateError extends Error {
  override name = "TemplateError";
}

/** Rules this pool knows how to obey. BIP 9: a rule that begins with `!` must be known, or the template must not be used. */
const KNOWN_MANDATORY_RULES = new Set(["!segwit"]);

/** Throws a TemplateError with a sentence for the operator. */
export function parseTemplate(reply: unknown): Template {
  const parsed = TemplateReply.safeParse(reply);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new TemplateError(`The node's block template has a wrong ${issue?.path.join(".") || "shape"}: ${issue?.message}.`);
  }
  const t = parsed.data;
  const unknownRule = t.rules.find((rule) => rule.startsWith("!") && !KNOWN_MANDATORY_RULES.has(rule));
  if (unknownRule) {
    throw new TemplateError(
      `The node demands the rule "${unknownRule.slice(1, 60)}", which this pool does not know how to obey.`,
    );
  }
  const nbits = Number.parseInt(t.bits, 16);
  try {
    nbitsToTarget(nbits);
  } catch (error) {
    throw new TemplateError(`The node's block template has wrong bits: ${(error as Error).message}.`);
  }
  const transactions = t.transactions.map(readTransaction);
  const segwit = t.rules.includes("segwit") || t.rules.includes("!segwit");
  return {
    version: t.version >>> 0,
    prev_hash: t.previousblockhash,
    height: t.height,
    nbits,
    ntime: Math.max(t.curtime, t.mintime ?? 0),
    clock_s: t.curtime > (t.mintime ?? 0) ? t.curtime : null,
    coinbasevalue_sats: BigInt(t.coinbasevalue),
    fees_sats: transactions.reduce((sum, transaction) => sum + BigInt(transaction.fee), 0n),
    aux: Object.values(t.coinbaseaux).map((hex) => Buffer.from(hex, "hex")),
    longpollid: t.longpollid ?? null,
    segwit,
    witness_commitment: segwit ? commitment(transactions, t.default_witness_commitment) : null,
    transactions,
  };
}

/**
 * Our own commitment, compared with the node's: if the two differ, one of us has the transactions wrong, and the block would
 * be refused after the work was done.
 */
function commitment(transactions: TemplateTransaction[], fromNode: string | undefined): Buffer {
  const own = witnessCommitment(transactions.map((transaction) => wireHash(transaction.hash)));
  if (fromNode !== undefined && !fromNode.startsWith(`6a24aa21a9ed${own.toString("hex")}`)) {
    throw new TemplateError("The node's witness commitment does not match the transactions of its template.");
  }
  return own;
}
