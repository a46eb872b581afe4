"use client";
import { Tooltip as Primitive } from "radix-ui";
import type { ReactNode } from "react";

type TooltipProps = {
  readonly text: ReactNode;
  readonly side?: "top" | "right" | "bottom" | "left";
  /** False leaves the child as it is, without a tooltip. */
  readonly enabled?: boolean;
  readonly children: ReactNode;
};

/** Names what has only an icon. Never the only place where something is said. */
export function Tooltip({ text, side = "top", enabled = true, children }: TooltipProps) {
  if (!enabled) return children;
  return (
    <Primitive.Provider delayDuration={350} skipDelayDuration={200}>
      <Primitive.Root>
        <Primitive.Trigger asChild>{children}</Primitive.Trigger>
        <Primitive.Portal>
          <Primitive.Content
            side={side}
            sideOffset={6}
            collisionPadding={8}
            className="z-50 max-w-72 animate-fade-in rounded-md border border-line bg-raised px-2 py-1 text-xs text-ink shadow-pop"
          >
            {text}
          </Primitive.Content>
        </Primitive.Portal>
      </Primitive.Root>
    </Primitive.Provider>
  );
}
