import { join } from "node:path";
import { rolldown } from "rolldown";

const MAIN = join(import.meta.dirname, "../src/main.ts");

/**
 * The agent and everything it imports as one CommonJS file, which is what a single executable runs. Names are kept, so that a stack
 * trace from a rig can be read.
 */
export async function bundleAgent(file: string): Promise<void> {
  const bundle = await rolldown({
    input: MAIN,
    platform: "node",
    transform: { target: "node24" },
    treeshake: {
      // Modules of ours do nothing when they are loaded, but for the addon and main.ts: whole tables that no agent needs stay out.
      moduleSideEffects: (id) => !/\/packages\/(shared|stratum)\//.test(id),
    },
    onLog: (level, log) => {
      // A module that cannot be found would otherwise be left to the rig to look for.
      if (level === "warn" && log.code !== "EVAL") throw new Error(`The agent cannot be bundled: ${log.message}`);
    },
  });
  try {
    await bundle.write({ file, format: "cjs", codeSplitting: false, minify: { compress: true, mangle: false, codegen: false } });
  } finally {
    await bundle.close();
  }
}
