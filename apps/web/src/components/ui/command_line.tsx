"use client";
import { Copyable } from "./copyable.tsx";

/** A command to be run as it stands. */
export function CommandLine({ command, label }: { readonly command: string; readonly label: string }) {
  return (
    <div className="w-full rounded-md border border-line bg-sunken px-3 py-2 text-left">
      <p className="mb-1 text-xs text-ink-3">{label}</p>
      <Copyable text={command} what="command" shorten="none" className="text-xs leading-5 text-ink" />
    </div>
  );
}
