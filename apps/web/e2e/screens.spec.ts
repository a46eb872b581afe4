/** Every screen, light and dark, on a phone and on a desk: nothing sticks out, axe is content, and a picture is kept. */
import type { Page } from "@playwright/test";
import { expect, expectAccessible, test } from "./site.ts";

const SIZES = { desktop: { width: 1_440, height: 900 }, phone: { width: 360, height: 780 } } as const;

/** The address of the first row of a list. */
async function firstRow(page: Page, list: string): Promise<string> {
  await page.goto(list);
  const href = await page.locator("a[data-row-link]").first().getAttribute("href");
  if (href === null) throw new Error(`${list} has no row`);
  return href;
}

const SCREENS: readonly { readonly name: string; readonly kicker: string; readonly address: (page: Page) => Promise<string> }[] =
  [
    { name: "overview", kicker: "Overview", address: async () => "/" },
    { name: "workers", kicker: "Pool · Workers", address: async () => "/workers" },
    { name: "worker", kicker: "Pool · Workers", address: (page) => firstRow(page, "/workers") },
    { name: "blocks", kicker: "Pool · Blocks", address: async () => "/blocks" },
    { name: "block", kicker: "Pool · Blocks", address: (page) => firstRow(page, "/blocks") },
    { name: "statistics", kicker: "Pool · Statistics", address: async () => "/statistics" },
    { name: "nodes", kicker: "Pool · Nodes", address: async () => "/nodes" },
    { name: "rigs", kicker: "Fleet · Rigs", address: async () => "/rigs" },
    { name: "rig", kicker: "Fleet · Rigs", address: (page) => firstRow(page, "/rigs") },
    { name: "releases", kicker: "Fleet · Releases", address: async () => "/releases" },
    { name: "provision", kicker: "Fleet · Provision", address: async () => "/provision" },
    { name: "provision by hand", kicker: "Fleet · Provision", address: async () => "/provision?way=hand" },
    { name: "payouts", kicker: "Payouts", address: async () => "/payouts" },
    { name: "payouts due", kicker: "Payouts", address: async () => "/payouts?tab=due" },
    { name: "balances", kicker: "Payouts · Balances", address: async () => "/balances" },
    { name: "account", kicker: "Payouts · Balances", address: (page) => firstRow(page, "/balances") },
    { name: "ledger", kicker: "Payouts · Ledger", address: async () => "/ledger" },
    { name: "entry", kicker: "Payouts · Ledger", address: (page) => firstRow(page, "/ledger") },
    { name: "pool settings", kicker: "Pool · Settings", address: async () => "/policy" },
    { name: "pool risk", kicker: "Pool · Settings", address: async () => "/policy?tab=risk" },
    { name: "people", kicker: "Administration · People", address: async () => "/people" },
    { name: "notices", kicker: "Administration · Notices", address: async () => "/notices" },
    { name: "audit", kicker: "Administration · Audit", address: async () => "/audit" },
    { name: "security", kicker: "Settings", address: async () => "/settings?tab=security" },
    { name: "api-keys", kicker: "Settings", address: async () => "/settings?tab=keys" },
    { name: "settings", kicker: "Settings", address: async () => "/settings?tab=appearance" },
  ];

for (const { name, kicker, address } of SCREENS) {
  test(`${name}: light and dark, phone and desktop`, async ({ signedIn: page }) => {
    const to = await address(page);
    for (const theme of ["light", "dark"] as const) {
      for (const size of ["desktop", "phone"] as const) {
        await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
        await page.setViewportSize(SIZES[size]);
        await page.goto(to);
        await expect(page.getByRole("main").getByText(kicker).first()).toBeVisible();
        await expect(page.getByRole("heading", { level: 1 })).not.toBeEmpty();
        await expect(page.getByTestId("live")).toHaveText(/Live|Behind/);
        // A picture comes after the page: wait for it where there is one.
        for (const figure of await page.locator("figure").all()) await expect(figure.locator("canvas")).toBeVisible();
        await expectAccessible(page);
        await page.screenshot({ path: `../../test-results/screens/${name}-${theme}-${size}.png` });
      }
    }
  });
}

test("a screen as wide as 2560 pixels keeps its lines readable", async ({ signedIn: page }) => {
  await page.setViewportSize({ width: 2_560, height: 1_300 });
  await page.goto("/");
  await expect(page.getByTestId("live")).toHaveText(/Live|Behind/);
  const { width } = (await page.getByRole("heading", { level: 1 }).boundingBox()) ?? { width: Number.NaN };
  expect(width).toBeLessThan(1_800);
  await page.screenshot({ path: "../../test-results/screens/overview-light-wide.png" });
});

test("the first load is less than 250 kB of compressed script, charts and live line included", async ({ signedIn: page }) => {
  const client = await page.context().newCDPSession(page);
  const scripts = new Map<string, number>();
  await client.send("Network.enable");
  client.on("Network.responseReceived", ({ requestId, type }) => {
    if (type === "Script") scripts.set(requestId, scripts.get(requestId) ?? 0);
  });
  // As they came over the line, without headers.
  client.on("Network.dataReceived", ({ requestId, encodedDataLength }) => {
    const before = scripts.get(requestId);
    if (before !== undefined) scripts.set(requestId, before + encodedDataLength);
  });
  await page.goto("/", { waitUntil: "load" });
  await expect(page.getByTestId("live")).toHaveText(/Live|Behind/);
  await expect(page.locator("figure canvas").first()).toBeVisible();
  const bytes = [...scripts.values()].reduce((sum, length) => sum + length, 0);
  test.info().annotations.push({ type: "script", description: `${Math.round(bytes / 1_000)} kB in ${scripts.size} files` });
  expect(scripts.size).toBeGreaterThan(3);
  expect(bytes).toBeGreaterThan(100_000);
  expect(bytes).toBeLessThan(250_000);
});
