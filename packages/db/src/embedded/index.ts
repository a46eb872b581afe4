export { migrate } from "./migrate.ts";
export {
  createDatabase,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  freePort,
  startEmbeddedPostgres,
} from "./server.ts";
export { startTestPostgres, type TestPostgres } from "./testing.ts";
