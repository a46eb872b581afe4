/**
 * QR codes (ISO/IEC 18004), made here so that no secret leaves this machine for a picture. Bytes mode, error correction level M,
 * versions 1 to 20: up to 666 bytes, which an `otpauth:` address never reaches.
 */
import { appendChecks } from "./reed_solomon.ts";

/** `modules[row][column]`, true is dark. Square. */
export type QrModules = readonly (readonly boolean[])[];

/** Level M by version: checks a block, blocks of the first group with their data length, blocks of the second, one byte longer. Table 9. */
const VERSIONS: readonly (readonly [checks: number, blocks_1: number, data_1: number, blocks_2: number])[] = [
  [10, 1, 16, 0],
  [16, 1, 28, 0],
  [26, 1, 44, 0],
  [18, 2, 32, 0],
  [24, 2, 43, 0],
  [16, 4, 27, 0],
  [18, 4, 31, 0],
  [22, 2, 38, 2],
  [22, 3, 36, 2],
  [26, 4, 43, 1],
  [30, 1, 50, 4],
  [22, 6, 36, 2],
  [22, 8, 37, 1],
  [24, 4, 40, 5],
  [24, 5, 41, 5],
  [28, 7, 45, 3],
  [28, 10, 46, 1],
  [26, 9, 43, 4],
  [26, 3, 44, 11],
  [26, 3, 41, 13],
];
const QUIET_ZONE = 4;
const LEVEL_M = 0b00;

/** Throws a RangeError when the text is too long. */
export function encodeQr(text: string): QrModules {
  const bytes = Buffer.from(text, "utf8");
  const version = VERSIONS.findIndex(([, blocks_1, data_1, blocks_2], index) => {
    const capacity = blocks_1 * data_1 + blocks_2 * (data_1 + 1);
    return bytes.length + (index + 1 < 10 ? 2 : 3) <= capacity;
  });
  const shape = VERSIONS[version];
  if (shape === undefined) throw new RangeError(`${bytes.length} bytes do not fit into a QR code`);
  const codewords = interleave(dataCodewords(bytes, version + 1, shape), shape);
  let best: { modules: boolean[][]; penalty: number } | null = null;
  for (let mask = 0; mask < 8; mask++) {
    const modules = draw(version + 1, codewords, mask);
    const penalty = penaltyOf(modules);
    if (best === null || penalty < best.penalty) best = { modules, penalty };
  }
  return (best as { modules: boolean[][] }).modules;
}

/** The dark modules as the path of an SVG, with the quiet zone round them. */
export function qrPath(modules: QrModules): { size: number; path: string } {
  let path = "";
  modules.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      let end = x + 1;
      while (row[end]) end++;
      path += `M${x + QUIET_ZONE} ${y + QUIET_ZONE}h${end - x}v1h${x - end}z`;
      x = end;
    }
  });
  return { size: modules.length + 2 * QUIET_ZONE, path };
}

function dataCodewords(bytes: Uint8Array, version: number, [, blocks_1, data_1, blocks_2]: (typeof VERSIONS)[number]): number[] {
  const capacity = blocks_1 * data_1 + blocks_2 * (data_1 + 1);
  const bits: number[] = [];
  const put = (value: number, length: number) => {
    for (let bit = length - 1; bit >= 0; bit--) bits.push((value >> bit) & 1);
  };
  put(0b0100, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  put(0, Math.min(4, capacity * 8 - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  const words: number[] = [];
  for (let at = 0; at < bits.length; at += 8) words.push(bits.slice(at, at + 8).reduce((word, bit) => (word << 1) | bit, 0));
  for (let pad = 0xec; words.length < capacity; pad ^= 0xec ^ 0x11) words.push(pad);
  return words;
}

/** Blocks with their checks, read across: first bytes of all, second bytes of all … */
function interleave(data: readonly number[], [checks, blocks_1, data_1, blocks_2]: (typeof VERSIONS)[number]): number[] {
  const blocks: { data: number[]; checks: number[] }[] = [];
  for (let index = 0, at = 0; index < blocks_1 + blocks_2; index++) {
    const length = index < blocks_1 ? data_1 : data_1 + 1;
    const own = data.slice(at, at + length);
    blocks.push({ data: own, checks: appendChecks(own, checks) });
    at += length;
  }
  const across = (of: (block: (typeof blocks)[number]) => number[], length: number) =>
    Array.from({ length }, (_, at) => blocks.flatMap((block) => of(block)[at] ?? [])).flat();
  return [...across((block) => block.data, data_1 + 1), ...across((block) => block.checks, checks)];
}

const MASKS: readonly ((row: number, column: number) => boolean)[] = [
  (r, c) => (r + c) % 2 === 0,
  (r) => r % 2 === 0,
  (_, c) => c % 3 === 0,
  (r, c) => (r + c) % 3 === 0,
  (r, c) => (Math.floor(r / 2) + Math.floor(c / 3)) % 2 === 0,
  (r, c) => ((r * c) % 2) + ((r * c) % 3) === 0,
  (r, c) => (((r * c) % 2) + ((r * c) % 3)) % 2 === 0,
  (r, c) => (((r + c) % 2) + ((r * c) % 3)) % 2 === 0,
];

function draw(version: number, codewords: readonly number[], mask: number): boolean[][] {
  const size = 17 + 4 * version;
  const dark = Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
  const fixed = Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
  const set = (row: number, column: number, value: boolean) => {
    const [own, own_fixed] = [dark[row], fixed[row]];
    if (own === undefined || own_fixed === undefined || column < 0 || column >= size) return;
    own[column] = value;
    own_fixed[column] = true;
  };
  drawFinders(size, set);
  drawAlignment(version, size, set);
  for (let at = 8; at < size - 8; at++) {
    set(6, at, at % 2 === 0);
    set(at, 6, at % 2 === 0);
  }
  drawFormat(size, mask, set);
  if (version >= 7) drawVersion(version, size, set);

  // Two columns at a time, from the right, up and down in turns, past the vertical timing pattern.
  let bit = 0;
  const flips = MASKS[mask] as (row: number, column: number) => boolean;
  for (let right = size - 1; right > 0; right -= right === 8 ? 3 : 2) {
    const up = (((size - 1 - (right > 6 ? right : right + 1)) / 2) & 1) === 0;
    for (let step = 0; step < size; step++) {
      const row = up ? size - 1 - step : step;
      for (const column of [right, right - 1]) {
        const own = dark[row];
        if (own === undefined || fixed[row]?.[column] === true) continue;
        const value = (((codewords[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
        own[column] = value !== flips(row, column);
        bit++;
      }
    }
  }
  return dark;
}

type Set = (row: number, column: number, value: boolean) => void;

function drawFinders(size: number, set: Set): void {
  for (const [row, column] of [
    [3, 3],
    [3, size - 4],
    [size - 4, 3],
  ] as const) {
    for (let dy = -4; dy <= 4; dy++) {
      for (let dx = -4; dx <= 4; dx++) {
        const ring = Math.max(Math.abs(dx), Math.abs(dy));
        set(row + dy, column + dx, ring !== 2 && ring !== 4);
      }
    }
  }
}

/** Annex E: the centres lie evenly between 6 and the far edge, the steps even and the odd one next to the first. */
function drawAlignment(version: number, size: number, set: Set): void {
  if (version === 1) return;
  const count = Math.floor(version / 7) + 2;
  const step = Math.ceil((size - 13) / (2 * (count - 1))) * 2;
  const centres = [6, ...Array.from({ length: count - 1 }, (_, index) => size - 7 - (count - 2 - index) * step)];
  for (const row of centres) {
    for (const column of centres) {
      const in_corner = (row === 6 && (column === 6 || column === size - 7)) || (row === size - 7 && column === 6);
      if (in_corner) continue;
      for (let dy = -2; dy <= 2; dy++) {
        for (let dx = -2; dx <= 2; dx++) set(row + dy, column + dx, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
      }
    }
  }
}

/** Remainder of value · x^degree by a generator, appended to the value: a BCH code. */
function withBch(value: number, generator: number, degree: number): number {
  let rest = value << degree;
  for (let bit = 31 - Math.clz32(rest); bit >= degree; bit--) if ((rest >> bit) & 1) rest ^= generator << (bit - degree);
  return (value << degree) | rest;
}

function drawFormat(size: number, mask: number, set: Set): void {
  const bits = withBch((LEVEL_M << 3) | mask, 0x537, 10) ^ 0x5412;
  const bit = (index: number) => ((bits >> index) & 1) === 1;
  for (let index = 0; index < 6; index++) set(index, 8, bit(index));
  set(7, 8, bit(6));
  set(8, 8, bit(7));
  set(8, 7, bit(8));
  for (let index = 9; index < 15; index++) set(8, 14 - index, bit(index));
  for (let index = 0; index < 8; index++) set(8, size - 1 - index, bit(index));
  for (let index = 8; index < 15; index++) set(size - 15 + index, 8, bit(index));
  set(size - 8, 8, true);
}

function drawVersion(version: number, size: number, set: Set): void {
  const bits = withBch(version, 0x1f25, 12);
  for (let index = 0; index < 18; index++) {
    const value = ((bits >> index) & 1) === 1;
    const [near, far] = [Math.floor(index / 3), size - 11 + (index % 3)];
    set(near, far, value);
    set(far, near, value);
  }
}

/** Section 7.8.3: long runs, blocks, patterns that look like finders, and too much of one colour make a picture hard to read. */
function penaltyOf(modules: readonly (readonly boolean[])[]): number {
  const size = modules.length;
  const at = (row: number, column: number) => modules[row]?.[column] === true;
  let penalty = 0;
  let dark = 0;
  for (const turned of [false, true]) {
    const get = (line: number, index: number) => (turned ? at(index, line) : at(line, index));
    for (let line = 0; line < size; line++) {
      let run = 0;
      let bits = 0;
      for (let index = 0; index < size; index++) {
        const value = get(line, index);
        if (!turned && value) dark++;
        run = index > 0 && value === get(line, index - 1) ? run + 1 : 1;
        if (run === 5) penalty += 3;
        else if (run > 5) penalty += 1;
        bits = ((bits << 1) | (value ? 1 : 0)) & 0x7ff;
        if (index >= 10 && (bits === 0x05d || bits === 0x5d0)) penalty += 40;
      }
    }
  }
  for (let row = 1; row < size; row++) {
    for (let column = 1; column < size; column++) {
      const value = at(row, column);
      if (value === at(row - 1, column) && value === at(row, column - 1) && value === at(row - 1, column - 1)) penalty += 3;
    }
  }
  return penalty + Math.floor(Math.abs((dark * 100) / (size * size) - 50) / 5) * 10;
}
