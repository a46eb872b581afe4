/**
 * Puts a note into a 64-bit little-endian ELF executable, where Node looks for a single executable application: `dl_iterate_phdr`,
 * PT_NOTE, name NODE_SEA_BLOB. (Format: System V ABI, chapters 4 and 5.)
 *
 * The program headers stand in the middle of the first page and there is no room for another one, so none is added. The last
 * PT_LOAD is lengthened in place: its zeroed end (.bss) is written out as zeros, the note follows, and PT_NOTE points there. Nothing
 * moves, so no address in the program changes. What is not loaded (symbols, debugging information, section headers) is left out.
 */

const PT_LOAD = 1;
const PT_NOTE = 4;
const HEADER = { phoff: 32, shoff: 40, phentsize: 54, phnum: 56, shnum: 60, shstrndx: 62 } as const;
const NOTE_TYPE = 0;
const PAGE_BYTES = 4096;

interface Segment {
  /** Where its program header stands in the file. */
  at: number;
  type: number;
  offset: number;
  vaddr: number;
  file_bytes: number;
  memory_bytes: number;
}

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;

function segments(elf: Buffer): Segment[] {
  const [phoff, size, count] = [
    Number(elf.readBigUInt64LE(HEADER.phoff)),
    elf.readUInt16LE(HEADER.phentsize),
    elf.readUInt16LE(HEADER.phnum),
  ];
  return Array.from({ length: count }, (_, i) => {
    const at = phoff + i * size;
    const long = (offset: number) => Number(elf.readBigUInt64LE(at + offset));
    return { at, type: elf.readUInt32LE(at), offset: long(8), vaddr: long(16), file_bytes: long(32), memory_bytes: long(40) };
  });
}

function note(name: string, description: Buffer): Buffer {
  const name_bytes = Buffer.byteLength(name) + 1;
  const made = Buffer.alloc(12 + roundUp(name_bytes, 4) + roundUp(description.length, 4));
  made.writeUInt32LE(name_bytes, 0);
  made.writeUInt32LE(description.length, 4);
  made.writeUInt32LE(NOTE_TYPE, 8);
  made.write(name, 12, "latin1");
  description.copy(made, 12 + roundUp(name_bytes, 4));
  return made;
}

/** Throws when the file is no such executable. */
export function withNote(elf: Buffer, name: string, description: Buffer): Buffer {
  // \x7fELF, 64-bit, little-endian, version 1.
  if (elf.length < 64 || elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2 || elf[5] !== 1)
    throw new Error("this is no 64-bit ELF executable");
  const all = segments(elf);
  const loaded = all.filter(({ type }) => type === PT_LOAD);
  const last = loaded.reduce((best, segment) => (segment.vaddr > best.vaddr ? segment : best), loaded[0] as Segment);
  const old_note = all.find(({ type }) => type === PT_NOTE);
  if (!last || !old_note) throw new Error("the executable has no segment to load, or none for notes");
  if (loaded.some((segment) => segment !== last && segment.offset + segment.file_bytes > last.offset + last.file_bytes))
    throw new Error("the executable's last segment is not its last part");

  const old_notes = elf.subarray(old_note.offset, old_note.offset + old_note.file_bytes);
  const notes = Buffer.concat([
    old_notes,
    Buffer.alloc(roundUp(old_notes.length, 4) - old_notes.length),
    note(name, description),
  ]);
  // On a page of its own: what is never touched of it is never read from disk.
  const notes_vaddr = roundUp(last.vaddr + last.memory_bytes, PAGE_BYTES);
  const notes_offset = last.offset + (notes_vaddr - last.vaddr);
  const made = Buffer.alloc(notes_offset + notes.length);
  elf.copy(made, 0, 0, last.offset + last.file_bytes);
  notes.copy(made, notes_offset);

  const grown = BigInt(made.length - last.offset);
  made.writeBigUInt64LE(grown, last.at + 32);
  made.writeBigUInt64LE(grown, last.at + 40);
  for (const [field, value] of [
    [8, notes_offset],
    [16, notes_vaddr],
    [24, notes_vaddr],
    [32, notes.length],
    [40, notes.length],
  ] as const)
    made.writeBigUInt64LE(BigInt(value), old_note.at + field);
  made.writeBigUInt64LE(0n, HEADER.shoff);
  made.writeUInt16LE(0, HEADER.shnum);
  made.writeUInt16LE(0, HEADER.shstrndx);
  return made;
}
