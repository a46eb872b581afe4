/** People, their second factor and notices, as an owner and somebody who joins meet them. */
import type { Page } from "@playwright/test";
import { codeOf, stepAt } from "../src/server/auth/totp.ts";
import { expect, expectAccessible, OWNER, site, test } from "./site.ts";

const GUEST = { name: "Ben Ito", email: "ben@example.org", password: "four other words here" } as const;

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
function bytesOf(base32: string): Buffer {
  const bits = [...base32].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
/** The whole text behind a button that copies it. */
async function copied(page: Page, what: RegExp): Promise<string> {
  return (await page.getByRole("button", { name: what }).getAttribute("title")) ?? "";
}
/** Before its script runs, a page's buttons do nothing. */
const ready = (page: Page) => expect(page.getByTestId("live")).toHaveText(/Live|Behind/);

test("an invited person joins, sets up a second factor, signs in with it, and is disabled", async ({
  signedIn: page,
  browser,
}) => {
  await page.goto("/people");
  await ready(page);
  await page.getByRole("button", { name: "Invite somebody" }).click();
  await page.getByLabel("E-mail").fill(GUEST.email);
  await page.getByRole("button", { name: "Make the link" }).click();
  await expect(page.getByText("It is shown this one time")).toBeVisible();
  await expectAccessible(page);
  const link = await copied(page, /^Copy invite link/);
  await page.getByRole("button", { name: "Done" }).click();

  const context = await browser.newContext({ baseURL: site().url });
  const guest = await context.newPage();
  await guest.goto(`/invite${new URL(link).hash}`);
  await expect(guest.getByRole("heading", { name: "Join this Otedama" })).toBeVisible();
  await expect(guest).toHaveURL(/\/invite$/);
  await expectAccessible(guest);
  await guest.getByLabel("Name").fill(GUEST.name);
  await guest.getByLabel("Password", { exact: true }).fill(GUEST.password);
  await guest.getByLabel("Password again").fill(GUEST.password);
  await guest.getByRole("button", { name: "Join" }).click();
  await expect(guest).toHaveURL(`${site().url}/`);
  await expect(guest.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "People" })).toHaveCount(0);
  await guest.goto("/people");
  await expect(guest.getByRole("heading", { name: "This is for owners" })).toBeVisible();

  await guest.goto("/settings?tab=security");
  await ready(guest);
  await guest.getByRole("button", { name: "Set it up" }).click();
  await guest.getByLabel("Your password").fill(GUEST.password);
  await guest.getByRole("button", { name: "Go on" }).click();
  await expect(guest.getByRole("img", { name: /QR code/ })).toBeVisible();
  await expectAccessible(guest);
  const secret = bytesOf(await copied(guest, /^Copy key/));
  const step = stepAt(Date.now());
  await guest.getByLabel("Code", { exact: true }).fill(codeOf(secret, step));
  await guest.getByRole("button", { name: "Turn it on" }).click();
  await guest.getByRole("button", { name: "I have kept them" }).click();
  await expect(guest.getByText("10 backup codes are left.")).toBeVisible();
  await context.close();

  const again = await (await browser.newContext({ baseURL: site().url })).newPage();
  await again.goto("/sign-in");
  await again.getByLabel("E-mail").fill(GUEST.email);
  await again.getByLabel("Password").fill(GUEST.password);
  await again.getByRole("button", { name: "Sign in" }).click();
  await expect(again.getByRole("heading", { name: "Your second factor" })).toBeVisible();
  // The code that turned it on is used up.
  await again.getByLabel("Code").fill(codeOf(secret, step));
  await again.getByRole("button", { name: "Go on" }).click();
  await expect(again.getByText("That code does not work")).toBeVisible();
  await expectAccessible(again);
  // The next one is taken half a minute early: clocks differ.
  await again.getByLabel("Code").fill(codeOf(secret, Math.max(step, stepAt(Date.now())) + 1));
  await again.getByRole("button", { name: "Go on" }).click();
  await expect(again).toHaveURL(`${site().url}/`);

  await page.reload();
  await ready(page);
  await page.getByRole("button", { name: `Actions for ${GUEST.name}` }).click();
  await page.getByRole("menuitem", { name: "Disable" }).click();
  await expectAccessible(page);
  await page.getByRole("button", { name: `Disable ${GUEST.name}` }).click();
  await expect(page.getByRole("row", { name: new RegExp(GUEST.name) })).toContainText("Disabled");
  await again.goto("/workers");
  await expect(again).toHaveURL(/\/sign-in/);
  await again.context().close();

  await page.goto("/audit");
  await ready(page);
  await page.getByRole("button", { name: "Disabled a person" }).first().click();
  await expect(page.getByRole("dialog")).toContainText("disabled");
  await expectAccessible(page);
});

test("a channel's test tells what the other side said; a forbidden target is refused in words", async ({ signedIn: page }) => {
  const name = `Ops hook ${Date.now()}`;
  await page.goto("/notices");
  await ready(page);
  await page.getByRole("button", { name: "Add a channel" }).first().click();
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Address").fill("http://127.0.0.1:9/hook");
  await page.getByRole("button", { name: "Add the channel" }).click();
  await expect(page.getByRole("alert")).toContainText("private network");
  await expectAccessible(page);
  await page.getByLabel("Address").fill("https://localhost/hook");
  await page.getByRole("button", { name: "Add the channel" }).click();
  await expect(page.getByText("Signing secret", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Done" }).click();
  const card = page.getByRole("region", { name });
  await card.getByRole("button", { name: "Send a test" }).click();
  await expect(card.getByText("The test was not delivered")).toBeVisible();
  await expectAccessible(page);
  await card.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("button", { name: `Remove ${name}` }).click();
  await expect(card).toHaveCount(0);
});

test("an API key is told once and opens what its scopes name", async ({ signedIn: page, request }) => {
  await page.goto("/settings?tab=keys");
  await ready(page);
  await page.getByRole("button", { name: "Make a key" }).click();
  await page.getByLabel("Name").fill("A script");
  await page.getByLabel("Your password").fill(OWNER.password);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Make the key" }).click();
  const key = await copied(page, /^Copy api key/);
  const headers = { authorization: `Bearer ${key}` };
  expect((await request.get(`${site().url}/api/v1/workers`, { headers })).status()).toBe(200);
  expect((await request.get(`${site().url}/api/v1/balances`, { headers })).status()).toBe(403);
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Revoke the key A script" }).click();
  await expect(page.getByText("You have no API key")).toBeVisible();
  expect((await request.get(`${site().url}/api/v1/workers`, { headers })).status()).toBe(401);
});
