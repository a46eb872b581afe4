import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * A C++ compiler that runs: its name, the architecture it compiles for (as Node names it), and a text that changes whenever its output
 * may. Throws a sentence when there is none.
 */
export async function findCompiler() {
  const candidates = process.env.CXX ? [process.env.CXX] : ["g++", "c++", "clang++"];
  for (const path of candidates) {
    try {
      const { stdout } = await run(path, ["--version"]);
      const { stdout: machine } = await run(path, ["-dumpmachine"]);
      const arch = { aarch64: "arm64", x86_64: "x64" }[machine.split("-")[0]] ?? process.arch;
      return { path, arch, version: `${stdout.split("\n")[0]} ${machine.trim()}` };
    } catch {}
  }
  throw new Error(
    process.env.CXX
      ? `The C++ compiler named by CXX ("${process.env.CXX}") does not run: correct or unset CXX.`
      : "No C++ compiler was found (looked for g++, c++ and clang++): install one, on Debian with `apt-get install g++`.",
  );
}
