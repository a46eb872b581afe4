import { join } from "node:path";
import { defineConfig } from "prisma/config";

// Prisma's CLI would download a schema engine; ours runs the WebAssembly build of the same version from npm.
process.env.PRISMA_SCHEMA_ENGINE_BINARY = join(import.meta.dirname, "packages/db/bin/schema-engine.mjs");
process.env.CHECKPOINT_DISABLE = "1";

export default defineConfig({
  schema: "prisma/schema",
  migrations: { path: "prisma/migrations" },
  datasource: { url: process.env.DATABASE_URL ?? "postgresql://localhost/otedama" },
});
