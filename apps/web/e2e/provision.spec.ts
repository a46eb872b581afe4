/** The provisioning wizard from targets to result, against a rig with a real sshd. */
import type { Page } from "@playwright/test";
import { canHaveRigs, RIG_USERS, startRig } from "../test/fixtures/rig/rig.ts";
import { expect, expectAccessible, test } from "./site.ts";

const ready = (page: Page) => expect(page.getByTestId("live")).toHaveText(/Live|Behind/);

async function picture(page: Page, name: string): Promise<void> {
  for (const theme of ["light", "dark"] as const) {
    for (const [size, viewport] of [
      ["desktop", { width: 1_440, height: 900 }],
      ["phone", { width: 360, height: 780 }],
    ] as const) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      await page.setViewportSize(viewport);
      await expectAccessible(page);
      await page.screenshot({ path: `../../test-results/screens/${name}-${theme}-${size}.png`, fullPage: true });
    }
  }
  await page.setViewportSize({ width: 1_440, height: 900 });
}

test("a rig is asked, vouched for, looked at and cleared, by keyboard too; the password stays nowhere", async ({
  signedIn: page,
}) => {
  test.skip(!(await canHaveRigs()), "a rig needs root");
  test.setTimeout(300_000);
  const rig = await startRig({
    setup: "mkdir -p /opt/otedama-agent/versions/1-0.9.0 /etc/otedama-agent; echo '{}' >/etc/otedama-agent/agent.json",
  });
  try {
    const { user, password } = RIG_USERS.keeper;
    await page.goto("/provision");
    await ready(page);
    await page.getByRole("button", { name: "Uninstall" }).focus();
    await page.keyboard.press("Enter");
    await page.getByLabel("Rigs").fill("10.0.0.0/8");
    await page.getByLabel("Port").fill(String(rig.port));
    await page.getByLabel("User", { exact: true }).fill(user);
    await page.getByRole("button", { name: "Password" }).click();
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Ask the rigs for their host keys" }).click();
    await expect(page.getByText("16,777,216 addresses")).toBeVisible();
    await page.getByLabel("Rigs").fill(`${rig.host}\n${rig.host}:1`);
    await page.getByRole("button", { name: "Ask the rigs for their host keys" }).press("Enter");

    await expect(page.getByRole("heading", { level: 1 })).toHaveText("1 rig shows a host key that nobody has confirmed.");
    await expect(page.getByText(await rig.fingerprint()).first()).toBeVisible();
    await picture(page, "provision-keys");
    await page.getByLabel(`${rig.host}:${rig.port}`).press("Space");
    await page.getByRole("button", { name: "Confirm 1 key" }).click();
    await page.getByRole("button", { name: "Look at 1 rig" }).click();

    await expect(page.getByText("Remove the folder /opt/otedama-agent and all that is in it.").first()).toBeVisible();
    await picture(page, "provision-plan");
    await page.getByRole("button", { name: "Uninstall from 1 rig" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Uninstall from 1 rig" }).click();

    await expect(page.getByRole("heading", { level: 1 })).toHaveText("1 rig is cleared out of 2. The credentials are forgotten.");
    await page.getByText(`${rig.host}:${rig.port}`).first().click();
    await expect(page.getByText("removed the folder /opt/otedama-agent (0 files)")).toBeVisible();
    await picture(page, "provision-result");
    expect(await rig.shell("ls -d /opt/otedama-agent /etc/otedama-agent 2>/dev/null; true")).toBe("");

    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
    expect(kept).not.toContain(password);
    await page.goto("/provision");
    await expect(page.getByRole("heading", { name: "Pinned host keys" })).toBeVisible();
    await page.getByRole("button", { name: `Forget the key of ${rig.host} port ${rig.port}` }).click();
    await page.getByLabel("Why").fill("the rig of a test is gone");
    await page.getByRole("button", { name: "Forget the key" }).click();
    await expect(page.getByRole("heading", { name: "Pinned host keys" })).toHaveCount(0);
  } finally {
    await rig.stop();
  }
});
