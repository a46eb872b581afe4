import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { APP_MAINS } from "../stack/app_mains.ts";

/** Runs one app in the foreground with the terminal as its own, hands signals on, and resolves with its exit code. */
export function runApp(name: keyof typeof APP_MAINS, settings: { data_dir: string }, words: string[] = []): Promise<number> {
  mkdirSync(settings.data_dir, { recursive: true, mode: 0o700 });
  const file = join(settings.data_dir, `settings.${process.pid}.json`);
  writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
  const command = ["--disable-warning=ExperimentalWarning", APP_MAINS[name], "--settings", file, ...words];
  const child = spawn(process.execPath, command, {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
  });
  // Ctrl-C reaches the app directly; what is sent to this process alone is handed on.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill("SIGTERM"));
  process.on("disconnect", () => child.kill("SIGTERM"));
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", (code, signal) => done(code ?? (signal === "SIGINT" || signal === "SIGTERM" ? 0 : 1)));
  });
}
