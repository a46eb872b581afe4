/** `npm run build:agent [-- --out FOLDER] [--version TEXT]`: FOLDER/<platform>/otedama-agent, and FOLDER/build.json, which says what was built. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ReleaseVersion } from "@otedama/shared";
import { bundleAgent } from "./bundle.ts";
import { makeExecutable } from "./executable.ts";

const ROOT = join(import.meta.dirname, "../../..");
const ADDON = join(ROOT, "packages/native/build/otedama.node");
const PLATFORM = `${process.platform}-${process.arch}`;

const { values } = parseArgs({
  options: { out: { type: "string", default: join(ROOT, "dist/agent") }, version: { type: "string" } },
});
const out = resolve(values.out);
const version = ReleaseVersion.parse(values.version ?? packageVersion());
if (PLATFORM !== "linux-x64" && PLATFORM !== "linux-arm64")
  throw new Error(`The agent is built for Linux on x64 and arm64, not ${PLATFORM}`);
if (!existsSync(ADDON)) throw new Error("The native addon is not built: run `npm run build:agent`, which builds it first");

const began = performance.now();
const aside = mkdtempSync(join(tmpdir(), "otedama-agent-build-"));
try {
  const bundle = "agent.cjs";
  await bundleAgent(join(aside, bundle));
  const node = join(dirname(createRequire(import.meta.url).resolve(`node-${PLATFORM}/package.json`)), "bin/node");
  const executable = await makeExecutable({ node, node_here: node, bundle, addon: ADDON, version }, aside);
  const file = {
    platform: PLATFORM,
    name: "otedama-agent",
    bytes: executable.length,
    sha256: createHash("sha256").update(executable).digest("hex"),
  };
  mkdirSync(join(out, PLATFORM), { recursive: true });
  replace(join(out, PLATFORM, file.name), executable, 0o755);
  replace(join(out, "build.json"), `${JSON.stringify({ version, files: [file] }, null, 2)}\n`, 0o644);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `${join(out, PLATFORM, file.name)}  ${version}  ${(file.bytes / 1e6).toFixed(1)} MB  sha256 ${file.sha256}  (${seconds} s)`,
  );
} finally {
  rmSync(aside, { recursive: true, force: true });
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as { version: string }).version;
}

/** A build that is killed leaves the last one whole. */
function replace(path: string, content: string | Buffer, mode: number): void {
  const half = `${path}.${process.pid}.tmp`;
  writeFileSync(half, content, { mode });
  renameSync(half, path);
}
