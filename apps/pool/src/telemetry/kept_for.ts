/** What is costly to make, made at most this often. */
export function keptFor<T>(ms: number, monotonic_ms: () => number, make: () => T): () => T {
  let value: T;
  let made_at_ms = Number.NEGATIVE_INFINITY;
  return () => {
    if (monotonic_ms() - made_at_ms >= ms) {
      value = make();
      made_at_ms = monotonic_ms();
    }
    return value;
  };
}
