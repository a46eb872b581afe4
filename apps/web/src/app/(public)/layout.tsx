import Link from "next/link";
import type { ReactNode } from "react";
import { TimeZoneNote } from "@/components/data/when.tsx";
import { Mark } from "@/components/frame/mark.tsx";

/** For those who have no account: nothing of the dashboard's frame, and one way back to the search. */
export default function PublicLayout({ children }: { readonly children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="flex h-(--bar-height) items-center border-b border-line bg-panel px-3 sm:px-5">
        <Link href="/m" className="flex min-h-8 items-center gap-2.5 font-semibold">
          <Mark className="size-6 text-ink-2" />
          Otedama
        </Link>
      </header>
      <main id="content" className="grow">
        {children}
      </main>
      <footer className="px-3 py-4 text-xs text-ink-3 sm:px-5">
        <TimeZoneNote /> Whoever knows an address can see this page of it.
      </footer>
    </div>
  );
}
