import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { findCompiler } from "../../packages/native/compiler.mjs";
import { contentHash, quietly, ROOT, stamp, step, Trouble } from "./step.mjs";

const GB = 1024 ** 3;

/** The Node that the packages bring, which everything but this bootstrap runs under. */
export const NODE = join(ROOT, "node_modules/.bin/node");

/** Environment of the repository's own programs: its Node first, no telemetry. */
export function toolEnvironment() {
  return {
    PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH ?? ""}`,
    NEXT_TELEMETRY_DISABLED: "1",
    TURBO_TELEMETRY_DISABLED: "1",
    CHECKPOINT_DISABLE: "1",
    PRISMA_HIDE_UPDATE_MESSAGE: "1",
  };
}

/** npm as it was started, else the one on the PATH. */
function npm() {
  const { npm_execpath } = process.env;
  if (npm_execpath && /npm-cli\.[cm]?js$/.test(npm_execpath)) return { command: process.execPath, args: [npm_execpath] };
  if (spawnSync("npm", ["--version"], { stdio: "ignore" }).status !== 0) {
    throw new Trouble("npm was not found: install it, on Debian with `apt-get install npm`");
  }
  return { command: "npm", args: [] };
}

/**
 * What the lockfile names and node_modules lacks; null when there is no telling. npm writes its own list of what it installed as its
 * last act, so half an install has none, or an old one.
 */
function missingPackages() {
  const installed = join(ROOT, "node_modules/.package-lock.json");
  if (!existsSync(installed)) return null;
  try {
    const wanted = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")).packages;
    const present = JSON.parse(readFileSync(installed, "utf8")).packages;
    return Object.entries(wanted).flatMap(([path, { version, link, optional, devOptional, peer, extraneous }]) => {
      if (!path.includes("node_modules/") || link || peer || extraneous) return [];
      const have = present[path];
      if (!have) return optional || devOptional ? [] : [path];
      // A workspace's own folder may be missing on its own: it is not below the one that npm clears.
      return have.version === version && (path.startsWith("node_modules/") || existsSync(join(ROOT, path))) ? [] : [path];
    });
  } catch {
    return null;
  }
}

const packagesMatch = () => missingPackages()?.length === 0 && existsSync(NODE);

function clearPackages() {
  const workspaces = ["apps", "packages"].flatMap((group) => readdirSync(join(ROOT, group)).map((name) => join(group, name)));
  for (const at of ["", ...workspaces]) rmSync(join(ROOT, at, "node_modules"), { recursive: true, force: true });
}

export async function installPackages() {
  await step("packages", async (show) => {
    if (packagesMatch()) return null;
    const { bavail, bsize } = statfsSync(ROOT);
    if (bavail * bsize < 2.5 * GB) {
      throw new Trouble(
        `The disk is too full: ${ROOT} has ${((bavail * bsize) / GB).toFixed(1)} GB left, and packages and builds need 2.5`,
      );
    }
    // Asked for here, not a minute later when it is needed.
    await findCompiler().catch((error) => {
      throw new Trouble(error.message);
    });
    show("installing (once, about a minute)");
    const { command, args } = npm();
    // Half an install is begun anew. `npm ci` would be that too, but refuses a lockfile without the other platforms' binaries.
    if (!existsSync(join(ROOT, "node_modules/.package-lock.json"))) clearPackages();
    await quietly(command, [...args, "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"], {
      trouble: (written) =>
        /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|network/i.test(written)
          ? "The package registry could not be reached: check the network or npm's `registry` setting and start again"
          : "The packages could not be installed",
    });
    const missing = missingPackages();
    if (missing === null || missing.length > 0) {
      throw new Trouble(
        `npm left out ${missing?.length ?? "all"} packages (${missing?.[0] ?? "node_modules"}, …): remove node_modules and start again`,
      );
    }
    if (!existsSync(NODE)) {
      throw new Trouble(
        `There is no Node 24 package for ${process.platform} ${process.arch}: Otedama runs on Linux x64 and arm64`,
      );
    }
    return "installed";
  });
}

export async function buildNative() {
  await step("native", async (show) => {
    const hash = contentHash(
      [
        "packages/native/src",
        "packages/native/build.mjs",
        "packages/native/compiler.mjs",
        "packages/native/verify.mjs",
        "packages/native/vectors",
      ],
      process.arch,
    );
    const built = stamp("packages/native/build/.bootstrap");
    if (built.is(hash) && existsSync(join(ROOT, "packages/native/build/otedama.node"))) return null;
    show("compiling (once)");
    await quietly(NODE, ["packages/native/build.mjs"], {
      env: toolEnvironment(),
      trouble: (written) =>
        written.split("\n").findLast((line) => line.startsWith("No C++ compiler")) ?? "The native part could not be compiled",
    });
    built.write(hash);
    return "compiled, known answers right";
  });
}

export async function generateClient() {
  await step("database", async () => {
    const hash = contentHash(["prisma/schema", "packages/db/package.json", "packages/db/bin"]);
    const generated = stamp("packages/db/src/generated/.bootstrap");
    if (generated.is(hash)) return null;
    rmSync(join(ROOT, "packages/db/src/generated"), { recursive: true, force: true });
    await quietly(join(ROOT, "node_modules/.bin/prisma"), ["generate"], {
      env: toolEnvironment(),
      trouble: () => "The database client could not be generated",
    });
    generated.write(hash);
    return "client generated";
  });
}

export async function buildDashboard() {
  await step("dashboard", async (show) => {
    if (!existsSync(join(ROOT, "apps/web/src/app"))) return null;
    const hash = contentHash(["apps/web", "packages/shared/src", "packages/db/src", "package-lock.json"]);
    const built = stamp("apps/web/.next/.bootstrap");
    if (built.is(hash)) return null;
    show("building (once, about a minute)");
    // What an interrupted or older build left would only be in the way; its cache may stay.
    await quietly(join(ROOT, "node_modules/.bin/next"), ["build"], {
      cwd: join(ROOT, "apps/web"),
      env: { ...toolEnvironment(), NODE_ENV: "production" },
      trouble: () => "The dashboard could not be built",
    });
    built.write(hash);
    return "built";
  });
}
