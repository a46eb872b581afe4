"use client";
import type { MeDto } from "@otedama/shared";
import { LogOut, Monitor, Moon, Settings, Sun } from "lucide-react";
import { useRouter } from "next/navigation";
import { useTheme } from "next-themes";
import { Menu, MenuChoice, MenuItem, MenuSeparator } from "@/components/ui/menu.tsx";

export const THEMES = [
  { value: "system", label: "As the system", icon: <Monitor aria-hidden /> },
  { value: "light", label: "Light", icon: <Sun aria-hidden /> },
  { value: "dark", label: "Dark", icon: <Moon aria-hidden /> },
] as const;

const initials = (name: string): string =>
  name
    .split(/\s+/)
    .map((word) => [...word][0] ?? "")
    .slice(0, 2)
    .join("")
    .toUpperCase();

export function PersonMenu({ me, onSignOut }: { readonly me: MeDto; readonly onSignOut: () => void }) {
  const { theme = "system", setTheme } = useTheme();
  const router = useRouter();
  return (
    <Menu
      label={me.name}
      trigger={
        <button
          type="button"
          aria-label={`${me.name}: menu`}
          className="grid size-8 place-items-center rounded-full bg-accent-soft text-xs font-semibold text-accent-strong hover:ring-2 hover:ring-line-strong"
        >
          {initials(me.name)}
        </button>
      }
    >
      <div className="px-2 py-1.5">
        <p className="truncate text-sm font-medium">{me.name}</p>
        <p className="truncate text-xs text-ink-3">
          {me.email} · {me.role}
        </p>
      </div>
      <MenuSeparator />
      <MenuChoice label="Theme" value={theme} choices={THEMES} onChoose={setTheme} />
      <MenuSeparator />
      <MenuItem onSelect={() => router.push("/settings")}>
        <Settings aria-hidden />
        Settings
      </MenuItem>
      <MenuItem onSelect={onSignOut}>
        <LogOut aria-hidden />
        Sign out
      </MenuItem>
    </Menu>
  );
}
