"use client";
import type { MeDto } from "@otedama/shared";
import { useQueryClient } from "@tanstack/react-query";
import { LogOut, Rows2, Rows4, TriangleAlert } from "lucide-react";
import { useTheme } from "next-themes";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { useState } from "react";
import { THEMES } from "@/components/frame/themes.tsx";
import { Button } from "@/components/ui/button.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Facts, Panel } from "@/components/ui/panel.tsx";
import { Segmented } from "@/components/ui/segmented.tsx";
import { Skeleton } from "@/components/ui/skeleton.tsx";
import { TabPanel, Tabs } from "@/components/ui/tabs.tsx";
import { useToast } from "@/components/ui/toast.tsx";
import { useInBrowser } from "@/lib/clock.tsx";
import { useDensity } from "@/lib/density.tsx";
import { ROLE_MEANINGS } from "@/lib/roles.ts";
import { useSession } from "@/lib/session.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { ApiKeysTab } from "./api_keys_tab.tsx";
import { PasswordForm } from "./password_form.tsx";
import { SecondFactorPanel } from "./second_factor_panel.tsx";
import { SessionsPanel } from "./sessions_panel.tsx";

const TABS = [
  { value: "profile", label: "Profile" },
  { value: "security", label: "Security" },
  { value: "keys", label: "API keys" },
  { value: "appearance", label: "Appearance" },
] as const;

export function SettingsScreen({ me }: { readonly me: MeDto }) {
  const [tab, setTab] = useQueryState(
    "tab",
    parseAsStringLiteral(TABS.map((one) => one.value))
      .withDefault("profile")
      .withOptions({ history: "push" }),
  );
  return (
    <Page
      kicker="Settings"
      sentence={me.second_factor_due ? "Your role needs a second factor: set it up here." : `You are signed in as ${me.name}.`}
    >
      <div className="max-w-3xl">
        <Tabs label="Settings" value={tab} choices={TABS} onChoose={(next) => void setTab(next)}>
          <TabPanel value="profile">
            <Profile me={me} />
          </TabPanel>
          <TabPanel value="security">
            <Security me={me} />
          </TabPanel>
          <TabPanel value="keys">
            <ApiKeysTab />
          </TabPanel>
          <TabPanel value="appearance">
            <Appearance />
          </TabPanel>
        </Tabs>
      </div>
    </Page>
  );
}

function Profile({ me }: { readonly me: MeDto }) {
  const session = useSession();
  const toast = useToast();
  const [busy, setBusy] = useState(false);
  const leave = async () => {
    setBusy(true);
    if (await session.leave()) return;
    setBusy(false);
    toast({ tone: "bad", icon: TriangleAlert, word: "Not signed out", text: "The server did not answer. Try again." });
  };
  return (
    <Panel>
      <Facts
        facts={[
          { name: "Name", value: me.name },
          { name: "E-mail", value: me.email },
          { name: "Role", value: ROLE_MEANINGS[me.role] },
        ]}
      />
      <Button className="mt-4" onClick={leave} disabled={busy} aria-busy={busy}>
        <LogOut />
        {busy ? "Signing out…" : "Sign out"}
      </Button>
    </Panel>
  );
}

function Security({ me }: { readonly me: MeDto }) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  // A new password signs other devices out.
  const changed = () => void cache.invalidateQueries({ queryKey: trpc.me.sessions.queryKey() });
  return (
    <div className="flex flex-col gap-4">
      <SecondFactorPanel me={me} />
      <SessionsPanel />
      <PasswordForm email={me.email} onChanged={changed} />
    </div>
  );
}

const DENSITY_CHOICES = [
  { value: "compact", label: "Compact", icon: <Rows4 aria-hidden /> },
  { value: "comfortable", label: "Comfortable", icon: <Rows2 aria-hidden /> },
] as const;

function Appearance() {
  const { theme = "system", setTheme } = useTheme();
  const { density, setDensity } = useDensity();
  const inBrowser = useInBrowser();
  return (
    <Panel>
      <div className="flex flex-col gap-5">
        <div>
          <h2 className="text-sm">Theme</h2>
          <p className="mb-2 text-xs text-ink-3">Kept on this device.</p>
          {inBrowser ? (
            <Segmented label="Theme" value={theme} choices={THEMES} onChoose={setTheme} />
          ) : (
            <Skeleton className="h-8 w-72" />
          )}
        </div>
        <div>
          <h2 className="text-sm">Rows of tables</h2>
          <p className="mb-2 text-xs text-ink-3">Kept on this device.</p>
          <Segmented label="Rows of tables" value={density} choices={DENSITY_CHOICES} onChoose={setDensity} />
        </div>
        <div>
          <h2 className="text-sm">Time zone</h2>
          <p className="text-sm text-ink-2">
            {inBrowser ? Intl.DateTimeFormat().resolvedOptions().timeZone.replaceAll("_", " ") : "UTC"}{" "}
            <span className="text-ink-3">· as this device has it</span>
          </p>
        </div>
      </div>
    </Panel>
  );
}
