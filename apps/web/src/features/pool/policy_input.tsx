"use client";
import { useId } from "react";
import { Field } from "@/components/ui/input.tsx";
import { Select } from "@/components/ui/select.tsx";
import type { PolicyField } from "./policy_fields.ts";

type PolicyInputProps = {
  readonly field: PolicyField;
  readonly value: string | boolean;
  readonly problem: string | undefined;
  readonly onChange: (value: string | boolean) => void;
};

const UNITS: Readonly<Record<string, string>> = { percent: "%", sats: "satoshis" };

/** One setting, typed as its kind asks. */
export function PolicyInput({ field, value, problem, onChange }: PolicyInputProps) {
  const id = useId();
  const unit = field.as === "number" ? field.unit : UNITS[field.as];
  const label = unit === undefined ? field.label : `${field.label}, ${unit}`;
  if (field.as === "switch") {
    return (
      <div className="flex items-start gap-2.5">
        <input
          id={id}
          type="checkbox"
          checked={value === true}
          aria-describedby={`${id}-hint`}
          onChange={(event) => onChange(event.target.checked)}
          className="mt-0.5 size-4 accent-(--color-accent) pointer-coarse:size-6"
        />
        <div>
          <label htmlFor={id} className="text-sm font-medium text-ink-2">
            {field.label}
          </label>
          <p id={`${id}-hint`} className="text-xs text-ink-3">
            {field.hint}
          </p>
        </div>
      </div>
    );
  }
  if (field.as === "choice") {
    return (
      <div className="flex flex-col gap-1.5 sm:col-span-2">
        <span className="text-sm font-medium text-ink-2">{field.label}</span>
        <Select label={field.label} value={String(value)} choices={field.choices} onChoose={onChange} />
        <p className="text-xs text-ink-3">{field.hint}</p>
      </div>
    );
  }
  if (field.as === "addresses") {
    return (
      <div className="flex flex-col gap-1.5 sm:col-span-2">
        <label htmlFor={id} className="text-sm font-medium text-ink-2">
          {field.label}
        </label>
        <textarea
          id={id}
          rows={3}
          spellCheck={false}
          value={String(value)}
          aria-invalid={problem !== undefined}
          aria-describedby={`${id}-hint`}
          onChange={(event) => onChange(event.target.value)}
          className="w-full rounded-md border border-field bg-raised px-2.5 py-1.5 font-mono text-xs text-ink hover:border-ink-3 disabled:opacity-60 aria-invalid:border-bad"
        />
        <p id={`${id}-hint`} className={problem === undefined ? "text-xs text-ink-3" : "text-xs font-medium text-bad"}>
          {problem ?? field.hint}
        </p>
      </div>
    );
  }
  return (
    <Field
      label={label}
      value={String(value)}
      spellCheck={false}
      autoComplete="off"
      inputMode={field.as === "text" ? "text" : "decimal"}
      {...(field.hint === "" ? {} : { hint: field.hint })}
      problem={problem}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
