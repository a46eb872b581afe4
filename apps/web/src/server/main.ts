/** The control plane: `node apps/web/src/server/main.ts --settings FILE`, a file of `WebSettings` as JSON. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { format, parseArgs } from "node:util";
import { WebSettings } from "@otedama/shared";
import { pino } from "pino";

const APP_DIR = join(import.meta.dirname, "../..");
const STOP_MS = 3_500;

function refuse(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}

function readSettings(): WebSettings {
  let file: string | undefined;
  try {
    file = parseArgs({ options: { settings: { type: "string" } } }).values.settings;
  } catch (error) {
    refuse(`otedama web: ${(error as Error).message}`);
  }
  if (file === undefined) refuse("otedama web: say which settings to use: --settings FILE");
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    refuse(`otedama web: ${file} cannot be read as JSON: ${(error as Error).message}`);
  }
  const parsed = WebSettings.safeParse(content);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  refuse(`otedama web: ${file}: ${issue?.path.join(".") || "settings"}: ${issue?.message ?? "malformed"}`);
}

const settings = readSettings();
// Read by Next and React when they are loaded, which is why they are loaded below and not above.
Object.assign(process.env, { NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" });
const log = pino({ level: settings.log_level, base: { app: "web" } });

// Libraries print what they have to say; standard output is for lines of JSON.
for (const [name, level] of [
  ["log", "debug"],
  ["info", "debug"],
  ["warn", "warn"],
  ["error", "error"],
] as const) {
  console[name] = (...words: unknown[]) => log[level]({ printed: true }, format(...words));
}

let closing: Promise<void> | null = null;
let close: () => Promise<void> = async () => {};
function stop(): void {
  closing ??= (async () => {
    setTimeout(() => process.exit(0), STOP_MS).unref();
    await close().catch((error: unknown) => log.error({ err: error }, "the stop was not clean"));
    process.exit(0);
  })();
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
// Started by the supervisor: without it there is nobody to serve.
if (process.channel) process.on("disconnect", stop);

try {
  const [{ openPages }, { startWeb }] = await Promise.all([import("./pages.ts"), import("./web.ts")]);
  const { version } = JSON.parse(readFileSync(join(APP_DIR, "package.json"), "utf8")) as { version: string };
  const pages = await openPages(APP_DIR);
  const web = await startWeb(settings, { pages, log, version, ssh_agent: process.env.SSH_AUTH_SOCK || null, now: Date.now });
  close = () => web.close();
  process.stdout.write(`${JSON.stringify({ ready: true, app: "web", listen: web.address })}\n`);
} catch (error) {
  if (closing === null) {
    log.debug({ err: error }, "start failed");
    refuse(`otedama web: ${(error as Error).message}`);
  }
}
