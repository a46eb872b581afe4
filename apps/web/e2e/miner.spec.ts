/** A miner's own page: for whoever knows the address, without sign-in. */
import type { Browser, Page } from "@playwright/test";
import { expect, expectAccessible, site, test } from "./site.ts";

const SIZES = { desktop: { width: 1_440, height: 900 }, phone: { width: 360, height: 780 } } as const;
const UNKNOWN = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202";

/** The address that this machine mines to, as the owner sees it. */
async function minedAddress(signedIn: Page): Promise<string> {
  await signedIn.goto("/balances");
  const href = await signedIn.locator("a[data-row-link]").first().getAttribute("href");
  await signedIn.goto(href ?? "/balances");
  const copy = signedIn.getByText(/^Copy address /).first();
  await expect(copy).toBeAttached();
  return ((await copy.textContent()) ?? "").replace("Copy address ", "");
}

/** Somebody without a session. */
async function stranger(browser: Browser): Promise<Page> {
  return (await browser.newContext({ baseURL: site().url })).newPage();
}

test("shows an address to anybody, light and dark, phone and desktop, with the receipt checked", async ({
  signedIn,
  browser,
}) => {
  test.setTimeout(180_000);
  const address = await minedAddress(signedIn);
  const page = await stranger(browser);
  for (const theme of ["light", "dark"] as const) {
    for (const size of ["desktop", "phone"] as const) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      await page.setViewportSize(SIZES[size]);
      await page.goto(`/m/${address}`);
      await expect(page.getByRole("heading", { level: 1 })).toContainText(/BTC are owed/);
      await expect(page.getByText("Confirmed owed")).toBeVisible();
      await expect(page.locator("figure canvas")).toBeVisible();
      // Its receipt follows a block in a moment; the page asks again by itself.
      await expect(page.getByTestId("receipt")).toContainText(/Matches Checked in your browser: [\d,]+ shares?, work/, {
        timeout: 60_000,
      });
      await expectAccessible(page);
      await page.screenshot({ path: `../../test-results/screens/miner-${theme}-${size}.png`, fullPage: true });
    }
  }
  expect(await page.content()).toContain("noindex");
  await page.context().close();
});

test("an altered share is noticed in the browser", async ({ signedIn, browser }) => {
  const address = await minedAddress(signedIn);
  const page = await stranger(browser);
  await page.route("**/shares?**", async (route) => {
    const answer = await route.fetch();
    const bytes = await answer.body();
    if (bytes.length > 0) bytes[0] = (bytes[0] as number) ^ 1;
    await route.fulfill({ response: answer, body: bytes });
  });
  await page.goto(`/m/${address}`);
  await expect(page.getByTestId("receipt")).toContainText("Does not match", { timeout: 60_000 });
  await expect(page.getByTestId("receipt")).toContainText("not the ones that the receipt commits to");
  await page.context().close();
});

test("from the sign-in page to an address: one that mined, one that has not yet, and one that is none", async ({
  signedIn,
  browser,
}) => {
  const address = await minedAddress(signedIn);
  const page = await stranger(browser);
  await page.goto("/sign-in");
  await page.getByRole("link", { name: "enter your address" }).click();
  await expect(page).toHaveURL(/\/m$/);
  await expectAccessible(page);
  await page.screenshot({ path: "../../test-results/screens/miner-search.png" });
  await page.getByLabel("Payout address").fill(` ${address} `);
  await page.getByRole("button", { name: "Show my shares and payments" }).click();
  await expect(page).toHaveURL(`${site().url}/m/${address}`);
  await expect(page.getByRole("heading", { name: "Workers" })).toBeVisible();

  await page.goto(`/m/${UNKNOWN}`);
  await expect(page.getByRole("heading", { name: "This address has not mined here" })).toBeVisible();
  await expect(page.getByText(`${UNKNOWN}.worker1`).first()).toBeVisible();
  await expectAccessible(page);
  await page.screenshot({ path: "../../test-results/screens/miner-unknown.png", fullPage: true });

  await page.goto("/m/bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4");
  await expect(page.getByText(/is an address of the main network, and this pool mines on regtest/)).toBeVisible();
  await page.context().close();
});

test("a change of settings takes a message and its signature, and says what is wrong with either", async ({
  signedIn,
  browser,
}) => {
  const address = await minedAddress(signedIn);
  const page = await stranger(browser);
  await page.goto(`/m/${address}`);
  // Before its script runs, the form would be sent as a plain one.
  await expect(page.locator("figure canvas")).toBeVisible();
  const make = page.getByRole("button", { name: "Make the message to sign" });
  await make.click();
  await expect(page.getByText("Fill in what is to change; the rest stays.")).toBeVisible();
  await page.getByLabel("Webhook for notices").fill("http://example.org");
  await make.click();
  await expect(page.getByText("must be an address that begins with https://")).toBeVisible();
  await page.getByLabel("Webhook for notices").fill("");
  await page.getByLabel("Pay out from, BTC").fill("0.25");
  await make.click();
  await expect(page.getByText("Sign exactly this")).toBeVisible();
  await expect(page.getByText(/set payout threshold: 0\.25000000 BTC\. Valid once until/).first()).toBeVisible();
  await expectAccessible(page);
  await page.locator("#settings").screenshot({ path: "../../test-results/screens/miner-settings.png" });
  await page.getByLabel("Signature").fill("not a signature!");
  await page.getByRole("button", { name: "Change the settings" }).click();
  await expect(page.getByText(/is not base64/)).toBeVisible();
  await expect(page.getByText("The settings were changed.")).toBeHidden();
  await page.getByRole("button", { name: "Back" }).click();
  await expect(make).toBeVisible();
  await page.context().close();
});
