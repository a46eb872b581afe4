"use client";
import { formatRelative } from "@otedama/shared/units";
import { useInBrowser, useNow } from "@/lib/clock.tsx";

const ABSOLUTE: Intl.DateTimeFormatOptions = { dateStyle: "medium", timeStyle: "medium" };
export const absoluteTime = (at_ms: number): string => new Intl.DateTimeFormat("en-GB", ABSOLUTE).format(at_ms);

/** How long ago, with the moment itself in the viewer's time zone on hover. */
export function When({ at_ms }: { readonly at_ms: number }) {
  const now_ms = useNow();
  const inBrowser = useInBrowser();
  return (
    <time
      dateTime={new Date(at_ms).toISOString()}
      title={inBrowser ? absoluteTime(at_ms) : undefined}
      className="whitespace-nowrap tabular"
    >
      {formatRelative(at_ms, now_ms)}
    </time>
  );
}

/** The moment itself, in the viewer's time zone. */
export function Moment({ at_ms }: { readonly at_ms: number }) {
  const inBrowser = useInBrowser();
  const iso = new Date(at_ms).toISOString();
  return (
    <time dateTime={iso} className="tabular">
      {inBrowser ? absoluteTime(at_ms) : `${iso.slice(0, 19).replace("T", " ")} UTC`}
    </time>
  );
}

/** Said once on every page. */
export function TimeZoneNote() {
  const inBrowser = useInBrowser();
  return <>Times are in {inBrowser ? Intl.DateTimeFormat().resolvedOptions().timeZone.replaceAll("_", " ") : "UTC"}.</>;
}
