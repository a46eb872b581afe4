/** Two kinds of connections read here, and they read int8 and timestamps differently: both are asked for text and numbers. */

/** Whole satoshis as text, for a DTO. Throws a RangeError beyond the safe integers: 90 million coins. */
export function satsNumber(text: string | null): number {
  const value = Number(text ?? 0);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} satoshis are beyond the safe integers`);
  return value;
}

/** SQL: a timestamp as milliseconds since 1970. */
export function ms(column: string): string {
  return `(extract(epoch FROM ${column}) * 1000)::float8`;
}
