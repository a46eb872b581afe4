import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readRolledBack } from "../../src/update/trial.ts";
import { agentScript, Rig } from "./rig.ts";

const SHELLS = ["sh", "bash", "busybox"].filter((name) => spawnSync(name, ["--help"]).error === undefined);
const CONFIRM = 'rm "$prefix/trial"';

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
  rig.put("1-a", agentScript("a"));
});
afterEach(() => rig.remove());

describe("launch, without a trial", () => {
  test("starts what current points to, and hands on how it ended", async () => {
    rig.put("1-a", agentScript("a", 'echo "$*" >"$prefix/args"; exit 7'));
    rig.point("1-a");
    expect(await rig.launch()).toBe(7);
    expect(readFileSync(`${rig.layout.prefix}/args`, "utf8")).toBe("--settings x\n");
  });

  test("is the agent's own process, so that a service manager sees it directly", async () => {
    rig.put("1-a", agentScript("a", 'echo $$ >"$prefix/pid"; exit 0'));
    rig.point("1-a");
    const child = rig.spawnLaunch();
    await once(child, "exit");
    expect(Number(readFileSync(`${rig.layout.prefix}/pid`, "utf8"))).toBe(child.pid);
  });

  test("removes the trial of an update that was killed before the switch", async () => {
    rig.put("2-b", agentScript("b"));
    rig.point("1-a");
    rig.trial("2-b", "1-a");
    await rig.launch();
    expect(rig.ran).toEqual(["a"]);
    expect(rig.onTrial).toBe(false);
  });
});

describe("launch, with a version on trial", () => {
  test.each(SHELLS)("goes back after three starts that ended unconfirmed (%s)", async (shell) => {
    rig.put("2-b", agentScript("b", "exit 3"));
    rig.point("2-b");
    rig.trial("2-b", "1-a");
    for (let start = 0; start < 3; start++) expect(await rig.launch({}, shell)).toBe(3);
    expect(await rig.launch({}, shell)).toBe(0);
    expect(rig.ran).toEqual(["b", "b", "b", "a"]);
    expect(rig.current).toBe("1-a");
    expect(rig.onTrial).toBe(false);
    expect(readRolledBack(rig.layout)).toEqual({
      candidate: "2-b",
      previous: "1-a",
      why: "it ended 3 times without being confirmed",
    });
  });

  test.each(SHELLS)("kills one that hangs, and goes back (%s)", async (shell) => {
    rig.put("2-b", agentScript("b", "trap '' TERM; while :; do sleep 1; done"));
    rig.point("2-b");
    rig.trial("2-b", "1-a");
    expect(await rig.launch({ OTEDAMA_TRIAL_S: "1" }, shell)).toBe(137);
    expect(rig.current).toBe("1-a");
    expect(readRolledBack(rig.layout)?.why).toBe("it was not confirmed within 1 seconds");
    await rig.launch({}, shell);
    expect(rig.ran).toEqual(["b", "a"]);
  });

  test("goes back at once from one that is not there, or cannot be executed", async () => {
    rig.point("2-b");
    rig.trial("2-b", "1-a");
    expect(await rig.launch()).toBe(0);
    expect(rig.ran).toEqual(["a"]);
    expect(rig.current).toBe("1-a");
  });

  test("finds its way back when there is no current at all", async () => {
    rig.point("1-a");
    rmSync(rig.layout.current);
    rig.trial("2-b", "1-a");
    expect(await rig.launch()).toBe(0);
    expect(rig.ran).toEqual(["a"]);
  });

  test("keeps one that confirms itself, however often it is started later", async () => {
    rig.put("2-b", agentScript("b", `[ ! -f "$prefix/trial" ] || ${CONFIRM}; exit 5`));
    rig.point("2-b");
    rig.trial("2-b", "1-a");
    for (let start = 0; start < 5; start++) expect(await rig.launch()).toBe(5);
    expect(rig.current).toBe("2-b");
    expect(existsSync(rig.layout.rolled_back)).toBe(false);
  });

  test("hands SIGTERM on, and waits for the agent to end", async () => {
    rig.put(
      "2-b",
      agentScript("b", `trap 'echo stopped >"$prefix/stopped"; exit 0' TERM; echo up >"$prefix/up"; while :; do sleep 0.1; done`),
    );
    rig.point("2-b");
    rig.trial("2-b", "1-a");
    const child = rig.spawnLaunch();
    await vi.waitUntil(() => existsSync(`${rig.layout.prefix}/up`), { timeout: 20_000 });
    child.kill("SIGTERM");
    expect((await once(child, "exit"))[0]).toBe(0);
    expect(existsSync(`${rig.layout.prefix}/stopped`)).toBe(true);
  });
});

describe("launch, in place of a service manager", () => {
  test("starts the agent again until it is told to stop, over a failed trial", async () => {
    rig.put("1-a", agentScript("a", `trap 'exit 0' TERM; while :; do sleep 0.1; done`));
    rig.put("2-b", agentScript("b", "exit 1"));
    rig.point("2-b");
    rig.trial("2-b", "1-a");
    const child = rig.spawnLaunch({ OTEDAMA_SUPERVISE: "1", OTEDAMA_RESTART_S: "0" });
    await vi.waitUntil(() => rig.ran.includes("a"), { timeout: 40_000 });
    expect(rig.ran).toEqual(["b", "b", "b", "a"]);
    child.kill("SIGTERM");
    expect((await once(child, "exit"))[0]).toBe(0);
  });
});
