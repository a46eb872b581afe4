import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const MODULES = realpathSync(fileURLToPath(new URL("../../../node_modules", import.meta.url)));

let copy: string;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "otedama-native-"));
  for (const name of ["build.mjs", "compiler.mjs", "verify.mjs", "package.json", "src", "vectors", "build"])
    cpSync(join(PACKAGE, name), join(copy, name), { recursive: true, preserveTimestamps: true });
  symlinkSync(MODULES, join(copy, "node_modules"));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

const build = (env: NodeJS.ProcessEnv = process.env) =>
  spawnSync(process.execPath, [join(copy, "build.mjs")], { encoding: "utf8", env });
const addon = () => join(copy, "build/otedama.node");

test("a build of the same sources has nothing to do", () => {
  expect(build().stdout).toContain("up to date");
});

test("a damaged addon is made again from the objects that are there", () => {
  truncateSync(addon(), 1000);
  expect(build().stdout).toContain("native: 0 of");
  expect(build().stdout).toContain("up to date");
});

test("a wrong answer to a known vector leaves the last good addon in place", () => {
  const path = join(copy, "vectors/sha256d.json");
  const vectors = readFileSync(path, "utf8");
  const before = readFileSync(addon());
  writeFileSync(path, vectors.replace("ba7816bf8f01cfea", "ba7816bf8f01cfeb"));
  const result = build();
  expect(result.status).toBe(1);
  expect(result.stderr).toContain('known-answer vector "FIPS 180 "abc"" differs');
  expect(readFileSync(addon()).equals(before)).toBe(true);
  writeFileSync(path, vectors);
  expect(build().status).toBe(0);
});

test("a source that does not compile is named with the compiler's words", () => {
  const broken = join(copy, "src/broken.cc");
  writeFileSync(broken, "int main( {\n");
  const result = build();
  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(/src\/broken\.cc does not compile:\n.*error/s);
  rmSync(broken);
});

test("a missing compiler is one sentence", () => {
  expect(build({ ...process.env, CXX: "no-such-compiler" }).stderr.trim()).toBe(
    'The C++ compiler named by CXX ("no-such-compiler") does not run: correct or unset CXX.',
  );
  expect(build({ PATH: "/nonexistent" }).stderr).toContain("No C++ compiler was found");
});

test("two builds at once both end with a good addon", async () => {
  rmSync(addon());
  rmSync(join(copy, "build/otedama.stamp.json"));
  const shell = `"${process.execPath}" "${join(copy, "build.mjs")}"`;
  execFileSync("sh", ["-c", `${shell} & first=$!; ${shell}; wait $first`]);
  expect(existsSync(addon())).toBe(true);
  expect(build().stdout).toContain("up to date");
});
