/** An independent judge of shares, from the Stratum messages alone, by node:crypto and BigInt. */
import { createHash } from "node:crypto";

const DIFFICULTY_1 = 0xffffn << 208n;

export function sha256d(data: Uint8Array): Buffer {
  const once = createHash("sha256").update(data).digest();
  return createHash("sha256").update(once).digest();
}

export interface Claim {
  /** Params of mining.notify. */
  job: string[];
  extranonce1: string;
  extranonce2: string;
  ntime: string;
  nonce: string;
  version?: number;
}

/** The 80-byte header that a submit stands for. */
export function headerOf(claim: Claim): Buffer {
  const [, prevHash = "", coinbase1 = "", coinbase2 = "", branches = [], version = "", nbits = ""] = claim.job as unknown as [
    string,
    string,
    string,
    string,
    string[],
    string,
    string,
  ];
  let root = sha256d(Buffer.from(coinbase1 + claim.extranonce1 + claim.extranonce2 + coinbase2, "hex"));
  for (const branch of branches) root = sha256d(Buffer.concat([root, Buffer.from(branch, "hex")]));
  const header = Buffer.alloc(80);
  header.writeUInt32LE(claim.version ?? Number.parseInt(version, 16), 0);
  for (let word = 0; word < 8; word++) {
    Buffer.from(prevHash.slice(8 * word, 8 * word + 8), "hex")
      .reverse()
      .copy(header, 4 + 4 * word);
  }
  root.copy(header, 36);
  header.writeUInt32LE(Number.parseInt(claim.ntime, 16), 68);
  header.writeUInt32LE(Number.parseInt(nbits, 16), 72);
  header.writeUInt32LE(Number.parseInt(claim.nonce, 16), 76);
  return header;
}

export function hashNumber(hash: Buffer): bigint {
  return BigInt(`0x${Buffer.from(hash).reverse().toString("hex")}`);
}

export function difficultyOf(hash: Buffer): number {
  return Number(DIFFICULTY_1) / Number(hashNumber(hash));
}

/** Searches the nonce whose hash `wanted` accepts, from `from` up. */
export function search(
  claim: Omit<Claim, "nonce">,
  wanted: (hash: Buffer) => boolean,
  from = 0,
): { nonce: string; hash: Buffer; next: number } {
  const header = headerOf({ ...claim, nonce: "00000000" });
  for (let nonce = from; nonce < from + 5_000_000; nonce++) {
    header.writeUInt32LE(nonce, 76);
    const hash = sha256d(header);
    if (wanted(hash)) return { nonce: nonce.toString(16).padStart(8, "0"), hash, next: nonce + 1 };
  }
  throw new Error("no such nonce");
}
