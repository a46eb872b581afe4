/** CRC-32C (Castagnoli), as iSCSI and the share log use it; RFC 3720 appendix B.4 has the vectors. */

/** TABLES[k][b]: what byte b contributes when k more bytes follow it within a group of four. */
const TABLES: Uint32Array[] = [];
for (let k = 0; k < 4; k++) {
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = k === 0 ? byte : ((TABLES[k - 1] as Uint32Array)[byte] as number);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    table[byte] = crc;
  }
  TABLES.push(table);
}
const [T0, T1, T2, T3] = TABLES as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];

export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = 0xffffffff;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    crc ^=
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24);
    crc =
      (T3[crc & 0xff] as number) ^
      (T2[(crc >>> 8) & 0xff] as number) ^
      (T1[(crc >>> 16) & 0xff] as number) ^
      (T0[crc >>> 24] as number);
  }
  for (; i < end; i++) crc = (T0[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
