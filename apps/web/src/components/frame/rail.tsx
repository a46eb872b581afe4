"use client";
import { cx } from "class-variance-authority";
import { Ellipsis, PanelLeftClose, PanelLeftOpen } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useState } from "react";
import { Tooltip } from "@/components/ui/tooltip.tsx";
import { Mark } from "./mark.tsx";
import { isHere, type Place, type PlaceGroup, SETTINGS } from "./navigation.ts";

const MorePlaces = dynamic(() => import("./more_places.tsx"), { ssr: false });

type RailProps = {
  readonly groups: readonly PlaceGroup[];
  readonly narrow: boolean;
  readonly onNarrow: (narrow: boolean) => void;
};

export function Rail({ groups, narrow, onNarrow }: RailProps) {
  const path = usePathname();
  const Fold = narrow ? PanelLeftOpen : PanelLeftClose;
  return (
    <nav
      aria-label="Main"
      className={cx(
        "sticky top-0 z-40 hidden h-dvh shrink-0 flex-col border-r border-line bg-ground md:flex",
        narrow ? "w-(--rail-width-narrow)" : "w-(--rail-width)",
      )}
    >
      <Link
        href="/"
        className={cx(
          "focus-inset flex h-(--bar-height) items-center gap-2.5 text-lg font-semibold",
          narrow ? "justify-center" : "px-4",
        )}
      >
        <Mark className="size-5.5 text-ink-2" />
        <span className={narrow ? "sr-only" : undefined}>Otedama</span>
      </Link>
      <div className={cx("quiet-scroll flex grow flex-col gap-1 px-2 pt-2", !narrow && "overflow-y-auto")}>
        {groups.map((group) => (
          <div key={group.name ?? "top"} className="flex flex-col gap-0.5">
            {group.name === null ? null : narrow ? (
              <hr className="mx-2 my-2 border-line" />
            ) : (
              <p className="px-2 pt-3 pb-0.5 text-2xs font-medium text-ink-3">{group.name}</p>
            )}
            {group.places.map((place) => (
              <RailLink key={place.href} place={place} here={isHere(path, place.href)} narrow={narrow} />
            ))}
          </div>
        ))}
      </div>
      <div className="flex flex-col gap-0.5 px-2 pb-3">
        <RailLink place={SETTINGS} here={isHere(path, SETTINGS.href)} narrow={narrow} />
        <Tooltip text="Unfold the menu" side="right" enabled={narrow}>
          <button
            type="button"
            aria-expanded={!narrow}
            aria-label={narrow ? "Unfold the menu" : "Fold the menu"}
            onClick={() => onNarrow(!narrow)}
            className={cx(
              "flex h-8 items-center gap-2.5 rounded-md text-sm text-ink-3 hover:bg-hover hover:text-ink",
              narrow ? "justify-center" : "px-2",
            )}
          >
            <Fold aria-hidden className="size-4.5" />
            {narrow ? null : "Fold"}
          </button>
        </Tooltip>
      </div>
    </nav>
  );
}

function RailLink({ place, here, narrow }: { readonly place: Place; readonly here: boolean; readonly narrow: boolean }) {
  return (
    <Tooltip text={place.word} side="right" enabled={narrow}>
      <Link
        href={place.href}
        aria-current={here ? "page" : undefined}
        className={cx(
          "flex h-8 items-center gap-2.5 rounded-md text-sm font-medium",
          narrow ? "justify-center" : "px-2",
          here ? "bg-selected text-ink [&>svg]:text-accent" : "text-ink-2 hover:bg-hover hover:text-ink [&>svg]:text-ink-3",
        )}
      >
        <place.icon aria-hidden className="size-4.5" />
        <span className={narrow ? "sr-only" : undefined}>{place.word}</span>
      </Link>
    </Tooltip>
  );
}

const footItem =
  "focus-inset flex min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-2xs font-medium aria-[current=page]:text-accent";

/** On phones the places that are used most lie under the thumb, the others behind the last button. */
export function FootBar({ groups }: { readonly groups: readonly PlaceGroup[] }) {
  const path = usePathname();
  const [wanted, setWanted] = useState(false);
  const places = groups.flatMap((group) => group.places);
  const more = [...places.filter((place) => place.thumb !== true), SETTINGS];
  const elsewhere = more.some((place) => isHere(path, place.href));
  const button = (open?: () => void) => (
    <button
      type="button"
      aria-haspopup="menu"
      aria-current={elsewhere ? "page" : undefined}
      {...(open === undefined ? {} : { onClick: open })}
      className={cx(footItem, "text-ink-3")}
    >
      <Ellipsis aria-hidden className="size-5" />
      More
    </button>
  );
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-30 flex h-(--foot-height) border-t border-line bg-panel pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {places
        .filter((place) => place.thumb === true)
        .map((place) => (
          <Link
            key={place.href}
            href={place.href}
            aria-current={isHere(path, place.href) ? "page" : undefined}
            className={cx(footItem, "text-ink-3")}
          >
            <place.icon aria-hidden className="size-5" />
            {place.word}
          </Link>
        ))}
      {wanted ? <MorePlaces places={more} trigger={button()} /> : button(() => setWanted(true))}
    </nav>
  );
}
