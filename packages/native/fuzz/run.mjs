/**
 * Builds and runs the fuzzers: `node packages/native/fuzz/run.mjs [session|parser] [INPUTS|minimise] [RANDOM_SEED]`.
 *
 * They begin with the seeds, which a person can read, and with what earlier runs found: corpus/TARGET.base64, one input a line. After a
 * long run, `minimise` (clang only) puts the fewest and shortest inputs there that still reach everything.
 * With clang they are libFuzzer targets under address and undefined-behaviour sanitizers; with g++ alone the same targets run under the
 * same sanitizers, driven by a seeded mutator. Ends with the fuzzer's own exit code.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const FUZZ = dirname(fileURLToPath(import.meta.url));
const SRC = join(FUZZ, "..", "src");
const BUILD = join(FUZZ, "..", "build", "fuzz");
const ISA = { _sse41: ["-msse4.1"], _sse42: ["-msse4.2"], _avx2: ["-mavx2"], _sha_ni: ["-msha", "-msse4.1"] };
ISA._avx512 = ["-mavx512f", "-mavx512bw", "-mavx512vl"];

const [target = "session", inputs = "1000000", seed = "1"] = process.argv.slice(2);

function has(compiler) {
  return spawnSync(compiler, ["--version"]).status === 0;
}

function run(command, args, options = {}) {
  const { status } = spawnSync(command, args, { stdio: "inherit", ...options });
  if (status !== 0) process.exit(status ?? 1);
}

const clang = has("clang++");
const compiler = clang ? "clang++" : "g++";
if (!clang && !has("g++")) {
  console.error("Neither clang++ nor g++ was found: install one to fuzz.");
  process.exit(1);
}
const flags = ["-std=c++20", "-O1", "-g", "-pthread", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", `-I${SRC}`];

const sources = ["stratum", "stratum/methods", "share_log", "vardiff", "sha256"].flatMap((folder) =>
  readdirSync(join(SRC, folder))
    .filter((name) => name.endsWith(".cc") && !name.includes("addon") && !name.startsWith("init_"))
    .map((name) => join(SRC, folder, name)),
);
mkdirSync(BUILD, { recursive: true });
const newest = Math.max(...sources.map((path) => statSync(path).mtimeMs));
const objects = sources.map((source) => {
  const object = join(BUILD, `${compiler}-${source.slice(SRC.length + 1).replaceAll("/", "_")}.o`);
  const isa = Object.entries(ISA).find(([suffix]) => source.endsWith(`${suffix}.cc`))?.[1] ?? [];
  const instrument = clang ? ["-fsanitize=fuzzer-no-link"] : [];
  if (!existsSync(object) || statSync(object).mtimeMs < newest) {
    run(compiler, [...flags, ...isa, ...instrument, "-c", source, "-o", object]);
  }
  return object;
});
const binary = join(BUILD, `${target}_fuzz`);
const driver = clang ? ["-fsanitize=fuzzer"] : [join(FUZZ, "mutation_driver.cc")];
run(compiler, [...flags, join(FUZZ, `${target}_fuzz.cc`), ...driver, ...objects, "-o", binary]);

const corpus = join(BUILD, `${target}_corpus`);
const found = join(FUZZ, "corpus", `${target}.base64`);
const INPUT_BYTES_MAX = { parser: 600, session: 400 };

mkdirSync(corpus, { recursive: true });
cpSync(join(FUZZ, "seeds"), corpus, { recursive: true });
for (const line of existsSync(found) ? readFileSync(found, "utf8").trim().split("\n") : []) {
  writeFileSync(join(corpus, createHash("sha1").update(line).digest("hex")), Buffer.from(line, "base64"));
}
if (inputs === "minimise") {
  const fewest = join(BUILD, `${target}_fewest`);
  rmSync(fewest, { recursive: true, force: true });
  mkdirSync(fewest);
  run(binary, ["-set_cover_merge=1", `-max_len=${INPUT_BYTES_MAX[target]}`, fewest, corpus]);
  const lines = readdirSync(fewest).map((name) => readFileSync(join(fewest, name)).toString("base64"));
  mkdirSync(dirname(found), { recursive: true });
  writeFileSync(found, `${lines.sort().join("\n")}\n`);
} else if (clang) {
  run(binary, [corpus, `-runs=${inputs}`, `-seed=${seed}`, "-max_len=4096", "-rss_limit_mb=1024"]);
} else {
  run(binary, [corpus, inputs, seed]);
}
