"use client";
import { Copyable } from "./copyable.tsx";

/** Something that is told this one time: a link, a key, a secret. */
export function Once({ label, text, note }: { readonly label: string; readonly text: string; readonly note: string }) {
  return (
    <div className="rounded-md border border-warn/50 bg-warn-soft px-3 py-2.5">
      <p className="text-sm font-medium">{label}</p>
      <Copyable text={text} what={label.toLowerCase()} shorten="none" className="my-1 text-sm" />
      <p className="text-xs text-ink-2">{note}</p>
    </div>
  );
}
