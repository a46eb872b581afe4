"use client";
import Link from "next/link";
import type { ReactNode } from "react";

type RowLinkProps = {
  readonly href: string;
  /** Opens the panel beside the table; a modified click follows the link to the page. */
  readonly onOpen?: (() => void) | undefined;
  readonly children: ReactNode;
};

/** What makes a row reachable by keyboard: a link to its page that opens the panel first. */
export function RowLink({ href, onOpen, children }: RowLinkProps) {
  return (
    <Link
      data-row-link
      href={href}
      prefetch={false}
      className="focus-inset block truncate rounded-sm font-medium text-ink hover:text-accent"
      onClick={(event) => {
        if (onOpen === undefined || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        onOpen();
      }}
    >
      {children}
    </Link>
  );
}
