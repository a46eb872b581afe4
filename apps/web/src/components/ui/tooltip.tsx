import { cx } from "class-variance-authority";
import type { ReactNode } from "react";

type TooltipProps = {
  readonly text: string;
  readonly side?: "top" | "right";
  /** False leaves the child as it is, without a tooltip. */
  readonly enabled?: boolean;
  readonly children: ReactNode;
};

const SIDES = {
  top: "bottom-full left-1/2 mb-1.5 -translate-x-1/2",
  right: "top-1/2 left-full ml-2 -translate-y-1/2",
} as const;

/**
 * Shows the name of what has only an icon, after a moment's rest of the pointer or with the keyboard's focus. The child carries
 * the same name for screen readers, so this is hidden from them. Style alone: no script is loaded for it.
 */
export function Tooltip({ text, side = "top", enabled = true, children }: TooltipProps) {
  if (!enabled) return children;
  return (
    <span className="group/tip relative block">
      {children}
      <span
        aria-hidden
        className={cx(
          "pointer-events-none invisible absolute z-50 w-max max-w-72 rounded-md border border-line bg-raised px-2 py-1 text-xs text-ink opacity-0 shadow-pop transition-opacity",
          "group-hover/tip:visible group-hover/tip:opacity-100 group-hover/tip:delay-400 group-has-focus-visible/tip:visible group-has-focus-visible/tip:opacity-100",
          SIDES[side],
        )}
      >
        {text}
      </span>
    </span>
  );
}
