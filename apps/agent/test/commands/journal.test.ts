import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentCommand, CommandReport } from "@otedama/shared/agent";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Journal, OPEN_COMMANDS_MAX } from "../../src/commands/journal.ts";
import { type Disk, REAL_DISK } from "../../src/files/atomic_file.ts";
import { COMMAND, effectKinds, openRunner } from "./runner_kit.ts";

let folder: string;
let troubles: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "otedama-journal-"));
  troubles = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = () => join(folder, "commands.journal");
/** What is asked here needs no disk that is waited for. */
const quick: Disk = { ...REAL_DISK, fsyncSync: () => undefined };
const open = () => new Journal({ path: path(), run: "test" }, { disk: quick, onTrouble: (text) => troubles.push(text) });
const numbered = (number: number): AgentCommand => ({ ...COMMAND, id: randomUUID(), number });
const report = ({ id, number }: AgentCommand, state: CommandReport["state"]): CommandReport => ({
  id,
  number,
  state,
  at_ms: number,
  message: "m".repeat(100),
  evidence: { read: "back" },
});

function runThrough(journal: Journal, command: AgentCommand): void {
  journal.accept(command, report(command, "accepted"));
  journal.report(report(command, "running"));
  journal.report(report(command, "proved"));
}

describe("the journal", () => {
  test("brings everything back: states, what waits to be told, the highest number", () => {
    const journal = open();
    const [first, second, third] = [numbered(3), numbered(4), numbered(9)];
    runThrough(journal, first);
    journal.stored(report(first, "accepted"));
    journal.accept(second, report(second, "accepted"));
    journal.report(report(second, "running"));
    journal.accept(third, report(third, "accepted"));
    journal.stored(report(third, "accepted"));
    journal.close();
    const again = open();
    expect(again.highest).toBe(9);
    expect(again.open().map(({ command, state }) => [command.number, state])).toEqual([
      [4, "running"],
      [9, "accepted"],
    ]);
    expect(again.entry(first.id)?.waiting.map(({ state }) => state)).toEqual(["running", "proved"]);
    expect(again.entry(third.id)?.waiting).toEqual([]);
    expect(again.oldestWaiting()).toMatchObject({ number: 3, state: "running", evidence: { read: "back" } });
    again.close();
    // And once more: what was rewritten is as good as what was appended.
    const thrice = open();
    expect(thrice.entry(first.id)).toEqual(again.entry(first.id));
    expect(thrice.entry(second.id)).toEqual(again.entry(second.id));
    expect(thrice.entry(third.id)).toEqual(again.entry(third.id));
    thrice.close();
    expect(troubles).toEqual([]);
  });

  test("stays small however many commands there are, and forgets no number", () => {
    const journal = open();
    for (let number = 1; number <= 600; number++) {
      const command = numbered(number);
      runThrough(journal, command);
      for (const state of ["accepted", "running", "proved"] as const) journal.stored(report(command, state));
    }
    expect(statSync(path()).size).toBeLessThanOrEqual(512 * 1024);
    journal.close();
    const again = open();
    expect(again.highest).toBe(600);
    expect(statSync(path()).size).toBeLessThan(64 * 1024);
    again.close();
  });

  test("cut at any byte, it says what was true at some moment; with bits turned, it opens and no number goes down below what it holds", () => {
    const journal = open();
    const commands = [numbered(1), numbered(2), numbered(3)];
    for (const command of commands) runThrough(journal, command);
    journal.close();
    const bytes = readFileSync(path());
    const order = ["accepted", "running", "proved"];
    let highest = 0;
    for (let cut = 0; cut <= bytes.length; cut += 31) {
      writeFileSync(path(), bytes.subarray(0, cut));
      const torn = open();
      expect(torn.highest).toBeGreaterThanOrEqual(highest);
      highest = torn.highest;
      const states = commands.map(({ id }) => order.indexOf(torn.entry(id)?.state ?? ""));
      // Nothing of a later command without all of the one before.
      expect(states.filter((state, i) => i > 0 && state >= 0 && states[i - 1] !== 2)).toEqual([]);
      torn.close();
    }
    expect(highest).toBe(3);
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 6 }), (flips) => {
        const turned = Buffer.from(bytes);
        for (const at of flips) turned.writeUInt8(turned.readUInt8(at % turned.length) ^ 0x40, at % turned.length);
        writeFileSync(path(), turned);
        const damaged = open();
        for (const { command } of damaged.open()) expect(damaged.highest).toBeGreaterThanOrEqual(command.number);
        damaged.close();
      }),
      { numRuns: 40 },
    );
    expect(troubles.some((text) => text.includes("was damaged"))).toBe(true);
  });
});

describe("the runner", () => {
  test("takes only so many at once, runs them by number, and drops what is past its deadline", async () => {
    const ran: number[] = [];
    const gate = Promise.withResolvers<void>();
    const kinds = effectKinds(() => undefined);
    kinds.resume = {
      run: async ({ number }) => {
        ran.push(number);
        await gate.promise;
        return { state: "proved", message: "", evidence: null };
      },
      recover: async () => ({ state: "failed", message: "", evidence: null }),
    };
    let now_ms = 2_000;
    const { runner, journal } = openRunner(folder, { run: "r", disk: quick, kinds, now_ms: () => now_ms });
    for (let number = 1; number <= OPEN_COMMANDS_MAX; number++) {
      expect(runner.offer({ ...numbered(number), deadline_ms: number === 5 ? 2_500 : 100_000 })).toBeNull();
    }
    expect(runner.offer(numbered(99))).toMatchObject({ code: "busy" });
    now_ms = 3_000;
    gate.resolve();
    await expect.poll(() => journal.open().length).toBe(0);
    expect(ran).toEqual(Array.from({ length: OPEN_COMMANDS_MAX }, (_, i) => i + 1).filter((number) => number !== 5));
    journal.close();
  });

  test("on a full disk takes no order, and ends one whose end cannot be written by reading back later", async () => {
    let full = true;
    const disk: Disk = {
      ...REAL_DISK,
      fsyncSync: (file) => {
        if (full) throw new Error("ENOSPC: no space left on device");
        REAL_DISK.fsyncSync(file);
      },
    };
    full = false;
    let done = 0;
    const act = () => {
      done += 1;
      full = true;
    };
    const { runner, journal, finished, troubles: told } = openRunner(folder, { run: "r", disk, kinds: effectKinds(act) });
    full = true;
    expect(runner.offer(COMMAND)).toMatchObject({ code: "disk" });
    expect(journal.highest).toBe(0);
    full = false;
    expect(runner.offer(COMMAND)).toBeNull();
    await expect.poll(() => told.some((text) => text.includes("ENOSPC"))).toBe(true);
    full = false;
    await finished;
    expect(done).toBe(1);
    expect(journal.entry(COMMAND.id)?.state).toBe("failed");
    journal.close();
  });
});
