/** Writes share log segments as the engine does. */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SHARE_RESULTS, type ShareResult } from "@otedama/shared";
import { crc32c } from "../../src/shares/crc32c.ts";
import { SHARE_RECORD_BYTES, SHARE_SEGMENT_HEADER_BYTES } from "../../src/shares/log_format.ts";

export interface LoggedShare {
  worker_id: number;
  at_ms: number;
  result?: ShareResult;
  difficulty?: number;
  job_number?: number;
  /** Display order, hex: makes it a block candidate. */
  block?: string;
}

export class TestShareLog {
  readonly dir: string;
  readonly instance_id: string;
  segment = 0;
  bytes = 0;
  records = 0;

  constructor(dir: string, instance_id: string) {
    this.dir = dir;
    this.instance_id = instance_id;
    mkdirSync(dir, { recursive: true });
    this.nextSegment();
  }

  path(segment = this.segment): string {
    return join(this.dir, `${this.instance_id}.${segment.toString(16).padStart(16, "0")}.sharelog`);
  }

  nextSegment(): void {
    this.segment += 1;
    const header = Buffer.alloc(SHARE_SEGMENT_HEADER_BYTES);
    header.write("OTDSHARE", "latin1");
    header.writeUInt32LE(1, 8);
    header.writeUInt32LE(SHARE_RECORD_BYTES, 12);
    header.writeBigUInt64LE(BigInt(this.segment), 16);
    header.write(this.instance_id, 32, "latin1");
    writeFileSync(this.path(), header);
    this.bytes = header.length;
  }

  append(...shares: LoggedShare[]): void {
    const bytes = Buffer.concat(shares.map((share) => this.#encode(share)));
    appendFileSync(this.path(), bytes);
    this.bytes += bytes.length;
  }

  #encode(share: LoggedShare): Buffer {
    const record = Buffer.alloc(SHARE_RECORD_BYTES);
    record[4] = share.block ? 2 : 1;
    record[5] = SHARE_RESULTS.indexOf(share.result ?? "accepted");
    record.writeBigUInt64LE(BigInt(share.at_ms), 8);
    record.writeUInt32LE(share.worker_id, 16);
    record.writeUInt32LE(share.job_number ?? 1, 20);
    record.writeDoubleLE(share.difficulty ?? 1, 24);
    record.writeDoubleLE((share.difficulty ?? 1) * 1.5, 32);
    record.writeBigUInt64LE(BigInt(++this.records), 40);
    if (share.block) Buffer.from(share.block, "hex").reverse().copy(record, 48);
    record.writeUInt32LE(crc32c(record, 4, SHARE_RECORD_BYTES), 0);
    return record;
  }
}
