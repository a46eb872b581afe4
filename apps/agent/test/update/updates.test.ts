import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type InstallDisk, REAL_INSTALL_DISK } from "../../src/update/disk.ts";
import { HubFetch } from "../../src/update/fetch.ts";
import { checkRoom, downloadPath } from "../../src/update/install.ts";
import { Layout } from "../../src/update/layout.ts";
import type { Health } from "../../src/update/trial_watch.ts";
import { type UpdateOutcome, Updates, type UpdatesOptions } from "../../src/update/updates.ts";
import { ReleaseServer } from "./release_server.ts";
import { agentScript, Rig } from "./rig.ts";

const COMMAND = { id: "00000000-0000-4000-8000-000000000009", body: { release_number: 2 } };
const WELL: Health = { connected: true, mining: true, should_mine: true, text: "" };

let server: ReleaseServer;
let rig: Rig;
let health: Health;
beforeEach(async () => {
  server = await new ReleaseServer().listen();
  rig = new Rig();
  rig.put("1-a", agentScript("a"));
  rig.point("1-a");
  health = WELL;
});
afterEach(async () => {
  await server.close();
  rig.remove();
});

const fetcher = (url = server.url) =>
  new HubFetch(
    { hub_url: url, agent_id: server.agent_id, silence_ms: 20_000 },
    { sign: server.signAsAgent, now_ms: () => 1_700_000_000_000 },
  );

interface Running {
  updates: Updates;
  /** Ends when the process would. */
  ended: Promise<"restart">;
  events: string[];
}

/** The agent's process, as far as updates go. */
function running(
  number: number,
  version: string,
  options: Partial<UpdatesOptions> = {},
  disk: InstallDisk = REAL_INSTALL_DISK,
): Running {
  const events: string[] = [];
  let end: (how: "restart") => void;
  const ended = new Promise<"restart">((resolve) => (end = resolve));
  const updates = new Updates(
    {
      layout: rig.layout,
      own: { number, version },
      platform: "linux-x64",
      control_key: server.control_key,
      supervised: true,
      download: { first_wait_ms: 1, wait_ms_max: 5, attempts_max: 4 },
      trial: { within_ms: 200, hold_ms: 20, interval_ms: 5 },
      ...options,
    },
    {
      fetch: fetcher(),
      health: () => health,
      restart: () => end("restart"),
      onEvent: (severity, text) => events.push(`${severity}: ${text}`),
      random: () => 0.5,
      now_ms: () => performance.now(),
      disk,
    },
  );
  return { updates, ended, events };
}

const run = ({ updates, ended }: Running, signal = new AbortController().signal): Promise<UpdateOutcome | "restart"> =>
  Promise.race([updates.run(COMMAND, signal), ended]);

describe("an update", () => {
  test("is fetched, verified, put on trial, confirmed and proved", async () => {
    const content = agentScript("b");
    server.publish(2, "b", content);
    expect(await run(running(1, "a"))).toBe("restart");
    expect(rig.current).toBe("2-b");
    expect(readFileSync(rig.layout.executable("2-b"))).toEqual(content);
    expect(rig.onTrial).toBe(true);

    const next = running(2, "b");
    next.updates.start();
    expect(await next.updates.recover(COMMAND, new AbortController().signal)).toMatchObject({
      state: "proved",
      message: "Release 2 (b) runs, and was connected and mining as it should be.",
      evidence: { running_release: 2, running_version: "b" },
    });
    expect(rig.onTrial).toBe(false);
    // And the versions that are kept are the two that ran.
    expect(readdirSync(rig.layout.versions).sort()).toEqual(["1-a", "2-b"]);
  });

  test("is followed by the next one, asked of the process that was on trial", async () => {
    server.publish(2, "b", agentScript("b"));
    await run(running(1, "a"));
    const next = running(2, "b");
    next.updates.start();
    await next.updates.recover(COMMAND, new AbortController().signal);
    server.publish(3, "c", agentScript("c"));
    const third = { ...COMMAND, body: { release_number: 3 } };
    expect(await Promise.race([next.updates.run(third, new AbortController().signal), next.ended])).toBe("restart");
    expect(rig.current).toBe("3-c");
  });

  test("is refused while another one is on trial, and taken after one that was killed before the switch", async () => {
    server.publish(2, "b", agentScript("b"));
    rig.put("2-b", agentScript("b"));
    rig.trial("2-b", "1-a");
    expect(await run(running(1, "a"))).toBe("restart");
    server.publish(3, "c", agentScript("c"));
    const on_trial = running(2, "b");
    const third = { ...COMMAND, body: { release_number: 3 } };
    expect(await on_trial.updates.run(third, new AbortController().signal)).toMatchObject({
      state: "failed",
      message: "Not updated: another update is not finished yet.",
    });
  });

  test("keeps the executable and the version before it, and nothing else", async () => {
    rig.put("0-old", agentScript("old"));
    writeFileSync(downloadPath(rig.layout, "00"), "half");
    server.publish(2, "b", agentScript("b"));
    await run(running(1, "a"));
    const next = running(2, "b");
    next.updates.start();
    await next.updates.recover(COMMAND, new AbortController().signal);
    expect(readdirSync(rig.layout.versions).sort()).toEqual(["1-a", "2-b"]);
  });

  test("that is not well in time puts the version before it back, and that one says so", async () => {
    server.publish(2, "b", agentScript("b"));
    await run(running(1, "a"));
    health = { ...WELL, mining: false, text: "the pool refuses the user" };
    const next = running(2, "b");
    next.updates.start();
    expect(await next.ended).toBe("restart");
    expect(rig.current).toBe("1-a");
    expect(rig.onTrial).toBe(false);
    expect(next.events.at(-1)).toMatch(/^error: 2-b is given up, it was not mining within 0 s: the pool refuses the user/);
    const back = running(1, "a");
    back.updates.start();
    expect(await back.updates.recover(COMMAND, new AbortController().signal)).toMatchObject({
      state: "failed",
      message: expect.stringContaining("the pool refuses the user; 1-a runs again"),
      evidence: { step: "trial", running_release: 1 },
    });
  });

  test("is not asked to mine where the version before it did not, or nothing is to be mined", async () => {
    for (const [before, now] of [
      [
        { ...WELL, mining: false },
        { ...WELL, mining: false },
      ],
      [WELL, { ...WELL, mining: false, should_mine: false }],
    ] as const) {
      rig.point("1-a");
      health = before;
      server.publish(2, "b", agentScript("b"));
      await run(running(1, "a"));
      health = now;
      const next = running(2, "b");
      next.updates.start();
      expect((await next.updates.recover(COMMAND, new AbortController().signal)).state).toBe("proved");
    }
  });

  test("to what runs already is proved at once", async () => {
    expect(await run(running(2, "b"))).toMatchObject({ state: "proved", message: "Release 2 runs already." });
  });
});

describe("an update is refused, and what runs stays,", () => {
  const refused = async (words: string | RegExp, running_ = running(1, "a")) => {
    expect(await run(running_)).toMatchObject({ state: "failed", message: expect.stringMatching(words) });
    expect(rig.current).toBe("1-a");
    expect(rig.onTrial).toBe(false);
    expect(
      readdirSync(rig.layout.versions).filter((name) => name.startsWith("2-") && existsSync(rig.layout.executable(name))),
    ).toEqual([]);
  };

  test("when another key signed the manifest", async () => {
    server.publish(2, "b", agentScript("b"), () => {}, generateKeyPairSync("ed25519").privateKey);
    await refused("not signed by the control key that this agent pinned");
    expect(server.ranges).toEqual([]);
  });

  test("when the manifest was changed after it was signed", async () => {
    server.publish(2, "b", agentScript("b"));
    const { payload, signature } = server.manifests.get(2) as { payload: string; signature: string };
    server.manifests.set(2, { payload: payload.replace('"b"', '"c"'), signature });
    await refused("not signed by the control key");
  });

  test("when an older manifest is sent for it", async () => {
    server.publish(1, "a", agentScript("a"));
    server.manifests.set(2, server.manifests.get(1) as { payload: string; signature: string });
    await refused("the signed manifest is that of release 1, not of 2");
  });

  test("when it goes back", async () => {
    const later = running(3, "c");
    expect(await run(later)).toMatchObject({
      state: "failed",
      message: expect.stringContaining("release 2 is older than 3, which runs"),
    });
  });

  test("when the file is not the one that was signed, which is then fetched anew", async () => {
    const content = agentScript("b");
    server.publish(2, "b", content);
    const [sha256] = server.files.keys();
    server.files.set(sha256 as string, Buffer.from(content.toString().replace("exit 0", "exit 1")));
    await refused("not the file that was signed");
    server.files.set(sha256 as string, content);
    expect(await run(running(1, "a"))).toBe("restart");
  });

  test("when it has no file for this platform", async () => {
    server.publish(2, "b", agentScript("b"));
    await refused("no file for linux-arm64, only for linux-x64", running(1, "a", { platform: "linux-arm64" }));
  });

  test.each([
    [
      "does not run",
      Buffer.from("#!/bin/sh\necho no such library >&2; exit 127\n"),
      "does not run on this machine: no such library",
    ],
    ["is no program", Buffer.from("\0\0\0"), /does not run on this machine|says that it is version/],
    ["is another version", agentScript("x"), "says that it is version x, signed is b"],
  ])("when it %s", async (_, content, words) => {
    server.publish(2, "b", content);
    expect(await run(running(1, "a"))).toMatchObject({ state: "failed", message: expect.stringMatching(words) });
    expect(rig.current).toBe("1-a");
  });

  test("when the disk has no room for it", () => {
    expect(() => checkRoom(rig.layout, { bytes: 1 }, 1e15)).toThrow(/the disk is too full: .* MB left, 1000000000 are needed/);
    expect(() => checkRoom(rig.layout, { bytes: 1 }, 0)).not.toThrow();
  });

  test("where nothing would start it again, and where it is no install", async () => {
    server.publish(2, "b", agentScript("b"));
    await refused("nothing would start it again", running(1, "a", { supervised: false }));
    await refused("was not installed as a release", running(1, "a", { layout: null }));
    expect(Layout.of("/usr/bin/node")).toBeNull();
  });

  test("when the control plane refuses this agent", async () => {
    server.intercept = (_, response) => {
      response.writeHead(403).end(JSON.stringify({ code: "retired", message: "This agent was retired." }));
      return true;
    };
    await refused("Not updated: This agent was retired.");
  });
});

describe("a download", () => {
  /** As long as a release may be on a slow line. */
  const big = () => Buffer.concat([agentScript("b"), Buffer.from("exit 0\n"), randomBytes(300_000)]);

  test("goes on where a broken connection left it", async () => {
    server.publish(2, "b", big());
    const [[sha256, file]] = [...server.files] as [[string, Buffer]];
    let cuts = 0;
    server.intercept = (request, response) => {
      if (!request.url?.includes("/files/") || cuts === 2) return false;
      cuts += 1;
      const from = Number(/\d+/.exec(request.headers.range ?? "")?.[0] ?? 0);
      response.writeHead(from > 0 ? 206 : 200, {
        "content-length": file.length - from,
        ...(from > 0 ? { "content-range": `bytes ${from}-${file.length - 1}/${file.length}` } : {}),
      });
      response.write(file.subarray(from, from + 100_000));
      const path = downloadPath(rig.layout, sha256);
      void vi
        .waitUntil(() => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > from, { timeout: 40_000 })
        .finally(() => response.destroy());
      return true;
    };
    expect(await run(running(1, "a"))).toBe("restart");
    expect(cuts).toBe(2);
    expect(server.ranges).toHaveLength(1);
    expect(Number(/\d+/.exec(server.ranges[0] ?? "")?.[0])).toBeGreaterThan(0);
  });

  test("goes on where an earlier process left it", async () => {
    server.publish(2, "b", big());
    const [[sha256, file]] = [...server.files] as [[string, Buffer]];
    writeFileSync(downloadPath(rig.layout, sha256), file.subarray(0, 200_000));
    expect(await run(running(1, "a"))).toBe("restart");
    expect(server.ranges).toEqual(["bytes=200000-"]);
  });

  test("starts anew where the server knows no ranges, and ends where the file should", async () => {
    server.publish(2, "b", big());
    const [[sha256, file]] = [...server.files] as [[string, Buffer]];
    writeFileSync(downloadPath(rig.layout, sha256), file.subarray(0, 200_000));
    server.intercept = (request, response) => {
      if (request.url?.includes("/files/")) response.end(file);
      return request.url?.includes("/files/") ?? false;
    };
    expect(await run(running(1, "a"))).toBe("restart");
  });

  test("is given up after so many attempts, with what is there kept", async () => {
    server.publish(2, "b", big());
    let asked = 0;
    server.intercept = (request, response) => {
      if (!request.url?.includes("/files/")) return false;
      asked += 1;
      response.writeHead(503).end(JSON.stringify({ code: "unavailable", message: "The disk of the control plane is away." }));
      return true;
    };
    expect(await run(running(1, "a"))).toMatchObject({
      state: "failed",
      message: expect.stringContaining("The disk of the control plane is away"),
    });
    expect(asked).toBe(4);
  });

  test("ends when its time is over", async () => {
    server.publish(2, "b", big());
    const time = new AbortController();
    server.intercept = (request, response) => {
      if (!request.url?.includes("/files/")) return false;
      response.writeHead(200, { "content-length": 1e6 });
      response.write("#!");
      time.abort();
      return true;
    };
    const message = expect.stringContaining("the time for it was over");
    expect(await run(running(1, "a"), time.signal)).toMatchObject({ state: "failed", message });
  });
});

describe("killed at any step,", () => {
  class Killed extends Error {}

  /** Ends the process, as far as the disk can tell, before its call number `at`. */
  function dyingDisk(at: number): { disk: InstallDisk; died: () => boolean } {
    let calls = 0;
    const entries = Object.entries(REAL_INSTALL_DISK).map(([name, call]) => [
      name,
      (...args: unknown[]) => {
        calls += 1;
        if (calls >= at) throw new Killed(name);
        return (call as (...args: unknown[]) => unknown)(...args);
      },
    ]);
    return { disk: Object.fromEntries(entries) as InstallDisk, died: () => calls >= at };
  }

  test("an update leaves a rig that starts, and that takes the update later", async () => {
    for (let at = 1; ; at++) {
      rig.remove();
      rig = new Rig();
      rig.put("1-a", agentScript("a"));
      rig.put("2-b", Buffer.from("left over and wrong"));
      rig.point("1-a");
      server.publish(2, "b", agentScript("b", '[ ! -f "$prefix/trial" ] || rm "$prefix/trial"'));
      const { disk, died } = dyingDisk(at);
      await run(running(1, "a", {}, disk));
      expect(await rig.launch(), `killed before call ${at}`).toBe(0);
      expect(["a", "b"]).toContain(rig.ran.at(-1));
      if (rig.ran.at(-1) === "a") expect(await run(running(1, "a")), `killed before call ${at}`).toBe("restart");
      expect(rig.current).toBe("2-b");
      if (!died()) break;
    }
  });

  test("a roll-back leaves a rig that starts", async () => {
    for (let at = 1; ; at++) {
      rig.put("2-b", agentScript("b"));
      rig.point("2-b");
      rig.trial("2-b", "1-a");
      health = { ...WELL, connected: false, text: "" };
      const { disk, died } = dyingDisk(at);
      const { rollBack, readTrial } = await import("../../src/update/trial.ts");
      const trial = readTrial(rig.layout);
      if (trial === null) throw new Error("the trial cannot be read");
      try {
        rollBack(rig.layout, trial, "test", disk);
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
      expect(await rig.launch(), `killed before call ${at}`).toBe(0);
      expect(["1-a", "2-b"]).toContain(rig.current);
      if (!died()) break;
    }
    expect(rig.current).toBe("1-a");
  });
});
