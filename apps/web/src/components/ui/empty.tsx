import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

type EmptyProps = {
  readonly icon: LucideIcon;
  readonly title: string;
  /** What it means, and the next step. */
  readonly children: ReactNode;
};

export function Empty({ icon: Icon, title, children }: EmptyProps) {
  return (
    <div className="flex flex-col items-center gap-2 px-4 py-12 text-center">
      <span className="grid size-9 place-items-center rounded-md border border-line bg-sunken text-ink-3">
        <Icon aria-hidden className="size-4.5" />
      </span>
      <h2 className="text-base">{title}</h2>
      <div className="flex w-full max-w-xl flex-col items-center gap-3 text-sm text-ink-3">{children}</div>
    </div>
  );
}
