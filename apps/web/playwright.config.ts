/**
 * Runs the screens in a real Chromium against the real stack. Without E2E_URL, E2E_SETUP_LINK and E2E_DATABASE_URL (the
 * dashboard's address, the one-time link of a fresh start, its database) the set-up starts a stack of its own on free ports in a temporary folder.
 */
import { defineConfig } from "@playwright/test";
import { chromium } from "./e2e/chromium.ts";

export default defineConfig({
  testDir: "e2e",
  outputDir: "../../test-results/failures",
  globalSetup: "./e2e/global_setup.ts",
  workers: 1,
  fullyParallel: false,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: "list",
  use: {
    locale: "en-GB",
    timezoneId: "Europe/Zurich",
    viewport: { width: 1_440, height: 900 },
    screenshot: "only-on-failure",
    launchOptions: await chromium(),
  },
  projects: [
    { name: "journey", testMatch: "journey.spec.ts" },
    { name: "screens", testIgnore: "journey.spec.ts", dependencies: ["journey"] },
  ],
});
