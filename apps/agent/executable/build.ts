/**
 * `npm run build:agent`: dist/agent/<platform>/otedama-agent, and beside it build.json (AgentBuild), which says what was built.
 *
 * `-- --out FOLDER` puts it elsewhere, `--version TEXT` says another version than package.json's. `--platform linux-arm64 --node FILE`
 * builds for the other architecture around that Node (of the same version as here) and the addon that a cross compiler made.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { AgentBuild } from "@otedama/shared";
import { bundleAgent } from "./bundle.ts";
import { makeExecutable } from "./executable.ts";

const ROOT = join(import.meta.dirname, "../../..");
const HERE = `${process.platform}-${process.arch}`;
const BUNDLE = "agent.cjs";

/** A sentence, and no stack. */
function refuse(sentence: string): never {
  process.stderr.write(`build:agent: ${sentence}\n`);
  process.exit(1);
}

const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(ROOT, "dist/agent") },
    version: { type: "string" },
    platform: { type: "string", default: HERE },
    node: { type: "string" },
  },
});
const { platform } = values;
const node_here = join(dirname(createRequire(import.meta.url).resolve(`node-${HERE}/package.json`)), "bin/node");
const node = values.node ?? (platform === HERE ? node_here : refuse(`say with --node where the Node for ${platform} lies`));
const addon = join(ROOT, "packages/native/build", platform === HERE ? "" : platform.replace("linux-", ""), "otedama.node");
const version =
  values.version ??
  (JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as { version: string }).version;
for (const part of [node, addon]) {
  if (!existsSync(part))
    refuse(
      `${part} is missing; the addon for another architecture is made by CXX=aarch64-linux-gnu-g++ node packages/native/build.mjs`,
    );
}
if (!readFileSync(node).includes(process.version))
  refuse(`${node} is not Node ${process.version}, which prepares the code for it here`);

const began = performance.now();
const aside = mkdtempSync(join(tmpdir(), "otedama-agent-build-"));
try {
  await bundleAgent(join(aside, BUNDLE));
  const executable = await makeExecutable({ node, node_here, bundle: BUNDLE, addon, version }, aside);
  const sha256 = createHash("sha256").update(executable).digest("hex");
  const build = AgentBuild.safeParse({ version, platform, name: "otedama-agent", bytes: executable.length, sha256 });
  if (!build.success) refuse(`${build.error.issues[0]?.path.join(".")}: ${build.error.issues[0]?.message}`);
  const folder = join(resolve(values.out), platform);
  mkdirSync(folder, { recursive: true });
  replace(join(folder, build.data.name), executable, 0o755);
  replace(join(folder, "build.json"), `${JSON.stringify(build.data, null, 2)}\n`, 0o644);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const size = `${(executable.length / 1e6).toFixed(1)} MB`;
  console.log(`${join(folder, build.data.name)}  ${version}  ${size}  sha256 ${sha256}  (${seconds} s)`);
} finally {
  rmSync(aside, { recursive: true, force: true });
}

/** A build that is killed leaves the last one whole. */
function replace(path: string, content: string | Buffer, mode: number): void {
  const half = `${path}.${process.pid}.tmp`;
  writeFileSync(half, content, { mode });
  renameSync(half, path);
}
