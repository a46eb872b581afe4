import "@/styles/app.css";
import type { Metadata, Viewport } from "next";
import { cookies, headers } from "next/headers";
import { ThemeProvider } from "next-themes";
import { NuqsAdapter } from "nuqs/adapters/next/app";
import type { ReactNode } from "react";
import { ToastProvider } from "@/components/ui/toast.tsx";
import { ClockProvider } from "@/lib/clock.tsx";
import { DensityProvider } from "@/lib/density.tsx";
import { DENSITY_COOKIE, parseDensity } from "@/lib/preferences.ts";
import { ApiProvider } from "@/lib/trpc.tsx";

export const metadata: Metadata = {
  title: { default: "Otedama", template: "%s · Otedama" },
  description: "Run a mining farm and its pool from a browser",
  robots: { index: false, follow: false },
};

export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f7f8f9" },
    { media: "(prefers-color-scheme: dark)", color: "#0f1114" },
  ],
};

export default async function RootLayout({ children }: { readonly children: ReactNode }) {
  const nonce = (await headers()).get("x-nonce");
  const density = parseDensity((await cookies()).get(DENSITY_COOKIE)?.value);
  return (
    <html lang="en" data-density={density} suppressHydrationWarning>
      <body>
        <ThemeProvider
          attribute="data-theme"
          defaultTheme="system"
          disableTransitionOnChange
          {...(nonce === null ? {} : { nonce })}
        >
          <ClockProvider now_ms={Date.now()}>
            <DensityProvider initial={density}>
              <NuqsAdapter>
                <ApiProvider>
                  <ToastProvider>{children}</ToastProvider>
                </ApiProvider>
              </NuqsAdapter>
            </DensityProvider>
          </ClockProvider>
        </ThemeProvider>
      </body>
    </html>
  );
}
