import { cookies } from "next/headers";
import type { ReactNode } from "react";
import { Frame } from "@/components/frame/frame.tsx";
import { RAIL_COOKIE } from "@/lib/preferences.ts";
import { openPublicPage } from "@/lib/server.ts";
import { SessionProvider } from "@/lib/session.tsx";

/** The frame. Who may see a page is decided by the page; without a session there is nothing to frame. */
export default async function AppLayout({ children }: { readonly children: ReactNode }) {
  const { me } = await openPublicPage();
  if (me === null) return children;
  const narrow = (await cookies()).get(RAIL_COOKIE)?.value === "narrow";
  return (
    <SessionProvider>
      <Frame me={me} railNarrow={narrow}>
        {children}
      </Frame>
    </SessionProvider>
  );
}
