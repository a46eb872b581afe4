import { join } from "node:path";

const APPS = join(import.meta.dirname, "../../..");

/** The programs that `node MAIN --settings FILE` runs. */
export const APP_MAINS = {
  web: join(APPS, "web/src/server/main.ts"),
  pool: join(APPS, "pool/src/main.ts"),
  agent: join(APPS, "agent/src/main.ts"),
  signer: join(APPS, "signer/src/main.ts"),
} as const;
