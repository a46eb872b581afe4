"use client";
import type { MeDto } from "@otedama/shared";
import { LogOut, Settings } from "lucide-react";
import { useRouter } from "next/navigation";
import { useTheme } from "next-themes";
import type { ReactNode } from "react";
import { Menu, MenuChoice, MenuItem, MenuSeparator } from "@/components/ui/menu.tsx";
import { THEMES } from "./themes.tsx";

type PersonMenuItemsProps = { readonly me: MeDto; readonly onSignOut: () => void; readonly trigger: ReactNode };

export default function PersonMenuItems({ me, onSignOut, trigger }: PersonMenuItemsProps) {
  const { theme = "system", setTheme } = useTheme();
  const router = useRouter();
  return (
    <Menu label={me.name} trigger={trigger} defaultOpen>
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
