import { cx } from "class-variance-authority";
import { ChevronDown } from "lucide-react";
import type { ReactNode } from "react";

export type Choice<T extends string> = { readonly value: T; readonly label: string };

type SelectProps<T extends string> = {
  readonly label: string;
  readonly value: T;
  readonly choices: readonly Choice<T>[];
  readonly onChoose: (value: T) => void;
  readonly icon?: ReactNode;
  readonly className?: string;
};

/** The platform's own list box: it is the one that phones, keyboards and screen readers handle best. */
export function Select<T extends string>({ label, value, choices, onChoose, icon, className }: SelectProps<T>) {
  return (
    <span className={cx("relative inline-flex items-center", className)}>
      {icon === undefined ? null : (
        <span className="pointer-events-none absolute left-2.5 text-ink-3 [&_svg]:size-4">{icon}</span>
      )}
      <select
        aria-label={label}
        value={value}
        onChange={(event) => {
          const choice = choices.find((one) => one.value === event.target.value);
          if (choice !== undefined) onChoose(choice.value);
        }}
        className={cx(
          "h-8 w-full cursor-pointer appearance-none rounded-md border border-field bg-raised pr-7 text-sm text-ink hover:bg-hover pointer-coarse:h-10",
          icon === undefined ? "pl-2.5" : "pl-8",
        )}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
      <ChevronDown aria-hidden className="pointer-events-none absolute right-2 size-3.5 text-ink-3" />
    </span>
  );
}
