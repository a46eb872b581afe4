"use client";
import type { MeDto } from "@otedama/shared";
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
import { useSession } from "@/lib/session.tsx";

const TABS = [
  { value: "profile", label: "Profile" },
  { value: "appearance", label: "Appearance" },
] as const;

const ROLES: Readonly<Record<MeDto["role"], string>> = {
  owner: "Owner: sees and may change everything",
  operator: "Operator: runs rigs and the pool",
  accountant: "Accountant: sees and approves payouts",
  viewer: "Viewer: sees, changes nothing",
};

export function SettingsScreen({ me }: { readonly me: MeDto }) {
  const [tab, setTab] = useQueryState(
    "tab",
    parseAsStringLiteral(TABS.map((one) => one.value))
      .withDefault("profile")
      .withOptions({ history: "push" }),
  );
  return (
    <Page kicker="Settings" sentence={`You are signed in as ${me.name}.`}>
      <div className="max-w-3xl">
        <Tabs label="Settings" value={tab} choices={TABS} onChoose={(next) => void setTab(next)}>
          <TabPanel value="profile">
            <Profile me={me} />
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
          { name: "Role", value: ROLES[me.role] },
        ]}
      />
      <Button className="mt-4" onClick={leave} disabled={busy} aria-busy={busy}>
        <LogOut />
        {busy ? "Signing out…" : "Sign out"}
      </Button>
    </Panel>
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
