/**
 * Records in a file: magic, length, CRC-32 of length and payload, payload. What a power cut tore or a disk changed is skipped up to
 * the next record that is whole, so that one bad sector costs what lies in it and no more.
 */
import { crc32 } from "node:zlib";

const MAGIC = Buffer.from("OtRc", "latin1");
const HEAD_BYTES = 12;
export const RECORD_BYTES_MAX = 256 * 1024;

export function encodeRecord(payload: Uint8Array): Buffer {
  if (payload.length > RECORD_BYTES_MAX)
    throw new RangeError(`a record holds at most ${RECORD_BYTES_MAX} bytes, not ${payload.length}`);
  const record = Buffer.alloc(HEAD_BYTES + payload.length);
  MAGIC.copy(record);
  record.writeUInt32LE(payload.length, 4);
  record.set(payload, HEAD_BYTES);
  record.writeUInt32LE(checksum(record.subarray(4, 8), payload), 8);
  return record;
}

export interface DecodedRecords {
  payloads: Buffer[];
  /** Bytes between whole records: something was lost there. */
  damaged_bytes: number;
  /** Where the last whole record ends; what follows was being written when the process ended, or is damaged. */
  end: number;
}

export function decodeRecords(bytes: Buffer): DecodedRecords {
  const payloads: Buffer[] = [];
  let end = 0;
  let damaged_bytes = 0;
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const payload = recordAt(bytes, at);
    if (payload === null) {
      const next = bytes.indexOf(MAGIC, at + 1);
      if (next < 0) break;
      at = next;
      continue;
    }
    damaged_bytes += at - end;
    payloads.push(payload);
    at += HEAD_BYTES + payload.length;
    end = at;
  }
  return { payloads, damaged_bytes, end };
}

function recordAt(bytes: Buffer, at: number): Buffer | null {
  if (bytes.compare(MAGIC, 0, MAGIC.length, at, at + MAGIC.length) !== 0) return null;
  const length = bytes.readUInt32LE(at + 4);
  if (length > RECORD_BYTES_MAX || at + HEAD_BYTES + length > bytes.length) return null;
  const payload = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length);
  return checksum(bytes.subarray(at + 4, at + 8), payload) === bytes.readUInt32LE(at + 8) ? payload : null;
}

const checksum = (length: Uint8Array, payload: Uint8Array): number => crc32(payload, crc32(length));
