import { cx } from "class-variance-authority";
import type { ReactNode } from "react";

type FigureProps = {
  readonly name: string;
  /** The window or basis of the figure: "15 min", "last 50 blocks". A figure without one is not shown. */
  readonly basis: string;
  readonly value: ReactNode;
  /** How it has changed, or the range of an estimate. */
  readonly change?: ReactNode;
  readonly picture?: ReactNode;
};

export function Figure({ name, basis, value, change, picture }: FigureProps) {
  return (
    <div className="flex min-w-0 flex-col gap-0.5 bg-panel px-4 py-3">
      <dt className="flex flex-wrap items-baseline justify-between gap-x-2 text-xs text-ink-3">
        <span className="font-medium text-ink-2">{name}</span>
        <span className="text-2xs">{basis}</span>
      </dt>
      <dd className="flex min-w-0 grow flex-col gap-1">
        <span className="truncate text-xl font-semibold tracking-tight tabular">{value}</span>
        <span className="mb-auto min-h-4 text-pretty text-xs text-ink-3 tabular">{change}</span>
        {picture === undefined ? null : <span className="mt-0.5 block">{picture}</span>}
      </dd>
    </div>
  );
}

/** At most five figures in one strip; `stale` dims them together. */
export function Figures({
  label,
  stale = false,
  children,
}: {
  readonly label: string;
  readonly stale?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <dl
      aria-label={label}
      className={cx(
        "grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line transition-opacity md:grid-cols-3 xl:grid-cols-5 [&>*:first-child]:col-span-2 md:[&>*:first-child]:col-span-1 md:max-xl:[&>*:nth-child(4)]:col-span-1 md:max-xl:[&>*:nth-child(5)]:col-span-2",
        stale && "opacity-60",
      )}
    >
      {children}
    </dl>
  );
}
