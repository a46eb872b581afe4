/** Shortens a hash, address or key in the middle: "bcrt1q…8kz4". Text that would not become shorter is left alone. */
export function shortenMiddle(text: string, head = 8, tail = 6): string {
  return text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(text.length - tail)}`;
}

/** Block hashes begin with zeros that tell nothing: "…0a1b2c3d" keeps the end, which tells blocks apart. */
export function shortenHash(hash: string, tail = 10): string {
  return hash.length <= tail + 1 ? hash : `…${hash.slice(hash.length - tail)}`;
}
