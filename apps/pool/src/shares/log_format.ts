/** Records of the share log; the layout is documented with the engine's types. */
import { SHARE_RECORD_BYTES, SHARE_SEGMENT_HEADER_BYTES } from "@otedama/native/engine-types";
import { SHARE_RESULTS, type ShareResult } from "@otedama/shared";
import { crc32c } from "./crc32c.ts";

export { SHARE_RECORD_BYTES, SHARE_SEGMENT_HEADER_BYTES };

export interface ShareRecord {
  kind: "share" | "block";
  result: ShareResult;
  at_ms: number;
  worker_id: number;
  job_number: number;
  /** What the share was judged by; 0 of one that was refused before it could be judged (of an unknown job, not decodable), and of a block that came to the log late. */
  difficulty: number;
  share_difficulty: number;
  /** Rises over the whole log; far below 2^53. */
  sequence: number;
  /** Display order, hex; "" for a share that is no block. */
  hash: string;
  /** Offset in its segment of the byte after it. */
  end: number;
}

/** Null for a record that is damaged: wrong CRC, or a CRC that is right over values that mean nothing. */
export function decodeRecord(bytes: Buffer, at: number, end: number): ShareRecord | null {
  if (bytes.readUInt32LE(at) !== crc32c(bytes, at + 4, at + SHARE_RECORD_BYTES)) return null;
  const kind = bytes[at + 4];
  const result = SHARE_RESULTS[bytes[at + 5] as number];
  const difficulty = bytes.readDoubleLE(at + 24);
  if ((kind !== 1 && kind !== 2) || result === undefined || !(difficulty >= 0 && Number.isFinite(difficulty))) return null;
  if (difficulty === 0 && result === "accepted") return null;
  return {
    kind: kind === 1 ? "share" : "block",
    result,
    at_ms: bytes.readUInt32LE(at + 8) + bytes.readUInt32LE(at + 12) * 2 ** 32,
    worker_id: bytes.readUInt32LE(at + 16),
    job_number: bytes.readUInt32LE(at + 20),
    difficulty,
    share_difficulty: bytes.readDoubleLE(at + 32),
    sequence: bytes.readUInt32LE(at + 40) + bytes.readUInt32LE(at + 44) * 2 ** 32,
    hash:
      kind === 2
        ? Buffer.from(bytes.subarray(at + 48, at + 80))
            .reverse()
            .toString("hex")
        : "",
    end,
  };
}

/** Throws when the segment is none of ours; `name` is for the sentence. */
export function checkSegmentHeader(bytes: Buffer, name: string): void {
  if (
    bytes.toString("latin1", 0, 8) !== "OTDSHARE" ||
    bytes.readUInt32LE(8) !== 1 ||
    bytes.readUInt32LE(12) !== SHARE_RECORD_BYTES
  ) {
    throw new Error(`${name} is not a share log segment of version 1`);
  }
}
