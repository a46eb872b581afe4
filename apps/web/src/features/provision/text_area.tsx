import { type ComponentProps, type ReactNode, useId } from "react";

type TextAreaProps = ComponentProps<"textarea"> & { readonly label: string; readonly hint?: ReactNode };

export function TextArea({ label, hint, ...props }: TextAreaProps) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-sm font-medium text-ink-2">
        {label}
      </label>
      <textarea
        id={id}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        className="w-full rounded-md border border-field bg-raised px-3 py-2 font-mono text-sm text-ink placeholder:text-ink-3 hover:border-ink-3 pointer-coarse:text-[1rem]"
        {...props}
      />
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className="text-xs text-ink-3">
          {hint}
        </p>
      )}
    </div>
  );
}
