import type { ReactNode } from "react";

type PageProps = {
  /** The page's question, answered in words. */
  readonly sentence: ReactNode;
  /** What the page is of. */
  readonly kicker: ReactNode;
  readonly action?: ReactNode;
  readonly children: ReactNode;
};

/** The anatomy of every screen: what it is, how it stands in one sentence, what one can do, and then the evidence. */
export function Page({ sentence, kicker, action, children }: PageProps) {
  return (
    <div className="mx-auto flex w-full max-w-[1760px] flex-col gap-4 px-3 py-4 sm:px-5 sm:py-5">
      <header className="flex flex-wrap items-end gap-x-6 gap-y-3">
        <div className="min-w-0 grow basis-80">
          <p className="text-xs font-medium text-ink-3">{kicker}</p>
          <h1 className="mt-0.5 text-xl text-pretty">{sentence}</h1>
        </div>
        {action === undefined ? null : <div className="flex flex-wrap items-center gap-2">{action}</div>}
      </header>
      {children}
    </div>
  );
}
