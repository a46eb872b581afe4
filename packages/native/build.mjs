/**
 * Builds build/otedama.node from src/**.cc with the system's C++ compiler and the headers of the node-addon-api and
 * node-api-headers packages: no node-gyp, no make, no download. Runs under any Node >= 18.
 *
 * A file's name says which instructions it may use (`batch_avx2.cc`), everything else is compiled for the architecture's
 * baseline, so that one build runs on every machine and picks its kernels there. Objects are named by the hash of all that
 * went into them (and of nothing else: a moved checkout keeps them), and every result is written aside and renamed: two builds at once, or one that was killed, do no harm.
 * The linked addon must pass the known-answer vectors before it takes the place of the last one.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findCompiler } from "./compiler.mjs";

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const ROOT = dirname(fileURLToPath(import.meta.url));
const SRC = join(ROOT, "src");
const BUILD = join(ROOT, "build");
const OBJECTS = join(BUILD, "obj");
/** A cross compiler's (`CXX=aarch64-linux-gnu-g++`) lies in a folder of its own: build/arm64/otedama.node. */
const folderFor = (arch) => (arch === process.arch ? BUILD : join(BUILD, arch));
const addonFor = (arch) => join(folderFor(arch), "otedama.node");
const stampFor = (arch) => join(folderFor(arch), "otedama.stamp.json");
const OBJECT_KEPT_MS = 24 * 3600 * 1000;

const BASE_FLAGS = [
  "-std=c++20",
  "-O3",
  "-g0",
  "-fPIC",
  "-fvisibility=hidden",
  "-fno-plt",
  // The kernels' sums are written in the order that keeps the longest chain of waiting short; GCC would sort them anew.
  "-fno-tree-reassoc",
  "-pthread",
  "-Wall",
  "-Wextra",
  "-DNAPI_VERSION=8",
  "-DNODE_ADDON_API_CPP_EXCEPTIONS",
  "-DNODE_ADDON_API_DISABLE_DEPRECATED",
];

/** Instruction sets by file suffix; a file with one of these is left out on other architectures. */
const ISA_FLAGS = {
  x64: {
    _sse41: ["-msse4.1"],
    _sse42: ["-msse4.2"],
    _avx2: ["-mavx2"],
    _avx512: ["-mavx512f", "-mavx512bw", "-mavx512vl", "-mprefer-vector-width=512"],
    _sha_ni: ["-msha", "-msse4.1"],
  },
};

class BuildError extends Error {}

function filesUnder(folder, extensions) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesUnder(path, extensions);
      return extensions.includes(extname(entry.name)) ? [path] : [];
    })
    .sort();
}

/** The folder and version of a header package. */
function headerPackage(name, folder) {
  let manifest;
  try {
    manifest = require.resolve(`${name}/package.json`);
  } catch {
    throw new BuildError(`The package ${name} is not installed: run \`npm ci\` in the repository's root.`);
  }
  return { include: join(dirname(manifest), folder), version: JSON.parse(readFileSync(manifest, "utf8")).version };
}

function isaOf(source) {
  const suffixes = Object.values(ISA_FLAGS).flatMap((flags) => Object.keys(flags));
  return suffixes.find((suffix) => basename(source, ".cc").endsWith(suffix)) ?? null;
}

/** A source and everything of ours that it includes, so that touching a header rebuilds only what uses it. */
function closure(source, seen = new Map()) {
  if (seen.has(source)) return seen;
  const text = readFileSync(source, "utf8");
  seen.set(source, text);
  for (const [, name] of text.matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)) {
    const found = [resolve(dirname(source), name), join(SRC, name)].find((path) => existsSync(path));
    if (found) closure(found, seen);
  }
  return seen;
}

function hash(...parts) {
  const digest = createHash("sha256");
  for (const part of parts) digest.update(`${part.length}:`).update(part);
  return digest.digest("hex");
}

function planObjects(compiler, flags) {
  const isa = ISA_FLAGS[compiler.arch] ?? {};
  return filesUnder(SRC, [".cc"]).flatMap((source) => {
    const suffix = isaOf(source);
    if (suffix && !isa[suffix]) return [];
    const all_flags = suffix ? [...flags.options, ...isa[suffix]] : flags.options;
    const inputs = [...closure(source)].flatMap(([path, text]) => [relative(SRC, path), text]);
    const name = relative(SRC, source).replace(/[^\w]+/g, "_");
    const object = join(OBJECTS, `${name}-${hash(compiler.version, flags.key, all_flags.join(" "), ...inputs).slice(0, 24)}.o`);
    return [{ source, object, flags: [...all_flags, ...flags.includes] }];
  });
}

async function compileAll(compiler, units) {
  const missing = units.filter((unit) => !existsSync(unit.object));
  const queue = [...missing];
  async function worker() {
    for (let unit = queue.shift(); unit; unit = queue.shift()) {
      const aside = `${unit.object}.${process.pid}.tmp`;
      try {
        const { stderr } = await run(compiler.path, [...unit.flags, "-c", relative(ROOT, unit.source), "-o", aside], {
          cwd: ROOT,
          maxBuffer: 1 << 26,
        });
        if (stderr) process.stderr.write(stderr);
      } catch (error) {
        queue.length = 0;
        rmSync(aside, { force: true });
        throw new BuildError(`${relative(ROOT, unit.source)} does not compile:\n${error.stderr || error.message}`);
      }
      renameSync(aside, unit.object);
    }
  }
  const results = await Promise.allSettled(Array.from({ length: Math.min(4, cpus().length || 1) }, worker));
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
  return missing.length;
}

/** The pinned Node 24 of the repository, else the Node that runs this file. */
function nodeForVerify() {
  for (const name of [`node-${process.platform}-${process.arch}`, "node"]) {
    try {
      const path = join(dirname(require.resolve(`${name}/package.json`)), "bin", "node");
      if (existsSync(path)) return path;
    } catch {}
  }
  return process.execPath;
}

async function link(compiler, units) {
  const addon = addonFor(compiler.arch);
  const aside = `${addon}.${process.pid}.tmp`;
  const options = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : ["-Wl,--gc-sections", "-Wl,-z,now"];
  try {
    await run(compiler.path, ["-shared", "-pthread", ...options, ...units.map((unit) => unit.object), "-o", aside]);
    // Another architecture's answers are known only there.
    const { stdout } =
      compiler.arch === process.arch
        ? await run(nodeForVerify(), [join(ROOT, "verify.mjs"), aside])
        : { stdout: `linked for ${compiler.arch}, not verified here` };
    renameSync(aside, addon);
    return stdout.trim();
  } catch (error) {
    throw new BuildError(`The native addon was not replaced: ${error.stderr || error.stdout || error.message}`);
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Objects that no source needs any more go after a day (another checkout state may come back to them). */
function sweepObjects(units) {
  const kept = new Set(units.map((unit) => unit.object));
  const now = new Date();
  for (const path of kept) utimesSync(path, now, now);
  for (const name of readdirSync(OBJECTS)) {
    const path = join(OBJECTS, name);
    const age_ms = now.getTime() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now.getTime());
    if (!kept.has(path) && age_ms > OBJECT_KEPT_MS) rmSync(path, { force: true });
  }
}

/** Whether the addon on disk is the verified result of exactly these inputs. */
function isCurrent(key, arch) {
  try {
    const stamp = JSON.parse(readFileSync(stampFor(arch), "utf8"));
    return stamp.key === key && stamp.addon === hash(readFileSync(addonFor(arch)));
  } catch {
    return false;
  }
}

async function build() {
  const started = Date.now();
  const compiler = await findCompiler().catch((error) => {
    throw new BuildError(error.message);
  });
  const addon_api = headerPackage("node-addon-api", ".");
  const node_api = headerPackage("node-api-headers", "include");
  const flags = {
    options: [...BASE_FLAGS, ...(compiler.arch === "x64" ? ["-march=x86-64", "-mtune=generic"] : []), "-Isrc"],
    includes: [`-isystem${addon_api.include}`, `-isystem${node_api.include}`],
    key: `${addon_api.version} ${node_api.version}`,
  };
  for (const folder of [OBJECTS, folderFor(compiler.arch)]) mkdirSync(folder, { recursive: true });
  const units = planObjects(compiler, flags);
  const vectors = filesUnder(join(ROOT, "vectors"), [".json"]).map((path) => readFileSync(path, "utf8"));
  const key = hash(...units.map((unit) => basename(unit.object)), readFileSync(join(ROOT, "verify.mjs"), "utf8"), ...vectors);
  if (isCurrent(key, compiler.arch)) {
    console.log(`native: up to date (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    return;
  }
  const compiled = await compileAll(compiler, units);
  const verified = await link(compiler, units);
  const stamp = stampFor(compiler.arch);
  const aside = `${stamp}.${process.pid}.tmp`;
  writeFileSync(aside, JSON.stringify({ key, addon: hash(readFileSync(addonFor(compiler.arch))) }));
  renameSync(aside, stamp);
  sweepObjects(units);
  console.log(
    `native: ${compiled} of ${units.length} files compiled, ${verified} (${((Date.now() - started) / 1000).toFixed(1)} s)`,
  );
}

build().catch((error) => {
  console.error(error instanceof BuildError ? error.message : error);
  process.exitCode = 1;
});
