/** From the set-up link to a block on the Overview, as the first person walks it. */
import { type Page, test } from "@playwright/test";
import { expect, expectAccessible, OWNER, site } from "./site.ts";

test.describe.configure({ mode: "serial" });

let page: Page;
test.beforeAll(async ({ browser }) => {
  const context = await browser.newContext({ baseURL: site().url });
  page = await context.newPage();
});
test.afterAll(() => page.context().close());

test("a visitor is sent to sign in, and told that the owner comes first", async () => {
  await page.goto("/workers?state=mining");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await expect(page.getByRole("heading", { name: "This Otedama has no owner yet" })).toBeVisible();
  await expectAccessible(page);
});

test("a link without its token, and one with a wrong token, say so", async () => {
  await page.goto("/setup");
  await expect(page.getByRole("heading", { name: "This set-up link is not whole" })).toBeVisible();
  await page.goto("about:blank");
  await page.goto("/setup#token=wrong");
  await fillOwner();
  await page.getByRole("button", { name: "Create the owner" }).click();
  await expect(page.getByText("This set-up link does not work")).toBeVisible();
});

test("the set-up link leaves the address bar, checks its fields and makes the owner", async () => {
  await page.goto("about:blank");
  await page.goto(site().setup_link);
  await expect(page.getByRole("heading", { name: "Become the owner" })).toBeVisible();
  await expect(page).toHaveURL(/\/setup$/);
  await expectAccessible(page);
  await page.screenshot({ path: "../../test-results/screens/setup.png" });

  await page.getByRole("button", { name: "Create the owner" }).click();
  await expect(page.getByText("Use at least 12 characters.")).toBeVisible();
  await expect(page.getByLabel("Name")).toBeFocused();

  await fillOwner();
  await page.getByRole("button", { name: "Create the owner" }).click();
  await expect(page).toHaveURL(`${site().url}/`);
  await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Overview" })).toHaveAttribute(
    "aria-current",
    "page",
  );
  await page.context().storageState({ path: site().session });
});

test("the Overview is live, and the first block arrives on it by itself", async () => {
  test.setTimeout(300_000);
  await expect(page.getByTestId("live")).toHaveText(/Live/, { timeout: 60_000 });
  const blocks = page.getByRole("list", { name: "Recent blocks, newest first" }).getByRole("link");
  await expect(blocks.first()).toBeVisible({ timeout: 240_000 });
  await expect(page.getByRole("heading", { level: 1 })).toContainText(/mine/);
  await page.screenshot({ path: "../../test-results/screens/first-block.png" });

  await blocks.last().click();
  await expect(page).toHaveURL(/\/blocks\/[0-9a-f]{64}$/);
  await expect(page.getByRole("heading", { level: 1 })).toContainText(/Block \d+/);
  await expect(page.getByRole("row", { name: /^Sum/ })).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(`${site().url}/`);
});

test("signing out ends the session; signing in comes back to where one wanted to be", async ({ browser }) => {
  const context = await browser.newContext({ baseURL: site().url });
  const other = await context.newPage();
  await other.goto("/blocks");
  await expect(other).toHaveURL(/\/sign-in\?next=%2Fblocks/);
  await other.getByLabel("E-mail").fill(OWNER.email);
  await other.getByLabel("Password").fill("not the password");
  await other.getByRole("button", { name: "Sign in" }).click();
  await expect(other.getByText("That e-mail and password do not go together")).toBeVisible();
  await expectAccessible(other);
  await other.getByLabel("Password").fill(OWNER.password);
  await other.getByRole("button", { name: "Sign in" }).click();
  await expect(other).toHaveURL(/\/blocks$/);

  await other.getByRole("button", { name: `${OWNER.name}: menu` }).click();
  await other.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(other).toHaveURL(/\/sign-in$/);
  await other.goto("/blocks");
  await expect(other).toHaveURL(/\/sign-in\?next=%2Fblocks/);
  await context.close();
});

test("the set-up link works once", async ({ browser }) => {
  const other = await browser.newPage();
  await other.goto(site().setup_link);
  await expect(other.getByRole("heading", { name: "This set-up link was used" })).toBeVisible();
  await other.close();
});

async function fillOwner(): Promise<void> {
  await page.getByLabel("Name").fill(OWNER.name);
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByLabel("Password", { exact: true }).fill(OWNER.password);
  await page.getByLabel("Password again").fill(OWNER.password);
}
