import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test as plain } from "@playwright/test";

function given(name: "E2E_URL" | "E2E_SETUP_LINK" | "E2E_SESSION" | "E2E_DATABASE_URL"): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set; the global set-up sets it`);
  return value;
}

export const site = () => ({
  url: given("E2E_URL"),
  setup_link: given("E2E_SETUP_LINK"),
  session: given("E2E_SESSION"),
  database_url: given("E2E_DATABASE_URL"),
});

export const OWNER = { name: "Aki Tanaka", email: "aki@example.org", password: "four words do well" } as const;

/** What a browser writes into its console because a test made something fail on purpose. */
const ON_PURPOSE = /Failed to load resource|WebSocket connection|ERR_FAILED/;

/** A page of the signed-in owner; the test fails when the page reports an error of its own. */
export const test = plain.extend<{ signedIn: Page }>({
  signedIn: async ({ browser }, use) => {
    const context = await browser.newContext({ storageState: site().session, baseURL: site().url });
    const page = await context.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && !ON_PURPOSE.test(message.text())) errors.push(message.text());
    });
    await use(page);
    await context.close();
    expect(errors).toEqual([]);
  },
});
export { expect };

/** Nothing is wider than the window, and axe finds nothing. */
export async function expectAccessible(page: Page): Promise<void> {
  const overflow_px = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow_px, "the page scrolls sideways").toBeLessThanOrEqual(0);
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"])
    .analyze();
  const found = violations.flatMap((violation) =>
    violation.nodes.map((node) => `${violation.id}: ${node.html.slice(0, 160)} ${node.failureSummary}`),
  );
  expect(found).toEqual([]);
}
