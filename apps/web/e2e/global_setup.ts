import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startStack } from "./stack.ts";

/** Workers inherit what is put into the environment here. */
export default async function globalSetup(): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "otedama-e2e-session-"));
  process.env.E2E_SESSION = join(folder, "session.json");
  let stop = async () => {};
  if (process.env.E2E_URL === undefined || process.env.E2E_SETUP_LINK === undefined) {
    const stack = await startStack();
    process.env.E2E_URL = stack.url;
    process.env.E2E_SETUP_LINK = stack.setup_link;
    stop = stack.stop;
  }
  return async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
