export type Counts<State extends string> = Readonly<Record<State, number>>;

/** The same numbers on the server, for the first rendering. */
export async function loadCounts<State extends string>(
  states: readonly State[],
  totalOf: (state: State) => Promise<{ readonly total: number }>,
): Promise<Counts<State>> {
  const totals = await Promise.all(states.map(async (state) => [state, (await totalOf(state)).total] as const));
  return Object.fromEntries(totals) as Counts<State>;
}
