/** What can be done without a mouse. */
import { expect, test } from "./site.ts";

test("the palette opens with Ctrl-K, finds a worker and a place, and runs an action", async ({ signedIn: page }) => {
  await page.goto("/");
  await expect(page.getByTestId("live")).toHaveText(/Live|Behind/);
  await page.keyboard.press("Control+k");
  const input = page.getByRole("combobox", { name: "Search or run a command" });
  await expect(input).toBeFocused();
  await page.keyboard.type("balan");
  await expect(page.getByRole("option", { name: "Balances" })).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/balances$/);
  await expect(input).toBeHidden();

  const worker = await page.goto("/workers").then(() => page.locator("a[data-row-link]").first().textContent());
  await page.keyboard.press("Control+k");
  await expect(input).toBeFocused();
  await page.keyboard.type(worker ?? "");
  const found = page.getByRole("group", { name: "Workers" }).getByRole("option").first();
  await expect(found).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/(workers|rigs)\/[0-9a-f-]+$/);

  await page.keyboard.press("Control+k");
  await expect(input).toBeFocused();
  await page.keyboard.type("dark theme");
  await expect(page.getByRole("option", { name: "Dark theme" })).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");

  await page.keyboard.press("Control+k");
  await expect(input).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(input).toBeHidden();
});

test("the first Tab offers to skip to the content", async ({ signedIn: page }) => {
  await page.goto("/blocks");
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to the content" });
  await expect(skip).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("#content")).toBeFocused();
});

test("a row opens beside the table with Enter, closes with Escape, and Back works", async ({ signedIn: page }) => {
  await page.goto("/blocks");
  // Before its script runs, a row is a plain link to the block's page.
  await expect(page.getByTestId("live")).toHaveText(/Live/);
  await page.locator("a[data-row-link]").first().press("Enter");
  const panel = page.getByRole("dialog");
  await expect(panel).toBeVisible();
  await expect(page).toHaveURL(/\?row=[0-9a-f]{64}$/);
  await expect(panel.getByText("In the chain").or(panel.getByText("Being submitted"))).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(panel).toBeHidden();
  await expect(page).toHaveURL(/\/blocks$/);
  await page.goBack();
  await expect(panel).toBeVisible();
  await panel.getByRole("link", { name: "Open page" }).click();
  await expect(page).toHaveURL(/\/blocks\/[0-9a-f]{64}$/);
});

test("a column is sorted by its button, says so, and the address keeps it", async ({ signedIn: page }) => {
  await page.goto("/workers");
  const column = page.getByRole("columnheader", { name: "Worker" });
  await expect(column).toHaveAttribute("aria-sort", "none");
  await column.getByRole("button").press("Enter");
  await expect(column).toHaveAttribute("aria-sort", "ascending");
  await expect(page).toHaveURL(/sort=name/);
  await page.reload();
  await expect(column).toHaveAttribute("aria-sort", "ascending");
  await page.goBack();
  await expect(column).toHaveAttribute("aria-sort", "none");
});
