"use client";
import { shortenHash, shortenMiddle } from "@otedama/shared/units";
import { cx } from "class-variance-authority";
import { Check, Copy } from "lucide-react";
import { useEffect, useRef, useState } from "react";

const SHOWN_MS = 1_600;

/** Copies text; the promise says whether the browser let us. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without HTTPS there is no clipboard interface: select the text in a field and let the browser copy that.
    const field = document.createElement("textarea");
    field.value = text;
    field.style.position = "fixed";
    field.style.opacity = "0";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

type CopyableProps = {
  readonly text: string;
  /** What it is, for the button's name: "block hash". */
  readonly what: string;
  readonly shorten?: "middle" | "hash" | "none";
  readonly className?: string;
};

/** A hash, address or command: shortened for the eye, copied whole on click. */
export function Copyable({ text, what, shorten = "middle", className }: CopyableProps) {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(() => () => clearTimeout(timer.current ?? undefined), []);
  const shown = shorten === "none" ? text : shorten === "hash" ? shortenHash(text) : shortenMiddle(text);
  return (
    <button
      type="button"
      title={text}
      onClick={async (event) => {
        event.stopPropagation();
        setState((await copy(text)) ? "copied" : "failed");
        clearTimeout(timer.current ?? undefined);
        timer.current = setTimeout(() => setState("idle"), SHOWN_MS);
      }}
      className={cx(
        "group/copy inline-flex min-h-6 max-w-full items-center gap-1.5 rounded-sm text-left font-mono text-[0.92em] hover:text-accent",
        className,
      )}
    >
      <span className="sr-only">{`Copy ${what} ${text}`}</span>
      <span aria-hidden className={shorten === "none" ? "break-all" : "truncate"}>
        {shown}
      </span>
      {state === "copied" ? (
        <Check aria-hidden className="size-3.5 shrink-0 text-good" />
      ) : (
        <Copy aria-hidden className="size-3.5 shrink-0 text-ink-4 group-hover/copy:text-accent" />
      )}
      <span role="status" className="sr-only">
        {state === "copied" ? "Copied" : state === "failed" ? "The browser refused to copy" : ""}
      </span>
    </button>
  );
}
