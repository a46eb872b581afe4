/** Draws docs/architecture/vardiff.svg anew. A test of packages/native compares the two. */
import { writeFileSync } from "node:fs";
import { vardiffPlot } from "../../packages/native/bench/vardiff_plot.ts";

writeFileSync(new URL("../../docs/architecture/vardiff.svg", import.meta.url), vardiffPlot());
