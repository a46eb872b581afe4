/** The screens: a production build of Next, run inside this process. */
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import type { Pages } from "./http/request_handler.ts";

/** The part of Next that is used here; its own types name its factory differently for each module resolution. */
type CreateNext = (options: { dev: false; dir: string; httpServer: Server }) => {
  prepare(): Promise<void>;
  getRequestHandler(): Pages["handle"];
  close(): Promise<void>;
};

/** Throws a sentence when there is no build. */
export async function openPages(dir: string): Promise<Pages> {
  if (!existsSync(join(dir, ".next", "BUILD_ID"))) {
    throw new Error("The dashboard's screens are not built: run `npm run setup`, which builds them, and start again.");
  }
  // The configuration as it was built, in the variable that Next's own stand-alone servers use: so a start does not compile
  // next.config.ts again, which takes time and says so on the output that is the supervisor's.
  const { config } = JSON.parse(readFileSync(join(dir, ".next", "required-server-files.json"), "utf8")) as { config: unknown };
  process.env.__NEXT_PRIVATE_STANDALONE_CONFIG = JSON.stringify(config);
  const { default: create } = (await import("next")) as unknown as { default: CreateNext };
  // Next listens for upgrades on the server that it is given. It needs none in production, and ours are for the hub and /ws: so it
  // gets a server that nobody connects to.
  const app = create({ dev: false, dir, httpServer: createServer() });
  await app.prepare();
  const handle = app.getRequestHandler();
  return { handle: (request, response) => handle(request, response), close: () => app.close() };
}
