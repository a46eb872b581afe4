import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Skeleton } from "@/components/ui/skeleton.tsx";

type ScreenLoadingProps = {
  readonly kicker: string;
  readonly figures?: boolean;
  readonly chart?: boolean;
  readonly rows?: number;
};

/** The shape of a screen before its data: the same boxes in the same places. */
export function ScreenLoading({ kicker, figures = false, chart = false, rows = 0 }: ScreenLoadingProps) {
  return (
    <div role="status" aria-label={`${kicker}: loading`}>
      <Page kicker={kicker} sentence={<Skeleton className="mt-1 h-5 w-full max-w-md" />}>
        {figures ? (
          <div className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line md:grid-cols-3 xl:grid-cols-5">
            {["a", "b", "c", "d", "e"].map((key) => (
              <div key={key} className="flex flex-col gap-2 bg-panel px-4 py-3 first:max-md:col-span-2">
                <Skeleton className="h-3 w-20" />
                <Skeleton className="h-6 w-28" />
                <Skeleton className="h-3 w-32 max-w-full" />
                <Skeleton className="h-5 w-full" />
              </div>
            ))}
          </div>
        ) : null}
        {chart ? (
          <Panel>
            <Skeleton className="mb-4 h-4 w-32" />
            <Skeleton className="h-64 w-full" />
          </Panel>
        ) : null}
        {rows === 0 ? null : (
          <Panel>
            <Skeleton className="mb-4 h-7 w-64 max-w-full" />
            {Array.from({ length: rows }, (_, row) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows of nothing have no name
              <div key={row} className="flex h-row items-center gap-6 border-b border-line/70 last:border-b-0">
                <Skeleton className="h-3 w-1/4" />
                <Skeleton className="h-3 w-1/6" />
                <Skeleton className="ml-auto h-3 w-1/6" />
              </div>
            ))}
          </Panel>
        )}
      </Page>
    </div>
  );
}
