import { cx } from "class-variance-authority";
import type { ReactNode } from "react";

type PanelProps = {
  readonly title?: ReactNode;
  /** Unit and window of what is shown, or how much of it. */
  readonly note?: ReactNode;
  readonly action?: ReactNode;
  readonly children: ReactNode;
  readonly flush?: boolean;
  readonly className?: string;
  readonly id?: string;
};

/** A bounded part of a page, under a heading. */
export function Panel({ title, note, action, children, flush = false, className, id }: PanelProps) {
  return (
    <section
      id={id}
      className={cx(
        "min-w-0 rounded-lg border border-line bg-panel",
        flush && "overflow-clip [&_tbody>tr:last-child>td]:border-b-0",
        className,
      )}
    >
      {title === undefined ? null : (
        <header className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 px-4 py-1.5">
          <h2 className="text-base">{title}</h2>
          {note === undefined ? null : <p className="text-xs text-ink-3">{note}</p>}
          {action === undefined ? null : <div className="ml-auto flex items-center gap-2">{action}</div>}
        </header>
      )}
      <div className={flush ? "" : title === undefined ? "p-4" : "px-4 pb-4"}>{children}</div>
    </section>
  );
}

export type Fact = { readonly name: string; readonly value: ReactNode };

/** Names and values, one under the other, aligned. */
export function Facts({ facts, className }: { readonly facts: readonly Fact[]; readonly className?: string }) {
  return (
    <dl className={cx("grid grid-cols-[minmax(6.5rem,max-content)_minmax(0,1fr)] gap-x-4 text-sm", className)}>
      {facts.map((fact) => (
        <div key={fact.name} className="col-span-2 grid grid-cols-subgrid border-b border-line/70 py-1.5 last:border-b-0">
          <dt className="text-ink-3">{fact.name}</dt>
          <dd className="min-w-0 break-words text-ink tabular">{fact.value}</dd>
        </div>
      ))}
    </dl>
  );
}
