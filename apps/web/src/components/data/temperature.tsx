import { Flame } from "lucide-react";

/** Silicon throttles from here on. */
const HOT_C = 90;
const WARM_C = 80;

/** A temperature; what is too hot is told by an icon and a word as well. */
export function Temperature({ celsius }: { readonly celsius: number | null }) {
  if (celsius === null) {
    return (
      <span className="text-ink-4" title="No sensor can be read">
        –
      </span>
    );
  }
  const text = `${Math.round(celsius)}\u00a0°C`;
  if (celsius < WARM_C) return <span className="tabular">{text}</span>;
  const hot = celsius >= HOT_C;
  return (
    <span className={`inline-flex items-center gap-1 font-medium tabular ${hot ? "text-bad" : "text-warn"}`}>
      <Flame aria-hidden className="size-3.5" />
      <span className="sr-only">{hot ? "Too hot:" : "Hot:"}</span>
      {text}
    </span>
  );
}
