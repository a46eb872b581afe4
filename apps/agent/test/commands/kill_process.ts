/**
 * A process with a journal and a runner that ends itself by SIGKILL just before the Nth touch of the disk: `node kill_process.ts FOLDER N`.
 * What a command does is to add a line to `effects`. It prints `acknowledged` when the order was taken, and `end` when nobody stopped it.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { type Disk, REAL_DISK } from "../../src/files/atomic_file.ts";
import { COMMAND, effectKinds, openRunner } from "./runner_kit.ts";

const [folder = "", nth = "0"] = process.argv.slice(2);
let touches = 0;

const disk = Object.fromEntries(
  Object.entries(REAL_DISK).map(([name, call]) => [
    name,
    (...args: unknown[]) => {
      touches += 1;
      if (touches === Number(nth)) process.kill(process.pid, "SIGKILL");
      return (call as (...args: unknown[]) => unknown)(...args);
    },
  ]),
) as unknown as Disk;

const act = () => {
  appendFileSync(join(folder, "effects"), "done\n");
  // As if a kill hit between what was done and what is said of it: the journal's own touches are counted on.
  disk.closeSync(disk.openSync(join(folder, "effects"), "r"));
};
const { runner, finished } = openRunner(folder, { disk, run: "first", kinds: effectKinds(act) });
if (runner.offer(COMMAND) === null) process.stdout.write("acknowledged\n");
await finished;
for (let item = runner.waiting(); item !== null; item = runner.waiting()) item.stored();
process.stdout.write("end\n");
