import { cx } from "class-variance-authority";
import { type ComponentProps, type ReactNode, useId } from "react";

const box =
  "w-full rounded-md border border-field bg-raised text-ink placeholder:text-ink-3 hover:border-ink-3 disabled:opacity-60 aria-invalid:border-bad pointer-coarse:h-10 pointer-coarse:text-[1rem]";

export function Input({ className, ...props }: ComponentProps<"input">) {
  return <input className={cx(box, "h-8 px-2.5 text-sm", className)} {...props} />;
}

type FieldProps = ComponentProps<"input"> & {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly problem?: string | undefined;
};

/** A labelled input; its hint and its problem are announced with it. */
export function Field({ label, hint, problem, className, ...props }: FieldProps) {
  const id = useId();
  const described = [hint === undefined ? "" : `${id}-hint`, problem === undefined ? "" : `${id}-problem`].join(" ").trim();
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-sm font-medium text-ink-2">
        {label}
      </label>
      <Input
        id={id}
        aria-invalid={problem !== undefined}
        aria-describedby={described === "" ? undefined : described}
        className={cx("h-10! px-3 text-base", className)}
        {...props}
      />
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className="text-xs text-ink-3">
          {hint}
        </p>
      )}
      {problem === undefined ? null : (
        <p id={`${id}-problem`} className="text-xs font-medium text-bad">
          {problem}
        </p>
      )}
    </div>
  );
}
