"use client";
import { useQueries } from "@tanstack/react-query";
import type { Counts } from "./load_counts.ts";

type CountsOptions<State extends string> = {
  readonly initial: Counts<State>;
  readonly keyOf: (state: State) => readonly unknown[];
  readonly fetchTotal: (state: State, signal: AbortSignal) => Promise<{ readonly total: number }>;
};

/** How many there are in each state: for the sentence and beside the filter's choices. */
export function useCounts<State extends string>({ initial, keyOf, fetchTotal }: CountsOptions<State>): Counts<State> {
  const states = Object.keys(initial) as State[];
  const answers = useQueries({
    queries: states.map((state) => ({
      queryKey: keyOf(state),
      queryFn: ({ signal }: { signal: AbortSignal }) => fetchTotal(state, signal),
      initialData: { total: initial[state] },
    })),
  });
  return Object.fromEntries(
    states.map((state, index) => [state, answers[index]?.data?.total ?? initial[state]]),
  ) as Counts<State>;
}
