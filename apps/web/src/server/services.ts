import type { WebDatabase } from "@otedama/db/web";
import type { LiveDto, MeDto, WebSettings } from "@otedama/shared";
import type { Logger } from "pino";
import type { PasswordHasher } from "./auth/password.ts";

/** What procedures, REST handlers and pages work with. Made once in main.ts. */
export interface Services {
  readonly settings: WebSettings;
  readonly log: Logger;
  readonly database: WebDatabase;
  readonly passwords: PasswordHasher;
  /** The latest figures from pools and agents, as the hub has them in memory. */
  readonly live: () => LiveDto;
  /** The signed-in person behind a request's cookies; null when there is none. */
  readonly whoIs: (headers: Headers) => Promise<MeDto | null>;
  readonly now: () => number;
}
