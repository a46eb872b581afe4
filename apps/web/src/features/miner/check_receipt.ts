/**
 * Checks a receipt with this browser's own arithmetic: that the account's shares are the ones its leaf commits to, that the leaf leads to
 * the root, and that the root is in the published digest. The server is only asked for the parts.
 */
import type { MinerReceiptDto } from "@otedama/shared";
import {
  checkInclusion,
  RECEIPT_SHARE_BYTES,
  ReceiptError,
  readInclusion,
  readReceipt,
  ShareCheck,
} from "@otedama/shared/receipt";

export interface ReceiptParts {
  receipt: () => Promise<MinerReceiptDto>;
  /** Packed shares from the `from`-th on; empty at their end. */
  shares: (solo: boolean, from: number) => Promise<Uint8Array>;
}

export interface CheckedReceipt {
  verdict: "matches" | "differs" | "no_shares" | "shares_gone";
  /** What differs, in words. */
  why: string | null;
  answer: MinerReceiptDto;
  /** Checked here, one by one. */
  shares: number;
  work_hashes: number;
  /** Of all accounts that mine together. */
  total_hashes: number;
  digest: string;
}

/** Throws what fetching throws; a receipt that does not hold is a verdict. `onProgress` is told how many shares were checked. */
export async function checkReceipt(
  address: string,
  block_hash: string,
  parts: ReceiptParts,
  onProgress: (shares: number) => void,
): Promise<CheckedReceipt> {
  const answer = await parts.receipt();
  const checked: CheckedReceipt = {
    verdict: "matches",
    why: null,
    answer,
    shares: 0,
    work_hashes: 0,
    total_hashes: Number(answer.receipt.root.pooled_hashes),
    digest: answer.receipt.digest,
  };
  if (answer.inclusions.length === 0) return { ...checked, verdict: "no_shares" };
  try {
    const { head, digest } = readReceipt(answer.receipt);
    if (head.block_hash !== block_hash) throw new ReceiptError("the receipt is another block's");
    for (const proof of answer.inclusions) {
      const inclusion = readInclusion(proof);
      if (inclusion.leaf.address !== address) throw new ReceiptError("the proof is another account's");
      checkInclusion(head, digest, inclusion);
    }
    if (answer.inclusions.some((proof) => BigInt(proof.shares_kept) < BigInt(proof.leaf.shares))) {
      return { ...checked, verdict: "shares_gone" };
    }
    for (const proof of answer.inclusions) {
      const { leaf } = readInclusion(proof);
      const check = new ShareCheck(leaf);
      for (let from = 0n; from < leaf.shares; ) {
        const packed = await parts.shares(leaf.solo, Number(from));
        if (packed.length === 0) break;
        check.add(packed);
        from += BigInt(packed.length / RECEIPT_SHARE_BYTES);
        onProgress(checked.shares + Number(from));
      }
      check.finish();
      checked.shares += Number(check.tally.shares);
      checked.work_hashes += Number(check.tally.work_hashes);
    }
    return checked;
  } catch (error) {
    if (error instanceof ReceiptError) return { ...checked, verdict: "differs", why: error.message };
    throw error;
  }
}
