import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startStack } from "./stack.ts";

/** Workers inherit what is put into the environment here. */
export default async function globalSetup(): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "otedama-e2e-session-"));
  process.env.E2E_SESSION = join(folder, "session.json");
  let stop = async () => {};
  const { E2E_URL, E2E_SETUP_LINK, E2E_DATABASE_URL } = process.env;
  if (E2E_URL === undefined || E2E_SETUP_LINK === undefined || E2E_DATABASE_URL === undefined) {
    const stack = await startStack();
    process.env.E2E_URL = stack.url;
    process.env.E2E_SETUP_LINK = stack.setup_link;
    process.env.E2E_DATABASE_URL = stack.database_url;
    stop = stack.stop;
  }
  return async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
