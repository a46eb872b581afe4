"use client";
import { ArrowUpRight, X } from "lucide-react";
import Link from "next/link";
import { Dialog as Primitive } from "radix-ui";
import { type ReactNode, useRef } from "react";
import { Button } from "./button.tsx";

type SidePanelProps = {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: ReactNode;
  /** Read out when the panel opens. */
  readonly label: string;
  /** The page that shows the same thing in full. */
  readonly href: string;
  readonly children: ReactNode;
};

/**
 * A row's story beside its table. It is not modal: the table stays usable, so that another row can be chosen while one is
 * open; Escape closes it and gives the focus back.
 */
export function SidePanel({ open, onClose, title, label, href, children }: SidePanelProps) {
  const box = useRef<HTMLDivElement>(null);
  return (
    <Primitive.Root open={open} modal={false} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Primitive.Portal>
        <Primitive.Content
          aria-describedby={undefined}
          aria-label={label}
          onInteractOutside={(event) => event.preventDefault()}
          onOpenAutoFocus={(event) => {
            event.preventDefault();
            box.current?.focus();
          }}
          ref={box}
          tabIndex={-1}
          className="fixed inset-y-0 right-0 z-40 flex w-full flex-col border-l border-line bg-panel outline-none shadow-pop data-[state=open]:animate-slide-in sm:w-[440px]"
        >
          <header className="flex h-(--bar-height) shrink-0 items-center gap-2 border-b border-line px-4">
            <Primitive.Title className="min-w-0 grow truncate text-base font-semibold">{title}</Primitive.Title>
            <Button asChild size="sm" variant="ghost">
              <Link href={href}>
                Open page
                <ArrowUpRight />
              </Link>
            </Button>
            <Primitive.Close asChild>
              <Button variant="ghost" size="icon" aria-label="Close panel">
                <X />
              </Button>
            </Primitive.Close>
          </header>
          <div className="quiet-scroll min-h-0 grow overflow-y-auto overscroll-contain p-4">{children}</div>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
