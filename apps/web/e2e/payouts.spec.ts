/** A batch on the screen from what is due to what is paid: planned and approved by hand, light and dark, phone and desktop. */
import type { Page } from "@playwright/test";
import { PayoutSteps } from "./payout_steps.ts";
import { expect, expectAccessible, site, test } from "./site.ts";

const SIZES = { desktop: { width: 1_440, height: 900 }, phone: { width: 360, height: 780 } } as const;
const OWED = [
  { address: "bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry", sats: 61_234_567n },
  { address: "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r", sats: 7_654_321n },
  { address: "bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6", sats: 1_200_000n },
];
const OPERATOR = "2N7FuwuUuoTBrDFdrAZ9KxBmtqMLxce9i1C";

const steps = new PayoutSteps(site().database_url);
test.beforeAll(async () => {
  await steps.hold();
  await steps.owe(OWED, 2_345_678n);
  await steps.changePayouts({
    scheduled: false,
    unattended_max_sats: 0,
    threshold_sats: 100_000,
    fee_payout: { address: OPERATOR, threshold_sats: 100_000, keep_sats: 345_678 },
  });
});
test.afterAll(() => steps.end());

async function picture(page: Page, name: string): Promise<void> {
  for (const theme of ["light", "dark"] as const) {
    for (const size of ["desktop", "phone"] as const) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      await page.setViewportSize(SIZES[size]);
      await page.screenshot({ path: `../../test-results/screens/${name}-${theme}-${size}.png`, fullPage: true });
    }
  }
  // On a phone, where it is the narrowest.
  await expectAccessible(page);
  await page.setViewportSize(SIZES.desktop);
}

const says = (page: Page, text: string | RegExp) =>
  expect(page.getByRole("heading", { level: 1 })).toContainText(text, { timeout: 30_000 });

/** The pool's events make the screen look again; what is written here beside the pool is seen when it is opened anew. */
async function then(page: Page, step: Promise<void>, text: string | RegExp): Promise<void> {
  await step;
  await page.reload();
  await says(page, text);
}

test("is planned, approved, signed, broadcast and settled, and so are the pool's own fees by a batch of their own", async ({
  signedIn: page,
}) => {
  test.setTimeout(360_000);
  await page.goto("/payouts?tab=due");
  await expect(page.getByText(/A plan made now would pay/)).toBeVisible();
  const fees = page.getByRole("checkbox", { name: "Pay out the pool's own fees" });
  await expect(fees).toBeChecked();
  await picture(page, "payouts-due-fees");
  await page.getByRole("button", { name: "Plan these payouts" }).click();
  await expect(page.getByRole("dialog")).toContainText("and the pool's own fees in 2 batches");
  await page.getByRole("button", { name: "Plan them" }).click();
  await expect(page).toHaveURL(/\/payouts\/\d+$/);
  const batch_id = Number(page.url().split("/").at(-1));
  await says(page, "waits for 1 approval");
  await picture(page, "batch-planned");

  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await page.getByLabel("Number of the batch").fill(String(batch_id + 1));
  await page.getByRole("button", { name: "Approve the batch" }).click();
  await expect(page.getByText(`This approves batch ${batch_id}: type its number.`)).toBeVisible();
  await page.getByLabel("Number of the batch").fill(String(batch_id));
  await page.getByRole("button", { name: "Approve the batch" }).click();
  await says(page, "is approved");

  // From here on it is the pool's turn.
  await then(page, steps.make(batch_id), "waits for its signature");
  await picture(page, "batch-unsigned");
  await then(page, steps.sign(batch_id), "is signed and is being sent");
  await then(page, steps.send(batch_id), /has 0 of \d+ confirmations/);
  await expect(page.getByRole("button", { name: "Raise the fee" })).toBeVisible();
  await picture(page, "batch-broadcast");
  await then(page, steps.confirm(batch_id, 3), /has 3 of \d+ confirmations/);
  await then(page, steps.settle(batch_id), `Batch ${batch_id} paid`);
  await picture(page, "batch-settled");

  await page.goto(`/payouts/${batch_id + 1}`);
  await says(page, "BTC of the pool's fees to the operator, waits for 1 approval");
  await picture(page, "batch-fees");
  await page.goto("/payouts?tab=payments");
  await expect(page.getByRole("table", { name: "Payments, newest first" }).getByText("pool's fees").first()).toBeVisible();
});
