import { spawn } from "node:child_process";
import { ROOT } from "./step.mjs";
import { NODE, toolEnvironment } from "./steps.mjs";

/**
 * Runs a program under the repository's Node with the terminal as its own. It gets an IPC channel, whose end tells it that this
 * process is gone. Ctrl-C in a terminal reaches it directly; other signals are handed on. Resolves with its exit code.
 */
export function handOver(args, { cwd = process.cwd(), env = {} } = {}) {
  const child = spawn(NODE, args, {
    cwd,
    env: { ...process.env, ...toolEnvironment(), ...env },
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  // Without a terminal nobody else passes an interrupt on.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", (code, signal) => done(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}

export const CLI = `${ROOT}/apps/cli/src/main.ts`;
