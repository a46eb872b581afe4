/** The pure parts of notices: which addresses may be called, how long is waited, and what is said. */
import type { LookupAddress } from "node:dns";
import { NOTICE_KINDS } from "@otedama/shared";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ATTEMPTS_MAX, retryAfter } from "../src/server/notices/backoff.ts";
import { createGuardedLookup, isPublicAddress, PrivateTargetError, type Resolve } from "../src/server/notices/targets.ts";
import { wordsOf } from "../src/server/notices/words.ts";

describe("addresses", () => {
  test.each([
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "192.0.0.8",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:a00:1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "ff02::1",
    "2001:db8::1",
    "not an address",
    "",
  ])("%s is not for everyone", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each([
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "172.15.0.1",
    "172.32.0.1",
    "192.167.1.1",
    "2606:4700::1111",
    "2a00:1450::1",
    "::ffff:8.8.8.8",
  ])("%s is", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  const lookup = (answers: LookupAddress[][], allow_private = false) => {
    const resolve: Resolve = (_, __, done) => done(null, answers.shift() ?? []);
    const guarded = createGuardedLookup({ allow_private }, { resolve });
    return (all = false) =>
      new Promise((resolve_with, reject) =>
        guarded("rebind.example", { all }, (error, address) => (error === null ? resolve_with(address) : reject(error))),
      );
  };
  const good = { address: "8.8.8.8", family: 4 };
  const bad = { address: "127.0.0.1", family: 4 };

  test("the address that is judged is the one that is called: an answer that changes gains nothing", async () => {
    const rebinding = lookup([[good], [bad]]);
    expect(await rebinding()).toBe("8.8.8.8");
    await expect(rebinding()).rejects.toThrow(PrivateTargetError);
  });

  test("one bad address among good ones spoils the name", async () => {
    await expect(lookup([[good, bad]])(true)).rejects.toThrow(PrivateTargetError);
    expect(await lookup([[good, bad]], true)(true)).toEqual([good, bad]);
  });
});

describe("waiting", () => {
  test("grows up to an hour and ends; the whole lasts a night", () => {
    const waits = Array.from({ length: ATTEMPTS_MAX }, (_, index) => retryAfter(index + 1));
    expect(waits.slice(0, 4)).toEqual([10, 20, 40, 80]);
    expect(waits.at(-1)).toBeNull();
    const sum_s = waits.reduce<number>((sum, wait) => sum + (wait ?? 0), 0);
    expect(sum_s).toBeGreaterThan(6 * 3_600);
    expect(sum_s).toBeLessThan(10 * 3_600);
  });

  test("hears the other side, up to an hour", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: ATTEMPTS_MAX - 1 }), fc.integer({ min: 0, max: 1e9 }), (attempts, wait_s) => {
        const wait = retryAfter(attempts, wait_s) ?? 0;
        expect(wait).toBeGreaterThanOrEqual(Math.min(wait_s, 3_600));
        expect(wait).toBeLessThanOrEqual(3_600);
      }),
    );
  });
});

test("every event has its words, whatever its details hold", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...NOTICE_KINDS),
      fc.string(),
      fc.dictionary(fc.string(), fc.jsonValue()),
      (kind, subject, details) => {
        const { title, text, path } = wordsOf({ kind, subject, at_ms: 0, details });
        expect(title.length).toBeGreaterThan(5);
        expect(text).not.toMatch(/undefined|NaN|\[object/);
        expect(path.startsWith("/")).toBe(true);
      },
    ),
  );
});
