/** What screens say when there is nothing, when something fails, and when the line is down. */
import { expect, expectAccessible, test } from "./site.ts";

test("a search without a hit says so and is cleared with one button", async ({ signedIn: page }) => {
  await page.goto("/workers");
  await page.getByRole("textbox", { name: "Name, address or software" }).fill("no such worker");
  await expect(page.getByRole("heading", { name: "No worker matches" })).toBeVisible();
  await expect(page).toHaveURL(/q=no(\+|%20)such/);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Clear search and filters" }).click();
  await expect(page.locator("a[data-row-link]").first()).toBeVisible();
});

test("a filter without a hit says so", async ({ signedIn: page }) => {
  await page.goto("/blocks?state=rejected");
  await expect(page.getByRole("heading", { name: "No block is rejected" })).toBeVisible();
});

test("what does not exist is not found, with a way on", async ({ signedIn: page }) => {
  for (const address of [
    "/workers/2000000000",
    "/workers/abc",
    `/blocks/${"0".repeat(64)}`,
    "/blocks/xyz",
    "/rigs/xyz",
    "/balances/0",
    "/nothing",
  ]) {
    await page.goto(address);
    await expect(page.getByRole("heading", { name: "There is nothing at this address" })).toBeVisible();
  }
  await expectAccessible(page);
});

test("a failed fetch keeps the page, says what happened, and can be tried again", async ({ signedIn: page }) => {
  await page.goto("/workers");
  await expect(page.locator("a[data-row-link]").first()).toBeVisible();
  await page.route("**/api/trpc/**", (route) => route.abort());
  await page.getByRole("textbox", { name: "Name, address or software" }).fill("a");
  const alert = page.getByRole("alert").filter({ hasText: "could not be fetched" });
  await expect(alert).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole("table", { name: "Workers" })).toBeVisible();
  await page.unroute("**/api/trpc/**");
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(alert).toBeHidden();
});

test("a lost line dims the figures and tells their age; a new one makes them live again", async ({ signedIn: page }) => {
  let up = true;
  const lines: { close(): Promise<void> }[] = [];
  await page.routeWebSocket(/\/socket\.io\//, (line) => {
    if (!up) {
      void line.close();
      return;
    }
    line.connectToServer();
    lines.push(line);
  });
  await page.route(/\/socket\.io\//, (route) => (up ? route.continue() : route.abort()));
  await page.goto("/");
  const indicator = page.getByTestId("live");
  await expect(indicator).toHaveText(/Live/);
  up = false;
  for (const line of lines) await line.close();
  await expect(indicator).toHaveText(/Disconnected, last values \d+\s(s|min) old/);
  await expect(page.getByRole("heading", { level: 1 })).not.toBeEmpty();
  up = true;
  await expect(indicator).toHaveText(/Live/, { timeout: 30_000 });
});

test("the chart's numbers are there as a table too", async ({ signedIn: page }) => {
  await page.goto("/");
  const chart = page.locator("figure").first();
  await chart.getByRole("button", { name: "Table" }).click();
  await expect(chart.getByRole("columnheader", { name: "Hashrate" })).toBeVisible();
  await expect(chart.getByRole("row").nth(1)).toContainText(/H\/s|not measured/);
});

test("the instructions name the pool's address", async ({ signedIn: page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Point a miner here" }).click();
  await expect(page.getByRole("dialog")).toContainText(/otedama miner --pool stratum\+tcp:\/\/[\w.]+:\d+ --user ADDRESS/);
  await expectAccessible(page);
});
