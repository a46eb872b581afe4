"use client";
import { cx } from "class-variance-authority";
import type { ReactNode } from "react";
import type { Choice } from "./select.tsx";

type SegmentedProps<T extends string> = {
  readonly label: string;
  readonly value: T;
  readonly choices: readonly (Choice<T> & { readonly icon?: ReactNode; readonly title?: string })[];
  readonly onChoose: (value: T) => void;
};

/** A few choices of which one holds, all of them visible. */
export function Segmented<T extends string>({ label, value, choices, onChoose }: SegmentedProps<T>) {
  return (
    <fieldset className="inline-flex h-8 min-w-0 items-stretch rounded-md border border-line bg-sunken p-0.5 pointer-coarse:h-10">
      <legend className="sr-only">{label}</legend>
      {choices.map((choice) => (
        <button
          key={choice.value}
          type="button"
          aria-pressed={choice.value === value}
          title={choice.title}
          onClick={() => onChoose(choice.value)}
          className={cx(
            "inline-flex items-center gap-1.5 rounded-sm px-2.5 text-xs font-medium tabular transition-colors [&_svg]:size-3.5",
            choice.value === value
              ? "bg-raised text-ink shadow-[0_0_0_1px_var(--line),0_1px_2px_oklch(0_0_0/0.06)]"
              : "text-ink-3 hover:text-ink",
          )}
        >
          {choice.icon}
          {choice.label}
        </button>
      ))}
    </fieldset>
  );
}
