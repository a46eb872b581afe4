import { cx } from "class-variance-authority";
import type { LucideIcon } from "lucide-react";

export type Tone = "good" | "warn" | "bad" | "quiet" | "active";

const TEXT: Readonly<Record<Tone, string>> = {
  good: "text-good",
  warn: "text-warn",
  bad: "text-bad",
  quiet: "text-quiet",
  active: "text-accent",
};
const SOFT: Readonly<Record<Tone, string>> = {
  good: "bg-good-soft",
  warn: "bg-warn-soft",
  bad: "bg-bad-soft",
  quiet: "bg-quiet-soft",
  active: "bg-accent-soft",
};

type StatusProps = {
  readonly tone: Tone;
  readonly icon: LucideIcon;
  readonly word: string;
  readonly boxed?: boolean;
  readonly className?: string;
};

/** A state is always told three ways: word, icon, colour. */
export function Status({ tone, icon: Icon, word, boxed = false, className }: StatusProps) {
  return (
    <span
      className={cx(
        "inline-flex items-center gap-1.5 whitespace-nowrap align-top font-medium",
        TEXT[tone],
        boxed && `${SOFT[tone]} h-6 rounded-sm px-2 text-xs`,
        className,
      )}
    >
      <Icon aria-hidden className="size-3.5 shrink-0" strokeWidth={2.25} />
      {word}
    </span>
  );
}
