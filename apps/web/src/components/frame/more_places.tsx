"use client";
import { useRouter } from "next/navigation";
import type { ReactNode } from "react";
import { Menu, MenuItem } from "@/components/ui/menu.tsx";
import type { Place } from "./navigation.ts";

type MorePlacesProps = { readonly places: readonly Place[]; readonly trigger: ReactNode };

/** The places that do not fit under the thumb. */
export default function MorePlaces({ places, trigger }: MorePlacesProps) {
  const router = useRouter();
  return (
    <Menu label="More places" trigger={trigger} defaultOpen>
      {places.map((place) => (
        <MenuItem key={place.href} onSelect={() => router.push(place.href)}>
          <place.icon aria-hidden />
          {place.word}
        </MenuItem>
      ))}
    </Menu>
  );
}
