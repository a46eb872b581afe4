"use client";
import { useQueries } from "@tanstack/react-query";
import { useCallback, useState } from "react";

export type RowsPage<Row> = { readonly total: number; readonly rows: readonly Row[] };

type RemoteRowsOptions<Answer extends RowsPage<unknown>> = {
  readonly page_size: number;
  /** What the server rendered: the first page of the list, under the key it belongs to. */
  readonly initial: Answer;
  readonly initialKey: readonly unknown[];
  readonly keyOf: (page: number) => readonly unknown[];
  readonly fetchPage: (page: number, signal: AbortSignal) => Promise<Answer>;
};

/**
 * A list of any length of which only the pages in view are held and kept fresh. While another search is on its way the old
 * rows stay, marked as such, so that the table does not flicker.
 */
export function useRemoteRows<Answer extends RowsPage<unknown>>(options: RemoteRowsOptions<Answer>) {
  type Row = Answer["rows"][number];
  const { page_size, initial, initialKey, keyOf, fetchPage } = options;
  const listKey = JSON.stringify(keyOf(1));
  const [view, setView] = useState({ listKey, pages: [1] as readonly number[] });
  const pages = view.listKey === listKey ? view.pages : [1];
  const isInitial = listKey === JSON.stringify(initialKey);

  const answers = useQueries({
    queries: pages.map((page) => ({
      queryKey: keyOf(page),
      queryFn: ({ signal }: { signal: AbortSignal }) => fetchPage(page, signal),
      ...(isInitial && page === 1 ? { initialData: initial } : {}),
    })),
  });
  const first = answers[0]?.data;
  const [held, setHeld] = useState(first ?? initial);
  if (first !== undefined && first !== held) setHeld(first);
  const shown = first ?? held;

  const rowAt = (index: number): Row | undefined => {
    const page = Math.floor(index / page_size) + 1;
    const answer = page === 1 ? shown : answers[pages.indexOf(page)]?.data;
    return answer?.rows[index % page_size];
  };

  const onRange = useCallback(
    (from: number, to: number) => {
      const wanted = [1];
      for (let page = Math.floor(from / page_size) + 1; page <= Math.floor(to / page_size) + 1; page += 1) {
        if (page > 1) wanted.push(page);
      }
      setView((now) => (now.listKey === listKey && now.pages.join() === wanted.join() ? now : { listKey, pages: wanted }));
    },
    [listKey, page_size],
  );

  const failed = answers.find((answer) => answer.isError);
  return {
    answer: shown,
    total: shown.total,
    rowAt,
    onRange,
    /** True while what is shown belongs to the search before. */
    outdated: first === undefined,
    problem: failed?.error ?? null,
    /** Fetches what is shown again: after something in it was changed from here. */
    refresh: () => {
      for (const answer of answers) void answer.refetch();
    },
    retry: () => {
      for (const answer of answers) if (answer.isError) void answer.refetch();
    },
  };
}
