"use client";
import type { MeDto } from "@otedama/shared";
import dynamic from "next/dynamic";
import { type ComponentProps, useState } from "react";

const load = () => import("./person_menu_items.tsx");
const PersonMenuItems = dynamic(load, { ssr: false });

const initials = (name: string): string =>
  name
    .split(/\s+/)
    .map((word) => [...word][0] ?? "")
    .slice(0, 2)
    .join("")
    .toUpperCase();

function PersonButton({ name, ...props }: ComponentProps<"button"> & { readonly name: string }) {
  return (
    <button
      type="button"
      aria-haspopup="menu"
      className="grid size-8 place-items-center rounded-full bg-accent-soft text-xs font-semibold text-accent-strong hover:ring-2 hover:ring-line-strong"
      {...props}
    >
      <span aria-hidden>{initials(name)}</span>
      <span className="sr-only">{`${name}: menu`}</span>
    </button>
  );
}

/** Who is signed in. What the menu is made of is fetched when somebody reaches for it. */
export function PersonMenu({ me, onSignOut }: { readonly me: MeDto; readonly onSignOut: () => void }) {
  const [wanted, setWanted] = useState(false);
  const button = <PersonButton name={me.name} onPointerEnter={load} onFocus={load} onClick={() => setWanted(true)} />;
  return wanted ? <PersonMenuItems me={me} onSignOut={onSignOut} trigger={<PersonButton name={me.name} />} /> : button;
}
