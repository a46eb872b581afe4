// Steps of a first start, in plain JavaScript: this runs before anything is installed.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** Something that a person can put right; its message is one sentence that says how. */
export class Trouble extends Error {
  sentence = true;
}

/** Prints the step's name at once and its outcome and time when it is over. A step that answers null had nothing to do. */
export async function step(name, work) {
  const began = performance.now();
  let shown = false;
  const show = (doing) => {
    shown = true;
    process.stdout.write(`  ${name.padEnd(12)} ${doing} …${process.stdout.isTTY ? "" : "\n"}`);
  };
  const said = await work(show);
  if (said === null) return;
  const line = `  ${name.padEnd(12)} ${said.padEnd(56)} ${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s`;
  process.stdout.write(`${shown && process.stdout.isTTY ? "\r" : ""}${line}\n`);
}

/** Ways of being told to stop; the last one is the end of the process that this one was started by. */
const STOP_EVENTS = ["SIGINT", "SIGTERM", "SIGHUP", "disconnect"];

/** Runs a program to its end; what it writes is kept back and shown when it fails. */
export function quietly(command, args, { cwd = ROOT, env = {}, trouble }) {
  return new Promise((done, fail) => {
    // A process group of its own: what it starts in its turn ends with it.
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const stop = () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {}
      process.exit(130);
    };
    for (const event of STOP_EVENTS) process.on(event, stop);
    let written = "";
    const keep = (chunk) => {
      written = (written + chunk).slice(-200_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", (error) => fail(new Trouble(`${command} could not be started: ${error.message}`)));
    child.once("close", (code, signal) => {
      for (const event of STOP_EVENTS) process.off(event, stop);
      if (code === 0) return done(written);
      if (/ENOSPC|No space left on device/.test(written)) {
        return fail(
          new Trouble(`The disk is full: ${ROOT} needs about 2.5 GB for packages and builds. Free some space and start again`),
        );
      }
      process.stderr.write(`\n${excerpt(written)}\n`);
      fail(new Trouble(`\n${trouble(written)} (${signal ? `ended by ${signal}` : `code ${code}`}; its own words are above)`));
    });
  });
}

/** Compilers say what matters first, package managers last. */
function excerpt(written) {
  const lines = written
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith("npm warn"));
  return lines.length <= 40 ? lines.join("\n") : [...lines.slice(0, 20), "…", ...lines.slice(-15)].join("\n");
}

/** SHA-256 over names and contents of all files below the given paths, build results and packages left out. */
export function contentHash(paths, extra = "") {
  const hash = createHash("sha256").update(extra);
  const walk = (path) => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) {
        if (
          ![
            "node_modules",
            "build",
            ".next",
            "generated",
            ".turbo",
            "test",
            "e2e",
            "next-env.d.ts",
            "tsconfig.tsbuildinfo",
          ].includes(name)
        )
          walk(join(path, name));
      }
    } else {
      const content = readFileSync(path);
      hash.update(`${relative(ROOT, path)}\0${content.length}\0`).update(content);
    }
  };
  for (const path of paths) walk(join(ROOT, path));
  return hash.digest("hex");
}

/** A file that says what a result was made from; written last, so an interrupted step is done again. */
export function stamp(path) {
  const file = join(ROOT, path);
  return {
    is: (hash) => existsSync(file) && readFileSync(file, "utf8") === hash,
    write: (hash) => {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, hash);
    },
  };
}
