/** Waits for something that will become true; says what it was when it does not. */
export async function until<T>(
  what: string,
  look: () => Promise<T | false | null> | T | false | null,
  limit_ms = 30_000,
): Promise<T> {
  const end = Date.now() + limit_ms;
  for (;;) {
    const value = await look();
    if (value) return value;
    if (Date.now() > end) throw new Error(`still waiting for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
