"use client";
import { cx } from "class-variance-authority";

type ChecksProps<T extends string> = {
  readonly legend: string;
  readonly value: readonly T[];
  readonly choices: readonly { readonly value: T; readonly label: string; readonly hint?: string }[];
  readonly onChange: (value: T[]) => void;
  readonly columns?: boolean;
};

/** Any number out of some, by the platform's own check boxes. */
export function Checks<T extends string>({ legend, value, choices, onChange, columns = false }: ChecksProps<T>) {
  return (
    <fieldset>
      <legend className="mb-1.5 text-sm font-medium text-ink-2">{legend}</legend>
      <div className={cx("grid gap-x-4 gap-y-1.5", columns && "sm:grid-cols-2")}>
        {choices.map((choice) => (
          <label key={choice.value} className="flex min-h-6 items-start gap-2 text-sm">
            <input
              type="checkbox"
              className="mt-0.5 size-4 shrink-0 accent-(--accent)"
              checked={value.includes(choice.value)}
              onChange={(event) =>
                onChange(event.target.checked ? [...value, choice.value] : value.filter((one) => one !== choice.value))
              }
            />
            <span>
              {choice.label}
              {choice.hint === undefined ? null : <span className="block text-xs text-ink-3">{choice.hint}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
