"use client";
import { RotateCw, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "./button.tsx";

type ProblemProps = {
  /** What happened. */
  readonly title: string;
  /** What it means and what to do. */
  readonly children: ReactNode;
  readonly onRetry?: (() => void) | undefined;
  readonly reference?: string | undefined;
};

/** An error that stays in its place and leaves the rest of the page alone. */
export function Problem({ title, children, onRetry, reference }: ProblemProps) {
  return (
    <div role="alert" className="flex gap-3 rounded-md border border-bad/40 bg-bad-soft px-4 py-3">
      <TriangleAlert aria-hidden className="mt-0.5 size-4.5 shrink-0 text-bad" />
      <div className="min-w-0 grow">
        <p className="font-medium text-ink">{title}</p>
        <div className="mt-0.5 text-sm text-ink-2">{children}</div>
        {reference === undefined ? null : (
          <p className="mt-1 text-xs text-ink-3">
            Reference for the server&apos;s log: <code>{reference}</code>
          </p>
        )}
        {onRetry === undefined ? null : (
          <Button size="sm" className="mt-2" onClick={onRetry}>
            <RotateCw />
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}
