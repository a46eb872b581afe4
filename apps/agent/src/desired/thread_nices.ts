import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Nice values of this process's mining threads, as the system has them (proc(5), field 19 of stat); null where there is no /proc. */
export function threadNices(tasks = "/proc/self/task"): number[] | null {
  let ids: string[];
  try {
    ids = readdirSync(tasks);
  } catch {
    return null;
  }
  return ids.flatMap((id) => {
    try {
      const stat = readFileSync(join(tasks, id, "stat"), "utf8");
      // The name in parentheses may hold anything, so the fields are counted from behind it.
      const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
      const nice = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
      return name.startsWith("mine-") && Number.isInteger(nice) ? [nice] : [];
    } catch {
      // The thread ended between the two looks.
      return [];
    }
  });
}
